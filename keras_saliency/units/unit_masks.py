"""Masks of units: pixels at which enlarged activation_maps exceed their thresholds.

Between four neighbouring cells the enlarged map lies within their values. So only patches of
pixels with a cell above the threshold at a corner are interpolated, all units at once.
"""
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.units.interpolation import Resampling

CHUNK = 128  # patches that are interpolated at a time, so that they fit the processor's cache


class ActivePixels(NamedTuple):
    """Pixels of an image in the masks of units; one entry per unit and pixel, unordered.

    Attributes:
        units: int [n]. pixels: int [n], y * W + x.
    """

    units: np.ndarray
    pixels: np.ndarray


def active_pixels(cells: ArrayLike, thresholds: ArrayLike, plan: Resampling) -> ActivePixels:
    """Return the pixels at which bilinearly enlarged activation_maps exceed their thresholds.

    The result equals enlarging every map to (H, W) and comparing.

    Args:
        cells: [h, w, U]. thresholds: [U]; NaN for a unit without a mask. plan: the `Resampling`
            from (h, w) to the pixels (H, W).
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
    for tall, wide in _distinct(rows[y], columns[x]):
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


def _runs(before, cells) -> tuple:
    """(start [cells], length [cells]) of the run of pixels after each cell."""
    lengths = np.bincount(before, minlength=cells)
    return np.searchsorted(before, np.arange(cells)), lengths


def _distinct(rows, columns) -> list:
    """The distinct sizes (rows, columns) of patches that have pixels."""
    return [(int(r), int(c)) for r, c in sorted(set(zip(rows.tolist(), columns.tolist())))
            if r and c]
