"""Fixations from raw gaze samples, as the authors of MIT1003 find them.

A saccade begins where gaze accelerates and ends where it has decelerated. The samples between two
saccades are a fixation, placed at their median. Rule and constants are those of `checkFixations.m`
(B. Hidalgo-Sotelo) in the DatabaseCode of Judd et al. (2009).
"""
import warnings

import numpy as np
from numpy.typing import ArrayLike

SAMPLES_PER_SECOND = 240
THRESHOLD = 34 * 6          # pixels per degree times degrees per second
WINDOW = 4                  # samples
SHORTEST_FIXATION = 12      # samples: 50 ms
SEARCH = 25                 # samples after the acceleration in which a saccade must brake


def find_fixations(gaze: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return points float64 [m, 2] and durations float64 [m] (ms) of the fixations in a trial.

    `gaze` is [n, 2] (x, y) at 240 Hz. A point is the median of its samples, without NaN. A trial
    without saccades is one fixation.
    """
    gaze = np.asarray(gaze, np.float64).reshape(-1, 2)
    if len(gaze) == 0:
        return np.zeros((0, 2)), np.zeros(0)
    saccades = _saccades(gaze)
    starts = [0] + [last + 1 for _, last in saccades]
    stops = [first for first, _ in saccades] + [len(gaze)]
    spans = [(a, b) for a, b in zip(starts, stops) if a < b]
    with warnings.catch_warnings():  # a fixation of NaN alone stays NaN and is left out later
        warnings.simplefilter("ignore", RuntimeWarning)
        points = np.array([np.nanmedian(gaze[a:b], axis=0) for a, b in spans])
    durations = np.array([1000.0 * (b - a) / SAMPLES_PER_SECOND for a, b in spans])
    return points, durations


def _acceleration(gaze) -> np.ndarray:
    """[n] change of the smoothed speed between two overlapping windows, in pixels per second."""
    padded = np.concatenate([np.zeros(WINDOW), np.hypot(*np.diff(gaze, axis=0).T)])
    smooth = np.convolve(padded, np.full(WINDOW, 1.0 / WINDOW), mode="valid")
    change = np.zeros(len(gaze))
    last = len(gaze) - WINDOW - 1
    # The sums over the two windows of 5 samples differ by what enters and what leaves.
    if last > 1:
        change[1:last] = (smooth[WINDOW + 2:] - smooth[1:last]) * SAMPLES_PER_SECOND / WINDOW
    return change


def _saccades(gaze) -> list:
    """(first sample, last sample) of each saccade."""
    acceleration = _acceleration(gaze)
    runs = [(a, b) for a, b in _runs(acceleration > THRESHOLD) if b - a >= 2]
    merged = []
    for first, last in runs:
        end = _braking(acceleration, last)
        if end is None and len(runs) == 1 and last == np.flatnonzero(acceleration)[-1]:
            end = len(gaze) - 1  # the trial ended during the saccade
        if end is not None:
            if merged and first - merged[-1][1] <= SHORTEST_FIXATION:
                first, _ = merged.pop()
            merged.append((first, end))
    if merged and len(gaze) - 1 - merged[-1][1] <= SHORTEST_FIXATION:
        merged[-1] = (merged[-1][0], len(gaze) - 1)
    return merged


def _braking(acceleration, last):
    """The last sample of the first deceleration after `last`, or None within `SEARCH` samples."""
    for end in range(last + 1, last + 1 + SEARCH):
        if end > last + 1 and end + 2 >= len(acceleration):
            return None
        if acceleration[end] < -THRESHOLD and not acceleration[end + 1] < -THRESHOLD:
            return end
    return None


def _runs(mask) -> list:
    """(first, last) index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]
