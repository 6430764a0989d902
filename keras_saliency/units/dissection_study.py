"""What a report on network dissection shows: a row for each unit, and the best units' examples."""
import numpy as np

from keras_saliency.units.detectors import detector_units
from keras_saliency.units.dissection import QUANTILE, Dissection, dissect, find_thresholds
from keras_saliency.units.layer_choice import single_layers
from keras_saliency.units.patterns import unit_maps

UNITS_SHOWN, IMAGES_SHOWN = 12, 4


def dissect_layers(model, layers, concepts, fixated=None, quantile=QUANTILE, seed=0, client=None,
                   log=print) -> dict:
    """{layer: Dissection} of the units' cells above their thresholds: both passes.

    Args:
        layers: names; "a+b" scales the units of both together to tell the detectors.
        concepts: `ConceptDataset`. fixated: dataset with fixations, whose positive fixation
            detectors count in how many images they detect each concept; None to do without.
        quantile, seed, client: as of `find_thresholds` and `dissect`.
        log: is told how exact the thresholds are.

    Raises:
        LayerError, DatasetError: as those.
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
    """A list per unit: layer, unit, concept, category, IoU, plain IoU, IoU by chance, threshold;
    None where nothing overlaps."""
    concept, iou = dissection.best()
    chance = dissection.null_iou() if dissection.null is not None else [None] * len(iou)
    return [[layer, unit, *((dissection.concepts[c].name, dissection.concepts[c].category)
                            if value else (None, None)), value,
             dissection.plain_iou[unit, c] if value else 0.0, chance[unit],
             dissection.thresholds[unit]]
            for unit, (c, value) in enumerate(zip(concept, iou))]


def frequency_rows(layer: str, dissection: Dissection) -> list:
    """A list per concept that occurs: layer, category, concept, f_t, f_d, f_n; the most frequent
    of a category first."""
    hits = dict(zip(dissection.concepts, dissection.tally.chosen_hits))
    images = dict(zip(dissection.concepts, dissection.tally.images))
    return [[layer, category, concept.name, int(images[concept]), int(hits[concept]), frequency]
            for category in dissection.categories()
            for concept, frequency in dissection.most_frequent(category, count=None)]


def fetch_examples(model, dataset, dissections, canvas) -> dict:
    """{layer: {unit: [(image, activation_map [h, w]), ...]}} of each layer's best units, shown on
    the images with most of their concept."""
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
