"""Scores of units and of the output over labelled regions.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019): Assoc (eq. 1), local statistics (section
4.3, Tables 2 and 3), OS_c (eq. 2) and OD_c (eq. 3).
"""
from typing import Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np

from keras_saliency import maps
from keras_saliency.datasets import shards
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.region_labels import RegionLabels
from keras_saliency.metrics import nss
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import facts_of
from keras_saliency.models.facts_layer import output_layer
from keras_saliency.units.activations import dataset_activations
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.statistics import TOP_UNITS, mean_of_top
from keras_saliency.units.unit_nss import fixation_weights, score_units

THRESHOLD = 1.5


class RegionScores(NamedTuple):
    """Scores over the labelled regions of some stimuli.

    Attributes:
        units: {layer: {category: `Moments` [U] of Assoc over the category's regions}}; regions
            without fixations are counted as skipped.
        output: {category: float64 [regions]}, NSS of the saliency_map in each region.
        reference: the same for the fixation density map.
        images: {category: int [regions]}, index of the stimulus of each region.
    """

    units: dict
    output: dict
    reference: dict
    images: dict

    def merge(self, other: "RegionScores") -> "RegionScores":
        """Return the scores of both shards together."""
        units = {**self.units, **{
            layer: shards.merge(self.units.get(layer, {}), categories)
            for layer, categories in other.units.items()}}
        joined = [{category: np.concatenate([part[category] for part in (a, b) if category in part])
                   for category in {**a, **b}}
                  for a, b in zip(self[1:], other[1:])]
        return RegionScores(units, *joined)


class CategoryStatistics(NamedTuple):
    """Statistics of one category in one layer (Tables 2 and 3).

    Attributes:
        top: mean of the `TOP_UNITS` highest mean Assoc.
        above: number of units with mean Assoc > threshold.
        best: number of the unit with the highest. regions: number of those with fixations.
    """

    top: float
    above: int
    best: int
    regions: int


def score_regions(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                  labels: RegionLabels, sigma: float, canvas: Optional[Sequence[int]] = None,
                  indices: Optional[Sequence[int]] = None, batch: int = 4,
                  convention: str = "half_pixel",
                  label: Optional[str] = "scoring regions") -> RegionScores:
    """Return every unit's Assoc and the output's NSS for every labelled region of a dataset.

    Args:
        model: a functional saliency model on RGB 0..255 whose output is a saliency_map.
        layers: names. dataset: with fixations; stimuli without labels are left out.
        sigma: blur, in pixels, of the fixation density map that the output is compared with.
        canvas, batch, convention: as for `score_dataset`. indices: a shard; None for all stimuli.

    Raises:
        LayerError: no such layer. DatasetError: labels that do not fit their stimulus.
    """
    indices = range(len(dataset)) if indices is None else indices
    indices = [int(i) for i in indices if dataset.names[int(i)] in labels.instances]
    canvas = tuple(canvas or facts_of(model).require_canvas())
    output, facts = output_layer(model), facts_of(model)
    total = RegionScores({layer: {} for layer in layers}, {}, {}, {})
    for chosen, responses in dataset_activations(model, [*layers, output], dataset, canvas,
                                                 indices, batch, label):
        for row, index in enumerate(chosen):
            units = {layer: responses[layer][row] for layer in layers}
            prediction = maps.finished(responses[output][row], dataset.sizes[index], facts.fit,
                                       facts.finish)[..., 0].numpy()
            total = total.merge(_score_image(units, prediction, dataset, index, labels, sigma,
                                             canvas, convention, facts_of(model).fit))
    return total


def category_statistics(moments: Mapping[str, Moments], threshold: float = THRESHOLD,
                        top: int = TOP_UNITS) -> dict[str, CategoryStatistics]:
    """Return {category: CategoryStatistics} of one layer's {category: Moments}."""
    table = {}
    for category, m in moments.items():
        mean = np.where(m.count > 0, m.mean, -np.inf)
        table[category] = CategoryStatistics(
            mean_of_top(m, top), int((mean > threshold).sum()), int(mean.argmax()),
            int(m.count.max(initial=0)))
    return table


def output_saliency(scores: RegionScores) -> dict[str, float]:
    """Return {category: OS_c}, the output's mean NSS over the category's regions (eq. 2)."""
    return {category: _mean(values) for category, values in scores.output.items()}


def output_difference(scores: RegionScores) -> dict[str, float]:
    """Return {category: OD_c}, the mean |NSS of the output - NSS of the density| (eq. 3)."""
    return {category: _mean(np.abs(values - scores.reference[category]))
            for category, values in scores.output.items()}


def _score_image(units, prediction, dataset, index, labels, sigma, canvas, convention, fit):
    """`RegionScores` of one stimulus."""
    size = tuple(int(s) for s in dataset.sizes[index])
    regions = labels.regions(dataset.names[index], size)
    points = dataset.fixations.of(index)
    counts = dataset.fixations.fixation_map(index)
    density = dataset.fixations.density_map(index, sigma)
    scores = RegionScores({}, {}, {}, {})
    for layer, values in units.items():
        plan = canvas_resampling(size, values.shape[:2], canvas, convention, fit=fit)
        weights = [fixation_weights(plan, points, mask=region.mask) for region in regions]
        assoc, _ = score_units(values, plan, np.reshape(weights, (-1, *plan.mean.shape)))
        for region, row in zip(regions, assoc):
            scores = scores.merge(RegionScores(
                {layer: {region.category: Moments.of(row[np.newaxis])}}, {}, {}, {}))
    for region in regions:
        inside = counts * region.mask
        scores = scores.merge(RegionScores(
            {}, {region.category: [nss(prediction, inside)]},
            {region.category: [nss(density, inside)]}, {region.category: [index]}))
    return scores


def _mean(values) -> float:
    values = np.asarray(values)[np.isfinite(values)]
    return float(values.mean()) if len(values) else np.nan
