"""Positive fixation detectors: the units whose best images follow the fixations most closely.

Source: He, Borji, Mi and Pugeault (2018), sections 3.2 and 5, Table 5.
"""
from typing import NamedTuple

import numpy as np

from keras_saliency.analysis.unit_scores import UnitScores, score_dataset
from keras_saliency.datasets import load_dataset

BEST_IMAGES, THRESHOLD = 5, 0.9


class Detectors(NamedTuple):
    """The units of one layer by their scores.

    Attributes:
        scores: float64 [U], mean NSS of each unit's best images; NaN for a unit without any.
        normalized: float64 [U], scores min-max over the units, 0..1; NaN likewise.
        units: int [n], the positive fixation detectors (normalized > threshold), best first.
        ratio: n / U.
    """

    scores: np.ndarray
    normalized: np.ndarray
    units: np.ndarray
    ratio: float

    def ranked(self) -> np.ndarray:
        """int [U']: all units that have a score, best first; equal ones by number."""
        order = np.argsort(-self.scores, kind="stable")
        return order[:np.isfinite(self.scores).sum()]


def fixation_detectors(scores: UnitScores, best=BEST_IMAGES, threshold=THRESHOLD) -> Detectors:
    """The positive fixation detectors of a layer.

    Args:
        scores: of its units (`score_dataset`). best: images that a unit's score is the mean of.
        threshold: on the min-max normalised score.

    Raises:
        InputError: fewer best images were kept.
    """
    means = scores.mean_of_best(best)
    known = np.isfinite(means)
    low, high = (means[known].min(), means[known].max()) if known.any() else (0.0, 0.0)
    normalized = (means - low) / (high - low) if high > low else np.where(known, 0.0, np.nan)
    chosen = np.flatnonzero(normalized > threshold)
    chosen = chosen[np.argsort(-means[chosen], kind="stable")]
    return Detectors(means, normalized, chosen, len(chosen) / len(means))


def detector_units(model, layers, root, name="osie", **options) -> dict:
    """{layer: positive fixation detectors} on a dataset; `options` as for `score_dataset`.

    Args:
        root: folder of the dataset `name`.
    """
    scores = score_dataset(model, layers, load_dataset(name, root), keep=BEST_IMAGES, **options)
    return {layer: fixation_detectors(s).units for layer, s in scores.items()}


def tiers(detectors: Detectors, count: int) -> dict:
    """{"high": units, "medium": units, "low": units}: `count` each (fewer of a small layer).

    High are the best, low the worst (the worst first), medium those around the median.
    """
    ranked = detectors.ranked()
    count = min(count, len(ranked) // 3)
    middle = (len(ranked) - count) // 2
    return {"high": ranked[:count], "medium": ranked[middle:middle + count],
            "low": ranked[::-1][:count]}
