"""Bilinear enlargement as matrices: U = R_y A R_x' for an activation_map A [h, w] and its image.

A mean over the pixels of U then is a weighted sum over the few cells of A, and a mean of squares
a quadratic form in A, so nothing has to be enlarged (see `unit_nss`).
"""
from functools import lru_cache
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from keras_saliency import maps
from keras_saliency.files import InputError

CONVENTIONS = ("half_pixel", "tf1")
WHOLE = ((0.0, 1.0), (0.0, 1.0))


class Resampling(NamedTuple):
    """Bilinear map from the cells (h, w) of an activation_map to the pixels (H, W) of an image.

    Attributes:
        rows: float64 [H, h], columns: float64 [W, w]; each row sums to 1.
        mean: float64 [h, w], weights of the cells in the mean over all pixels.
        gram: sparse float64 [h w, h w]; the mean of the squared pixels is <gram A, A>, with A as
            a vector [h w].
        row_places: (int [H], float64 [H]), the first of the two cells that a pixel lies between,
            and the share of the second. column_places: (int [W], float64 [W]) likewise.
    """

    rows: np.ndarray
    columns: np.ndarray
    mean: np.ndarray
    gram: sparse.csr_matrix
    row_places: tuple
    column_places: tuple

    @property
    def pixels(self) -> int:
        """Number of pixels of the image."""
        return len(self.rows) * len(self.columns)

    def at_points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Weights [h, w] of the cells in the mean over pixels (x, y), integer arrays [n], n > 0."""
        return self.rows[y].T @ self.columns[x] / len(x)

    def under(self, mask: ArrayLike) -> np.ndarray:
        """Weights [h, w] of the cells in the mean over the pixels inside a mask [H, W]."""
        mask = np.asarray(mask, bool)
        return self.rows.T @ mask @ self.columns / mask.sum()


@lru_cache(maxsize=64)
def resampling(image_size: Tuple[int, int], cells: Tuple[int, int], convention: str = "half_pixel",
               span: tuple = WHOLE) -> Resampling:
    """Return the `Resampling` from `cells` (h, w) to the pixels of `image_size` (H, W).

    Args:
        convention: "half_pixel", as in `cv2.resize` and TensorFlow 2, or "tf1", with
            `align_corners=False` and pixel centers at whole numbers.
        span: ((top, bottom), (left, right)), the part of the activation_map's extent that the
            image covers, 0..1; less than all of it where the canvas has padding.
    """
    if min(*image_size, *cells) < 1:
        raise InputError(f"sizes must be above 0: image {tuple(image_size)}, cells {tuple(cells)}")
    places = [_places(length, count, convention, *side)
              for length, count, side in zip(image_size, cells, span)]
    rows, columns = (_matrix(*place, count) for place, count in zip(places, cells))
    return Resampling(rows, columns, np.outer(rows.mean(axis=0), columns.mean(axis=0)),
                      _gram(rows, columns), *places)


def canvas_resampling(image_size: Sequence[int], cells: Sequence[int], canvas: Sequence[int],
                      convention: str = "half_pixel", size: Optional[Sequence[int]] = None,
                      fit: str = maps.PAD) -> Resampling:
    """Return the `Resampling` from cells (h, w) over a canvas to an image that lies on it.

    Args:
        image_size: (H, W) of the image. canvas: (h, w), as for `keras_saliency.maps.to_canvas`.
        size: (H, W) of the result where it is not the image's, such as that of its labels.
        fit: "pad" or "stretch", see `keras_saliency.maps`.
    """
    image_size = tuple(int(length) for length in image_size)
    return resampling(tuple(size or image_size), tuple(cells), convention,
                      canvas_span(image_size, tuple(canvas), fit))


@lru_cache(maxsize=64)
def canvas_span(image_size: Tuple[int, int], canvas: Tuple[int, int], fit: str = maps.PAD) -> tuple:
    """Return the part of its canvas (h, w) that an image covers, as `resampling` takes it.

    Follows `keras_saliency.maps.to_canvas`.
    """
    fitted = maps.fitted_size(image_size, canvas, fit).numpy()
    start = maps.canvas_offset(image_size, canvas, fit).numpy()
    return tuple((float(a / c), float((a + f) / c)) for a, f, c in zip(start, fitted, canvas))


def _places(length, cells, convention, start, stop) -> tuple:
    """(int [length], float64 [length]): the cell before each pixel and the share of the next."""
    if convention not in CONVENTIONS:
        raise InputError(f"convention {convention!r}; choose {' or '.join(CONVENTIONS)}")
    center = 0.5 if convention == "half_pixel" else 0.0
    place = start + (np.arange(length) + center) / length * (stop - start)
    place = np.clip(place * cells - center, 0, cells - 1)
    before = np.floor(place).astype(int)
    return before, place - before


def _matrix(before, share, cells) -> np.ndarray:
    """[length, cells] of `_places`."""
    pixels = np.arange(len(before))
    matrix = np.zeros((len(before), cells))
    matrix[pixels, before] = 1 - share
    matrix[pixels, np.minimum(before + 1, cells - 1)] += share
    return matrix


def _gram(rows, columns) -> sparse.csr_matrix:
    """The quadratic form `Resampling.gram`; equal (p, q) and (q, p) are stored once, doubled."""
    gram = sparse.kron(rows.T @ rows / len(rows), columns.T @ columns / len(columns), format="coo")
    gram.data *= 1 + np.sign(gram.col - gram.row)  # 0 below the diagonal, 1 on it, 2 above
    gram.eliminate_zeros()
    return gram.tocsr()
