"""Explained information after a fitted nonlinearity, blur and center bias.

Source: Kuemmerer, Theis and Bethge (2015), section 2.1 and Figure 3.
"""
from typing import NamedTuple

import numpy as np

from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.gold_standard import fit_gold_standard, information_gain_explained
from keras_saliency.prediction.predictor import predictor
from keras_saliency.training import likelihood
from keras_saliency.training.calibration import center_bits


class Bounds(NamedTuple):
    """Bits per fixation over a uniform density of the worst and the best prediction of N stimuli.

    Attributes:
        center: float64 [N] of the center_bias. gold: float64 [N] of the gold standard, NaN where
            fewer than two observers have fixations.
    """

    center: np.ndarray
    gold: np.ndarray

    def gains(self, bits) -> np.ndarray:
        """Turn `bits` [N] over a uniform density into bits over the center_bias, float64 [N]."""
        return bits - self.center

    def share(self, bits) -> float:
        """Return `bits` [N] over a uniform density as a share of the gold standard's gain."""
        return information_gain_explained(bits, self.center, self.gold)


def bounds(training, dataset, method="histogram") -> Bounds:
    """Fit to training stimuli and return the `Bounds` on a dataset; method: of the center_bias."""
    center = center_bias(training, method=method)
    gold = fit_gold_standard(training, center=center)
    nats = [gold.at_fixations(dataset, index)[2] for index in range(len(dataset))]
    uniform = np.log2(np.prod(dataset.sizes, axis=1, dtype=np.float64))
    return Bounds(center_bits(dataset, range(len(dataset)), center), uniform + np.array(
        [part.mean() / np.log(2) if len(part) else np.nan for part in nats]))


def explained_bits(model, training, dataset) -> np.ndarray:
    """Return the mean bits per fixation over a uniform density on each stimulus, float64 [N].

    A network that gives a density is scored as it is. Maps of other models are first calibrated
    (`models.calibration`) on the training stimuli. Densities are compared in cells of some pixels.

    Args:
        model: as in `predict`. training, dataset: with fixations on every stimulus, and of one
            size if the model is a classical one.
    """
    cells = _collect(model, dataset)
    rows = np.arange(len(dataset))
    if predictor(model).facts.density:
        return likelihood.bits(cells, rows, cells.plain)
    fitted = _collect(model, training)
    vector, center, spans = likelihood.fit(fitted, np.arange(len(training)))
    return likelihood.calibrated(cells, rows, likelihood.priors(cells, rows, center, spans), vector)


def _collect(model, dataset):
    facts = predictor(model).facts
    canvas = facts.canvas or tuple(dataset.sizes[0].tolist())
    return likelihood.collect(model, dataset, canvas, f"{facts.name} on {len(dataset)} stimuli")
