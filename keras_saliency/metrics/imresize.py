"""MATLAB's `imresize`, which the MIT benchmark's EMD.m calls."""
from typing import Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike


def imresize(image: ArrayLike, size: Sequence[int], scale: Optional[float] = None) -> np.ndarray:
    """Resize an image [H, W] with MATLAB's defaults, float64: bicubic, antialiased.

    Output pixel i (from 0) lies at (i + 0.5) / scale - 0.5 of the image, which is mirrored at its
    borders. Keys' cubic (a = -0.5) is stretched by 1 / scale if scale < 1, and its samples are
    divided by their sum. Values can leave the range of the image a little.

    Args:
        size: (rows, columns) of the result.
        scale: output pixels per input pixel, as in `imresize(image, scale)`, whose size is
            ceil(scale * H), ceil(scale * W); None for rows / H and columns / W, as in
            `imresize(image, size)`. They differ if the side is no multiple.

    Source: the MATLAB documentation of imresize; Keys 1981, "Cubic convolution interpolation for
    digital image processing".
    """
    image = np.asarray(image, np.float64)
    rows, columns = (_weights(length, out, scale or out / length)
                     for length, out in zip(image.shape, size))
    return rows @ image @ columns.T


def _weights(length: int, out: int, scale: float) -> np.ndarray:
    """float64 [out, length]: each output pixel as a sum of input pixels."""
    stretch = min(scale, 1.0)
    place = (np.arange(out) + 0.5) / scale - 0.5
    near = np.arange(np.floor(place.min() - 2 / stretch), np.ceil(place.max() + 2 / stretch) + 1)
    samples = _cubic(stretch * (place[:, None] - near))
    samples /= samples.sum(axis=1, keepdims=True)
    inside = near.astype(np.int64) % (2 * length)
    weights = np.zeros((out, length))
    np.add.at(weights.T, np.minimum(inside, 2 * length - 1 - inside), samples.T)
    return weights


def _cubic(x) -> np.ndarray:
    """Keys' kernel with a = -0.5; 0 beyond 2."""
    x = np.abs(x)
    inner, outer = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, inner, np.where(x <= 2, outer, 0))
