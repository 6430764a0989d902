"""Positive fixation detectors: the units whose best images follow the fixations most closely.

Source: He, Borji, Mi and Pugeault (2018), sections 3.2 and 5, Table 5.
"""
from typing import Any, NamedTuple, Optional, Sequence

import keras
import numpy as np

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.units.activations import choose_layers, members, single_layers
from keras_saliency.units.unit_scores import UnitScores, score_dataset

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
        """int [U']: all units that have a score, best first; equal scores by unit number."""
        order = np.argsort(-self.scores, kind="stable")
        return order[:np.isfinite(self.scores).sum()]


def fixation_detectors(scores: UnitScores, best: int = BEST_IMAGES,
                       threshold: float = THRESHOLD) -> Detectors:
    """Return the positive fixation detectors of a layer.

    Args:
        scores: of its units (`score_dataset`). threshold: of the min-max normalised score.
        best: number of best images over which a unit's score is averaged.
    """
    means = scores.mean_of_best(best)
    known = np.isfinite(means)
    low, high = (means[known].min(), means[known].max()) if known.any() else (0.0, 0.0)
    normalized = (means - low) / (high - low) if high > low else np.where(known, 0.0, np.nan)
    chosen = np.flatnonzero(normalized > threshold)
    chosen = chosen[np.argsort(-means[chosen], kind="stable")]
    return Detectors(means, normalized, chosen, len(chosen) / len(means))


def detector_units(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                   **options: Any) -> dict[str, np.ndarray]:
    """Return {layer: positive fixation detectors} on a dataset, best first.

    Args:
        layers: names; the units of "a+b" are scaled together, and the result lists them by layer.
        options: as for `score_dataset`.
    """
    groups, found = choose_layers(layers, {model.name: model})[model.name], {}
    scores = score_dataset(model, single_layers(groups), dataset, keep=BEST_IMAGES, **options)
    for group in groups:
        parts = {layer: scores[layer] for layer in members(group)}
        units, start = fixation_detectors(UnitScores.joined(parts.values())).units, 0
        for layer, part in parts.items():
            stop = start + len(part.alive)
            found[layer] = units[(units >= start) & (units < stop)] - start
            start = stop
    return found


def tiers(detectors: Detectors, count: int,
          alive: Optional[np.ndarray] = None) -> dict[str, np.ndarray]:
    """Return {"high": units, "medium": units, "low": units}, `count` each (fewer of a small layer).

    High are the best, medium those around the median, low the worst (the worst first).

    Args:
        alive: bool [U], units to choose from (`UnitScores.alive`); None for all.
    """
    ranked = detectors.ranked()
    ranked = ranked if alive is None else ranked[alive[ranked]]
    count = min(count, len(ranked) // 3)
    middle = (len(ranked) - count) // 2
    return {"high": ranked[:count], "medium": ranked[middle:middle + count],
            "low": ranked[::-1][:count]}
