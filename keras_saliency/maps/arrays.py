"""The functions of `maps.tensors` in NumPy, for networks that run without TensorFlow.

Resizing is linear along each axis: a product with a matrix that is zero but for a narrow band. The
weights are those of TensorFlow's kernels ResizeArea and ResizeBicubic with aligned corners.
"""
from functools import lru_cache
from typing import Sequence

import cv2
import numpy as np

from keras_saliency.maps.finish import Finish
from keras_saliency.maps.geometry import PAD, STIMULUS_PADDING, fitted_size

_STEPS = 1024  # between two pixels in TensorFlow's table of bicubic weights
_SHARPNESS = -0.75  # TensorFlow's `a` of Keys (1981)
_ROWS = 8  # rows of a matrix that are applied at once, so that their common band is narrow


def resize(image: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Resize `image` [H, W, C], uint8 or float, to float32 [h, w, C]; see `tensors.resize`."""
    def along_columns(values):
        turned = np.ascontiguousarray(values.swapaxes(0, 1))
        made = _apply(_weights(image.shape[1], size[1]), turned)
        return np.ascontiguousarray(made.swapaxes(0, 1), np.float32)

    rows = _weights(image.shape[0], size[0])
    # columns are turned to rows when the picture has fewer of these
    if size[0] < image.shape[0]:
        return along_columns(_apply(rows, image))
    return _apply(rows, along_columns(image))


def to_canvas(image: np.ndarray, canvas: Sequence[int], fit: str = PAD) -> np.ndarray:
    """Bring `image` [H, W, C] onto `canvas`, float32 [h, w, C]; see `tensors.to_canvas`."""
    fitted = fitted_size(image.shape[:2], canvas, fit)
    padded = np.full((*canvas, image.shape[2]), STIMULUS_PADDING, np.float32)
    padded[_covered(image.shape[:2], canvas, fit)] = np.clip(
        resize(image, fitted), image.min(), image.max())
    return padded


def from_canvas(canvas_map: np.ndarray, size: Sequence[int], fit: str = PAD) -> np.ndarray:
    """Bring a canvas map [h, w, C] to `size`, float32 [H, W, C]; see `tensors.from_canvas`."""
    cropped = canvas_map[_covered(size, canvas_map.shape[:2], fit)]
    made = resize(cropped, size)
    return np.clip(made, cropped.min(), cropped.max(), out=made)


def blur(image: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Blur `image` by a separable filter, float32 [H, W, 1]; see `tensors.blur`."""
    def blurred(values):
        return cv2.sepFilter2D(values, cv2.CV_32F, profile, profile, borderType=cv2.BORDER_CONSTANT)

    values = image[..., 0]
    return (blurred(values) / blurred(np.ones_like(values)))[..., np.newaxis]


def finished(canvas_map: np.ndarray, size: Sequence[int], fit: str, finish: Finish) -> np.ndarray:
    """Return the published map float32 [H, W, 1]; see `tensors.finished`."""
    values = canvas_map
    if (finish.scale, finish.shift) != (1.0, 0.0):
        values = values * np.float32(finish.scale) + np.float32(finish.shift)
    if finish.clip is not None:
        values = np.clip(values, *finish.clip)
    values = from_canvas(values, size, fit)
    if finish.blur:
        values = blur(values, np.array(finish.blur))
    if finish.lower is not None:
        values = np.maximum(values, np.float32(finish.lower))
    return values / values.sum() if finish.normalise else values


def _covered(size, canvas, fit) -> tuple:
    """The slices (rows, columns) of `canvas` that a picture of `size` covers."""
    return tuple(slice((c - f) // 2, (c - f) // 2 + f)
                 for c, f in zip(canvas, fitted_size(size, canvas, fit)))


def _apply(weights, values):
    """Apply the matrix [n, N] along the first axis of `values` [N, ...]; None is the identity."""
    if weights is None:
        return values
    matrix, first, last = weights
    flat = values.reshape(len(values), -1)
    made = np.empty((len(matrix), flat.shape[1]), np.float32)
    for start in range(0, len(matrix), _ROWS):
        rows = slice(start, start + _ROWS)
        band = slice(first[start], last[rows][-1])
        np.matmul(matrix[rows, band], flat[band].astype(np.float32, copy=False), out=made[rows])
    return made.reshape(len(matrix), *values.shape[1:])


@lru_cache(maxsize=32)
def _weights(length: int, made: int):
    """(matrix [made, length], begin, end of each row's band) of a resized axis; else None."""
    if length == made:
        return None
    scale = np.float32(length - 1) / np.float32(made - 1) if made > 1 else np.float32(length)
    starts = np.arange(made, dtype=np.float32) * scale  # in float32, as the kernels
    places, weights = (_area if made < length else _bicubic)(starts, scale)
    places = np.clip(places, 0, length - 1)  # beyond the border the last pixel counts again
    matrix = np.zeros((made, length), np.float32)
    np.add.at(matrix, (np.arange(made)[:, np.newaxis], places), weights)
    return matrix, places.min(axis=1), places.max(axis=1) + 1


def _area(starts, scale):
    """(pixels [made, n], their shares between a start and the next)."""
    ends = np.arange(1, len(starts) + 1, dtype=np.float32) * scale
    first = np.floor(starts).astype(int)
    places = first[:, np.newaxis] + np.arange(int(np.ceil(scale)) + 1)
    covered = np.minimum(places + 1, ends[:, np.newaxis]) - np.maximum(
        places, starts[:, np.newaxis])
    return places, np.maximum(covered, 0) / scale


def _bicubic(starts, scale):
    """(pixels [made, 4], their weights by distance): the two pixels on either side."""
    first = np.floor(starts)
    steps = np.rint((starts - first) * np.float32(_STEPS))[:, np.newaxis]
    distances = np.abs(steps / _STEPS - np.arange(-1, 3))
    a = _SHARPNESS
    near = ((a + 2) * distances - (a + 3)) * distances ** 2 + 1
    far = ((a * distances - 5 * a) * distances + 8 * a) * distances - 4 * a
    return first.astype(int)[:, np.newaxis] + np.arange(-1, 3), np.where(distances <= 1, near, far)
