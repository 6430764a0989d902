"""Bilinear enlargement as matrices: U = R_y A R_x' for an activation_map A [h, w] and its image.

A mean over the pixels of U then is a weighted sum over the few cells of A, and a mean of squares
a quadratic form in A, so nothing has to be enlarged (see `unit_nss`). For a mask, the pixels at
which U exceeds a threshold, only patches of pixels with a cell above it at a corner are
interpolated, as between four neighbouring cells U lies within their values.
"""
from functools import lru_cache
from typing import NamedTuple, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from keras_saliency import maps
from keras_saliency.files import require

CONVENTIONS = ("half_pixel", "tf1")
WHOLE = ((0.0, 1.0), (0.0, 1.0))
CHUNK = 128  # patches that are interpolated at a time, so that they fit the processor's cache


class Resampling(NamedTuple):
    """Bilinear map from the cells (h, w) of an activation_map to the pixels (H, W) of an image.

    Attributes:
        rows: float64 [H, h], columns: float64 [W, w]; each row sums to 1.
        mean: float64 [h, w], weights of the cells in the mean over all pixels.
        gram: sparse float64 [h w, h w]; the mean of the squared pixels is <gram A, A>, with A as
            a vector [h w].
        row_places, column_places: (int [H], float64 [H]) and [W], the first of the two cells that
            a pixel lies between, and the share of the second.
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


@lru_cache(maxsize=64)
def resampling(image_size: Tuple[int, int], cells: Tuple[int, int], convention: str = "half_pixel",
               span: tuple = WHOLE) -> Resampling:
    """Return the `Resampling` from `cells` (h, w) to the pixels of `image_size` (H, W).

    Args:
        convention: "half_pixel", as in `cv2.resize` and TensorFlow 2, or "tf1", with
            `align_corners=False` and pixel centers at whole numbers.
        span: ((top, bottom), (left, right)), the part of the activation_map that the image
            covers, 0..1; less than all of it where the canvas has padding.
    """
    require(min(*image_size, *cells) >= 1,
            f"sizes must be above 0: image {tuple(image_size)}, cells {tuple(cells)}")
    places = [_places(length, count, convention, *side)
              for length, count, side in zip(image_size, cells, span)]
    rows, columns = (_matrix(*place, count) for place, count in zip(places, cells))
    return Resampling(rows, columns, np.outer(rows.mean(axis=0), columns.mean(axis=0)),
                      _gram(rows, columns), *places)


def canvas_resampling(image_size: Sequence[int], cells: Sequence[int], canvas: Sequence[int],
                      size: Optional[Sequence[int]] = None, fit: str = maps.PAD) -> Resampling:
    """Return the `Resampling` from cells (h, w) over a canvas to an image that lies on it.

    Args:
        canvas, fit: as for `keras_saliency.maps.to_canvas`.
        size: (H, W) of the result where it is not the image's, such as that of its labels.
    """
    image_size = tuple(int(length) for length in image_size)
    return resampling(tuple(size or image_size), tuple(cells),
                      span=canvas_span(image_size, tuple(canvas), fit))


@lru_cache(maxsize=64)
def canvas_span(image_size: Tuple[int, int], canvas: Tuple[int, int], fit: str = maps.PAD) -> tuple:
    """Return the part of its canvas (h, w) that an image covers, as `resampling` takes it."""
    fitted = maps.fitted_size(image_size, canvas, fit).numpy()
    start = maps.canvas_offset(image_size, canvas, fit).numpy()
    return tuple((float(a / c), float((a + f) / c)) for a, f, c in zip(start, fitted, canvas))


class ActivePixels(NamedTuple):
    """Pixels, y * W + x, of an image in the masks of units; an entry per unit and pixel."""

    units: np.ndarray
    pixels: np.ndarray


def active_pixels(cells: ArrayLike, thresholds: ArrayLike, plan: Resampling) -> ActivePixels:
    """Return the pixels at which bilinearly enlarged activation_maps exceed their thresholds.

    The result equals enlarging every map to (H, W) and comparing.

    Args:
        cells: [h, w, U]. thresholds: [U]; NaN for a unit without a mask.
    """
    excess = np.asarray(cells, np.float32) - np.asarray(thresholds, np.float32)
    height, width, _ = excess.shape
    below = np.minimum(np.arange(height) + 1, height - 1)
    right = np.minimum(np.arange(width) + 1, width - 1)
    positive = excess > 0
    tall = positive | positive[below]
    y, x, unit = np.nonzero(tall | tall[:, right])
    corners = [excess[a, b, unit] for a in (y, below[y]) for b in (x, right[x])]
    (row_start, rows), (column_start, columns) = (
        _runs(places[0], count) for places, count in ((plan.row_places, height),
                                                      (plan.column_places, width)))
    width_in_pixels, found = len(plan.columns), []
    for tall, wide in sorted(set(zip(rows[y].tolist(), columns[x].tolist()))):
        if not (tall and wide):  # no pixel lies between these cells
            continue
        patch = np.flatnonzero((rows[y] == tall) & (columns[x] == wide))
        top, left = row_start[y[patch]], column_start[x[patch]]
        inside = (np.arange(tall)[:, None] * width_in_pixels + np.arange(wide)).ravel()
        first = top * width_in_pixels + left
        for part in np.array_split(np.arange(len(patch)), -(-len(patch) // CHUNK)):
            down = plan.row_places[1][top[part, None] + np.arange(tall)].astype(np.float32)
            across = plan.column_places[1][left[part, None] + np.arange(wide)].astype(np.float32)
            a, b, c, d = (corner[patch[part], None] for corner in corners)
            upper, lower = a + (b - a) * across, c + (d - c) * across
            values = (lower - upper)[:, None] * down[:, :, None]
            values += upper[:, None]
            hits = np.flatnonzero(values > 0)
            p = hits // (tall * wide)
            found.append((unit[patch[part]][p], first[part][p] + inside[hits - p * (tall * wide)]))
    if not found:
        return ActivePixels(np.zeros(0, np.int64), np.zeros(0, np.int64))
    return ActivePixels(*(np.concatenate(part) for part in zip(*found)))


def _places(length, cells, convention, start, stop) -> tuple:
    """(int [length], float64 [length]): the cell before each pixel and the share of the next."""
    require(convention in CONVENTIONS, f"convention {convention!r}; choose "
                                       f"{' or '.join(CONVENTIONS)}")
    center = 0.5 if convention == "half_pixel" else 0.0
    place = start + (np.arange(length) + center) / length * (stop - start)
    place = np.clip(place * cells - center, 0, cells - 1)
    before = np.floor(place).astype(int)
    return before, place - before


def _matrix(before, share, cells) -> np.ndarray:
    """[length, cells] of `_places`."""
    of_cell, share = np.eye(cells), share[:, np.newaxis]
    return (1 - share) * of_cell[before] + share * of_cell[np.minimum(before + 1, cells - 1)]


def _gram(rows, columns) -> sparse.csr_matrix:
    """The quadratic form `Resampling.gram`; equal (p, q) and (q, p) are stored once, doubled."""
    gram = sparse.kron(rows.T @ rows / len(rows), columns.T @ columns / len(columns), format="coo")
    gram.data *= 1 + np.sign(gram.col - gram.row)  # 0 below the diagonal, 1 on it, 2 above
    gram.eliminate_zeros()
    return gram.tocsr()


def _runs(before, cells) -> tuple:
    """(start [cells], length [cells]) of the run of pixels after each cell."""
    lengths = np.bincount(before, minlength=cells)
    return np.searchsorted(before, np.arange(cells)), lengths
