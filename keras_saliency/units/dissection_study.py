"""Study for a report on network dissection: both passes, rows of its tables, example images."""
from typing import Any, Callable, Mapping, Optional, Sequence

import keras
import numpy as np

from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.units.detectors import detector_units
from keras_saliency.units.dissection import QUANTILE, Dissection, dissect, find_thresholds
from keras_saliency.units.layer_choice import single_layers
from keras_saliency.units.patterns import unit_maps

UNITS_SHOWN, IMAGES_SHOWN = 12, 4


def dissect_layers(model: keras.Model, layers: Sequence[str], concepts: ConceptDataset,
                   fixated: Optional[SaliencyDataset] = None, quantile: float = QUANTILE,
                   seed: int = 0, client: Any = None,
                   log: Callable[[str], None] = print) -> dict[str, Dissection]:
    """Return {layer: Dissection}, from both passes over the images.

    Args:
        layers: names; "a+b" scales the units of both together when detectors are chosen.
        fixated: dataset with fixations; its positive fixation detectors are the units whose
            detection frequency is counted. None to count none.
        quantile, seed, client: as for `find_thresholds` and `dissect`.
        log: called with a line on how exact the thresholds are.
    """
    chosen = None if fixated is None else detector_units(model, layers, fixated, client=client)
    layers = single_layers(layers)
    sketches = find_thresholds(model, layers, concepts, quantile=quantile, client=client)
    for layer, sketch in sketches.items():
        log(f"thresholds of {layer}: {sketch.describe()}")
    return dissect(model, layers, concepts, {layer: sketch.result() for layer, sketch in
                                             sketches.items()}, chosen=chosen, seed=seed,
                   client=client)


def unit_rows(layer: str, dissection: Dissection) -> list:
    """List layer, unit, concept, category, IoU, plain IoU, IoU by chance and threshold per unit.

    Concept and category are None where nothing overlaps.
    """
    concept, iou = dissection.best()
    chance = dissection.null_iou() if dissection.null is not None else [None] * len(iou)
    return [[layer, unit, *((dissection.concepts[c].name, dissection.concepts[c].category)
                            if value else (None, None)), value,
             dissection.plain_iou[unit, c] if value else 0.0, chance[unit],
             dissection.thresholds[unit]]
            for unit, (c, value) in enumerate(zip(concept, iou))]


def frequency_rows(layer: str, dissection: Dissection) -> list:
    """List layer, category, concept, f_t, f_d and f_n per concept that occurs.

    The most frequent concept of a category comes first.
    """
    hits = dict(zip(dissection.concepts, dissection.tally.chosen_hits))
    images = dict(zip(dissection.concepts, dissection.tally.images))
    return [[layer, category, concept.name, int(images[concept]), int(hits[concept]), frequency]
            for category in dissection.categories()
            for concept, frequency in dissection.most_frequent(category, count=None)]


def fetch_examples(model: keras.Model, dataset: ConceptDataset,
                   dissections: Mapping[str, Dissection],
                   canvas: Sequence[int]) -> dict[str, dict[int, list]]:
    """Return {layer: {unit: [(image, activation_map [h, w]), ...]}} of each layer's best units.

    The images are those with the largest areas of the unit's concept.
    """
    wanted, chosen = {}, {}
    for layer, dissection in dissections.items():
        concept, iou = dissection.best()
        best = [int(u) for u in np.argsort(-iou, kind="stable")[:UNITS_SHOWN] if iou[u] > 0]
        numbers = {unit: dissection.concepts[concept[unit]].number for unit in best}
        chosen[layer] = _images_with(dataset, numbers)
        wanted[layer] = [(i, u) for u, images in chosen[layer].items() for i in images]
    maps = unit_maps(model, list(wanted), dataset, wanted, canvas)
    return {layer: {unit: [(i, maps[layer][i, unit]) for i in images]
                    for unit, images in units.items()} for layer, units in chosen.items()}


def _images_with(dataset, numbers: dict) -> dict:
    """{unit: images} with the largest areas of each unit's label {unit: number}."""
    areas = {number: {} for number in numbers.values()}
    for index in range(len(dataset)):
        labels = dataset.labels(index)
        for number in areas:
            area = sum(int((picture == number).sum()) for picture in labels.pixels)
            area += (number in labels.scalars) * labels.size[0] * labels.size[1]
            if area:
                areas[number][index] = area / (labels.size[0] * labels.size[1])
    return {unit: sorted(areas[number], key=lambda i: (-areas[number][i], i))[:IMAGES_SHOWN]
            for unit, number in numbers.items()}
