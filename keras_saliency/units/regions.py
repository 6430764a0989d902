"""Scores of units and of the output over labelled regions, and of units at pop-out targets.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019): Assoc (eq. 1), local statistics (section
4.3, Tables 2 and 3), OS_c (eq. 2) and OD_c (eq. 3); NMM (eq. 4, section 7, Tables 4 to 6).
"""
from typing import Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np

from keras_saliency import maps
from keras_saliency.datasets import shards
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.datasets.pipeline import target_mask
from keras_saliency.datasets.region_labels import RegionLabels
from keras_saliency.metrics import nss
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import facts_of
from keras_saliency.models.facts_layer import output_layer
from keras_saliency.units.activations import canvas_plans, image_activations
from keras_saliency.units.statistics import mean_of_top
from keras_saliency.units.unit_nss import fixation_weights, mask_weights, score_units

THRESHOLD = 1.5
ARRAYS, SIZE = 80, (480, 640)  # the paper's number of pop-out arrays; (H, W) of those of our tables


class RegionScores(NamedTuple):
    """Scores over the labelled regions of some stimuli.

    Attributes:
        units: {layer: {category: `Moments` [U] of Assoc over the category's regions}}; regions
            without fixations are counted as skipped.
        output, reference: {category: float64 [regions]}, NSS of the saliency_map and of the
            fixation density map in each region.
        images: {category: int [regions]}, index of the stimulus of each region.
    """

    units: dict
    output: dict
    reference: dict
    images: dict

    def merge(self, other: "RegionScores") -> "RegionScores":
        """The scores of both shards together."""
        return RegionScores(*map(shards.merge, self, other))


class CategoryStatistics(NamedTuple):
    """Statistics of one category in one layer (Tables 2 and 3).

    `top` is the mean of the ten highest mean Assoc, `above` the number of units above `THRESHOLD`,
    `best` the unit with the highest, `regions` the number of those with fixations.
    """

    top: float
    above: int
    best: int
    regions: int


def score_regions(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                  labels: RegionLabels, sigma: float, canvas: Optional[Sequence[int]] = None,
                  indices: Optional[Sequence[int]] = None, batch: int = 4,
                  label: Optional[str] = "scoring regions") -> RegionScores:
    """Return every unit's Assoc and the output's NSS for every labelled region of a dataset.

    Args:
        model: a functional saliency model on RGB 0..255 whose output is a saliency_map.
        dataset: with fixations; stimuli without labels are left out.
        sigma: blur, in pixels, of the fixation density map that the output is compared with.
        Otherwise as `score_dataset`.
    """
    indices = range(len(dataset)) if indices is None else indices
    indices = [int(i) for i in indices if dataset.names[int(i)] in labels.instances]
    output, facts, plan_of = output_layer(model), facts_of(model), canvas_plans(model, canvas)
    total = RegionScores({layer: {} for layer in layers}, {}, {}, {})
    for index, responses in image_activations(model, [*layers, output], dataset, canvas, indices,
                                              batch, label):
        prediction = maps.finished(responses[output], dataset.sizes[index], facts.fit,
                                   facts.finish)[..., 0].numpy()
        units = {layer: responses[layer] for layer in layers}
        total = total.merge(_score_image(units, prediction, dataset, index, labels, sigma, plan_of))
    return total


def score_targets(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                  canvas: Optional[Sequence[int]] = None, batch: int = 4,
                  label: Optional[str] = "scoring targets") -> dict[str, Moments]:
    """Return {layer: Moments [U]} of the NMM of every unit over pop-out arrays.

    Args:
        dataset: with target masks, such as `popout`. Otherwise as `score_dataset`.
    """
    require(dataset.target_masks is not None, f"{dataset.name} has no target masks; NMM needs a "
                                              "set of pop-out arrays")
    plan_of, totals = canvas_plans(model, canvas), {}
    for index, maps_of in image_activations(model, layers, dataset, canvas, None, batch, label):
        mask = target_mask(dataset, index) > 0
        for layer in layers:
            plan = plan_of(dataset.sizes[index], maps_of[layer].shape[:2])
            nmm, _ = score_units(maps_of[layer], plan, mask_weights(plan, mask)[np.newaxis])
            totals = shards.merge(totals, {layer: Moments.of(nmm)})
    return totals


def category_statistics(moments: Mapping[str, Moments]) -> dict[str, CategoryStatistics]:
    """Return {category: CategoryStatistics} of one layer's {category: Moments}."""
    means = {category: np.where(m.count > 0, m.mean, -np.inf) for category, m in moments.items()}
    return {category: CategoryStatistics(mean_of_top(m), int((means[category] > THRESHOLD).sum()),
                                         int(means[category].argmax()), int(m.count.max(initial=0)))
            for category, m in moments.items()}


def output_saliency(scores: RegionScores) -> dict[str, float]:
    """Return {category: OS_c}, the output's mean NSS over the category's regions (eq. 2)."""
    return {category: _mean(values) for category, values in scores.output.items()}


def output_difference(scores: RegionScores) -> dict[str, float]:
    """Return {category: OD_c}, the mean |NSS of the output - NSS of the density| (eq. 3)."""
    return {category: _mean(np.abs(values - scores.reference[category]))
            for category, values in scores.output.items()}


def _score_image(units, prediction, dataset, index, labels, sigma, plan_of) -> RegionScores:
    size = tuple(int(s) for s in dataset.sizes[index])
    regions = labels.regions(dataset.names[index], size)
    points = dataset.fixations.of(index)
    counts = dataset.fixations.fixation_map(index)
    density = dataset.fixations.density_map(index, sigma)
    scores, assoc = RegionScores({}, {}, {}, {}), {}
    for layer, values in units.items():
        plan = plan_of(size, values.shape[:2])
        weights = [fixation_weights(plan, points, mask=region.mask) for region in regions]
        assoc[layer], _ = score_units(values, plan, np.reshape(weights, (-1, *plan.mean.shape)))
    for number, region in enumerate(regions):
        category, inside = region.category, counts * region.mask
        scores = scores.merge(RegionScores(
            {layer: {category: Moments.of(rows[[number]])} for layer, rows in assoc.items()},
            {category: np.array([nss(prediction, inside)])},
            {category: np.array([nss(density, inside)])}, {category: np.array([index])}))
    return scores


def _mean(values) -> float:
    values = np.asarray(values)[np.isfinite(values)]
    return float(values.mean()) if len(values) else np.nan
