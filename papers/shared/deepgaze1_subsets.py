"""DeepGaze I fitted to subsets of its backbone's layers, and the scores of each fit.

Source: Kuemmerer, Theis and Bethge (2015), sections 2.3 and 6.1, Figures 5 and 8. Departure: the
same observers are left out of every fit, where the paper leaves out each in turn.
"""
from functools import cached_property

import cv2
import numpy as np

from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.gold_standard import fit_gold_standard
from keras_saliency.metrics import auc_shuffled
from keras_saliency.models.deepgaze1 import choose_layers
from keras_saliency.training.deepgaze1_likelihood import (
    Likelihood,
    Parameters,
    Responses,
    minimize,
)
from papers.shared.deepgaze1_responses import choose

HELD_OUT = 5       # every fifth observer is left out
AUC_STIMULI = 100  # most stimuli that are scored by AUC
AUC_STEP = 0.01    # threshold step, as a share of the range of a log_density


class SubsetStudy:
    """Fits of the readout to the responses of some layers.

    Args:
        responses: (training, validation) `Responses` of all layers.
        training, validation: stimuli of one size, with observers. canvas: (h, w).
        settings: `LbfgsConfig`. method: of the center_bias.
    """

    def __init__(self, responses, training, validation, canvas, settings, method="histogram"):
        self.responses, self.canvas, self.settings = responses, canvas, settings
        self.training, self.validation = training, validation
        self.center = center_bias(training, method=method)
        self.held_out = np.unique(training.fixations.observer)[HELD_OUT - 1::HELD_OUT]

    def measure(self, subset) -> dict:
        """Fit to `subset` (a `layer_subset` of `deepgaze1`) and return its scores.

        Returns:
            Dict: `layers` and `units` count what the fit reads; `gain_*` is bits per fixation
            over the center_bias; `share_*` is that gain as a share of the gold standard's.
            `*_training` has the training stimuli and the observers fitted to, `*_observers` the
            observers left out, `*_validation` the validation stimuli and all observers.
            `auc_training` and `auc_validation` are the mean shuffled AUC of the log_density under
            a uniform prior over the first `AUC_STIMULI` stimuli.
        """
        layers = choose_layers(self.responses[0].maps, subset)
        own = [choose(part, layers) for part in self.responses]
        deviations = own[0].deviations()
        fitted_to, predicted = (
            Likelihood(part, deviations, dataset, self.canvas, self.center, self.settings.cell)
            for part, dataset in zip(own, (self.training, self.validation)))
        fixations = self.training.fixations
        known = fixations.where(~np.isin(fixations.observer, self.held_out))
        unknown = fixations.where(np.isin(fixations.observer, self.held_out))
        found, _ = minimize(fitted_to, known, beginning(own[0]), self.settings,
                            self.settings.iterations)
        row = {"layers": len(layers), "units": len(found.weights)}
        for name, likelihood, some in (("training", fitted_to, known),
                                       ("observers", fitted_to, unknown),
                                       ("validation", predicted, self.validation.fixations)):
            bits, counts = likelihood.over_center_bias(likelihood.counts(some), found)
            row[f"gain_{name}"] = bits.sum() / counts.sum()
            row[f"share_{name}"] = row[f"gain_{name}"] / self.explainable[name]
        for name, likelihood in (("training", fitted_to), ("validation", predicted)):
            row[f"auc_{name}"] = mean_auc(likelihood, found._replace(alpha=0.0))
        return row

    @cached_property
    def explainable(self) -> dict:
        """{part: bits per fixation of the gold standard over the center_bias}."""
        gold = fit_gold_standard(self.training, center=self.center)
        return {name: _gold_gain(gold, dataset, self.center, leave_out, keep)
                for name, dataset, leave_out, keep in (
                    ("training", self.training, self.held_out, None),
                    ("observers", self.training, (), self.held_out),
                    ("validation", self.validation, (), None))}


def beginning(responses: Responses) -> Parameters:
    """Return the start of a new `deepgaze1`'s fit: the mean of all units, each layer alike."""
    counts = [maps.shape[-1] for maps in responses.maps.values()]
    return Parameters(np.concatenate([np.full(count, 1 / (len(counts) * count))
                                      for count in counts]), 0.0, 1.0)


def _gold_gain(gold, dataset, center, leave_out, keep) -> float:
    """Return bits per fixation of some observers; each fixation weighs the same."""
    gains = gold.observers_gain(dataset, center)
    chosen = [observer for observer in gains
              if observer not in leave_out and (keep is None or observer in keep)]
    counts = [(dataset.fixations.observer == observer).sum() for observer in chosen]
    return float(np.average([gains[observer] for observer in chosen], weights=counts))


def mean_auc(likelihood: Likelihood, parameters) -> float:
    """Return the mean shuffled AUC of log_densities, enlarged to the size of the stimuli."""
    dataset, logs = likelihood.dataset, likelihood.log_densities(parameters)
    found = []
    for index in range(min(AUC_STIMULI, len(dataset))):
        height, width = (int(side) for side in dataset.sizes[index])
        found.append(auc_shuffled(
            cv2.resize(logs[index], (width, height), interpolation=cv2.INTER_LINEAR),
            dataset.fixations.fixation_map(index), dataset.fixations.other_map(index),
            step=AUC_STEP, seed=index))
    return float(np.nanmean(found))
