"""Network dissection: the concept of each unit, by the overlap of its mask with labels.

There are two passes over the images, in memory that does not grow with their number.
`find_thresholds` finds the value that a unit exceeds at half a percent of its cells. `dissect`
counts the pixels at which the enlarged activation_map exceeds it, inside and outside each label.

Source: Bau, Zhou, Khosla, Oliva and Torralba (CVPR 2017) and their code; detection frequency: He,
Borji, Mi and Pugeault (2018), eq. 6.
"""
from collections import Counter
from typing import Any, Callable, Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets import shards
from keras_saliency.datasets.concepts import Concept, ConceptDataset, Labels
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.files import require
from keras_saliency.models import facts_of
from keras_saliency.units.activations import (
    canvas_plans,
    image_activations,
    indices_of,
    own_canvas,
    single_layers,
)
from keras_saliency.units.detectors import detector_units
from keras_saliency.units.interpolation import ActivePixels, active_pixels, canvas_span
from keras_saliency.units.patterns import unit_maps
from keras_saliency.units.quantiles import TailQuantile

QUANTILE, DETECTOR_IOU = 0.995, 0.04
UNITS_SHOWN, IMAGES_SHOWN = 12, 4


class Tally(NamedTuple):
    """Counts of one layer's U units and C concepts in K categories, summed over images.

    Attributes:
        units: int64 [U], pixels in the mask of each unit.
        units_in: int64 [U, K], the same only of images where the mask touches the category.
        labels: int64 [C], pixels of each concept. both: int64 [U, C], pixels of both.
        images: int64 [C], images with each concept.
        hits: int64 [U, C], images in which unit and concept overlap with an IoU above
            `DETECTOR_IOU`. chosen_hits: int64 [C], images in which a chosen unit does so.
    """

    units: np.ndarray
    units_in: np.ndarray
    labels: np.ndarray
    both: np.ndarray
    images: np.ndarray
    hits: np.ndarray
    chosen_hits: np.ndarray

    def merge(self, other: "Tally") -> "Tally":
        """The counts of both shards together."""
        return Tally(*(a + b for a, b in zip(self, other)))


class Dissection(NamedTuple):
    """The concepts of the units of a layer.

    Attributes:
        concepts: C `Concept`s, the columns below. thresholds: float32 [U].
        tally: the counts. null: the same with the labels of other images, or None.
        iou: float64 [U, C]; like NetDissect, its denominator counts a unit's pixels only in images
            where the mask touches the concept's category. plain_iou: with all of the unit's pixels.
        chosen: int [n], units that `detection_frequency` counts; None if none were chosen.
    """

    concepts: list
    thresholds: np.ndarray
    tally: Tally
    null: Tally
    iou: np.ndarray
    plain_iou: np.ndarray
    chosen: np.ndarray = None

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """(int [U], float64 [U]): each unit's concept of highest IoU, and that IoU."""
        if not self.concepts:
            return np.zeros(len(self.iou), int), np.zeros(len(self.iou))
        return self.iou.argmax(axis=1), self.iou.max(axis=1)

    def null_iou(self) -> np.ndarray:
        """float64 [U]: each unit's highest IoU with the labels of other images, a chance level.

        Sizes, numbers and usual places of masks and labels are the same as with their own. After a
        dissection with null=False this is an `InputError`.
        """
        require(self.null is not None,
                "dissected without null=True: no labels of other images were counted")
        return intersection_over_union(self.null, self.concepts)[0].max(axis=1, initial=0)

    def detectors(self, threshold: float = DETECTOR_IOU) -> dict[str, dict[str, list]]:
        """Return {category: {concept name: units}} of units whose best IoU exceeds `threshold`."""
        table = {category: {} for category in _categories(self.concepts)}
        concept, iou = self.best()
        for unit in np.flatnonzero(iou > threshold):
            found = self.concepts[concept[unit]]
            table[found.category].setdefault(found.name, []).append(int(unit))
        return table

    def detection_frequency(self) -> np.ndarray:
        """float64 [C]: f_n = f_d / f_t (eq. 6) of the positive fixation detectors.

        f_t is the number of images with the concept, f_d that of images in which a detector
        detects it. The paper does not say when an instance counts as detected. Here it does when
        the mask of a detector and the concept's pixels in the image have an IoU above
        `DETECTOR_IOU`. After a dissection without chosen units this is an `InputError`.
        """
        require(self.chosen is not None,
                "dissected without chosen units: the detection frequency counts positive fixation "
                "detectors, see `detectors.detector_units`")
        return self.tally.chosen_hits / np.maximum(self.tally.images, 1)

    def categories(self) -> list[str]:
        """Categories of the concepts that occur; "object" and "part" first, as in Figure 12."""
        found = _categories([c for c, n in zip(self.concepts, self.tally.images) if n])
        return sorted(found, key=lambda c: ("object", "part", c).index(c))

    def most_frequent(self, category: str,
                      count: Optional[int] = 15) -> list[tuple[Concept, float]]:
        """Return (Concept, f_n) of the `count` most detected concepts of a category; None: all."""
        frequency = self.detection_frequency()
        members = [i for i, c in enumerate(self.concepts)
                   if c.category == category and self.tally.images[i]]
        members.sort(key=lambda i: (-frequency[i], self.concepts[i].name))
        return [(self.concepts[i], float(frequency[i])) for i in members[:count]]


def find_thresholds(model: keras.Model, layers: Sequence[str], dataset: ConceptDataset,
                    canvas: Optional[Sequence[int]] = None, indices: Optional[Sequence[int]] = None,
                    batch: int = 8, quantile: float = QUANTILE,
                    label: Optional[str] = "finding thresholds",
                    client: Any = None) -> dict[str, TailQuantile]:
    """Return {layer: TailQuantile} of the units' cells over a dataset; the first pass.

    Cells that show padding of the canvas are left out.

    Args:
        indices: images, None for all. Otherwise as `score_dataset`.
    """
    canvas, fit = own_canvas(model, canvas), facts_of(model).fit
    if client is not None:
        shared = {"model": model, "layers": list(layers), "dataset": dataset, "canvas": canvas,
                  "batch": batch, "quantile": quantile, "label": None}
        return shards.merged(client, find_thresholds, indices_of(dataset, indices), batch,
                             dataset, shared, label, "image")
    sketches, sizes = {}, Counter(map(tuple, dataset.image_sizes))  # few, of many images
    for index, maps in image_activations(model, layers, dataset, canvas, indices, batch, label):
        for layer, cells in maps.items():
            if layer not in sketches:
                total = sum(count * np.count_nonzero(_shown(size, canvas, cells.shape[:2], fit))
                            for size, count in sizes.items())
                sketches[layer] = TailQuantile(cells.shape[-1], total, quantile)
            shown = _shown(dataset.image_sizes[index], canvas, cells.shape[:2], fit)
            sketches[layer].update(cells[shown], seed=index)
    return {layer: sketches[layer] for layer in layers if layer in sketches}


def dissect(model: keras.Model, layers: Sequence[str], dataset: ConceptDataset,
            thresholds: Mapping[str, ArrayLike], canvas: Optional[Sequence[int]] = None,
            indices: Optional[Sequence[int]] = None, batch: int = 8,
            chosen: Optional[Mapping[str, Sequence[int]]] = None, null: bool = True, seed: int = 0,
            label: Optional[str] = "dissecting", client: Any = None) -> dict[str, Dissection]:
    """Return {layer: Dissection}; the second pass.

    Args:
        thresholds: {layer: float [U]} of the units.
        chosen: {layer: units} that `detection_frequency` counts, those of `detector_units`.
        null: also count with the labels of another image, drawn by `seed`.
        Otherwise as `find_thresholds`.
    """
    concepts = list(dataset.concepts.values())
    picks = {layer: None if chosen is None else np.asarray(chosen.get(layer, ()), int)
             for layer in layers}
    shared = {"model": model, "layers": list(layers), "dataset": dataset, "thresholds": thresholds,
              "canvas": canvas, "batch": batch, "picks": picks, "null": null, "seed": seed}
    found = shards.merged(client, _tallies, indices_of(dataset, indices), batch, dataset,
                          shared, label, "image")
    return {layer: Dissection(
        concepts, np.asarray(thresholds[layer], np.float32), own, found.get((layer, True)),
        *intersection_over_union(own, concepts), picks[layer])
        for layer in layers if (own := found.get((layer, False))) is not None}


def _tallies(model, layers, dataset, thresholds, canvas, batch, picks, null, seed, indices,
             label=None) -> dict:
    """{(layer, True for the labels of other images): Tally} of images `indices`."""
    concepts, plan_of = list(dataset.concepts.values()), canvas_plans(model, canvas)
    columns, groups = label_columns(concepts), category_groups(concepts)
    other, tallies = _derangement(len(dataset), seed), {}
    for index, maps in image_activations(model, layers, dataset, canvas, indices, batch, label):
        pairs = [(of_other, dataset.labels(other[index] if of_other else index))
                 for of_other in ((False, True) if null else (False,))]
        for layer, cells in maps.items():
            masks = {}  # labels of equal size share their masks
            for of_other, labels in pairs:
                if labels.size not in masks:
                    plan = plan_of(dataset.image_sizes[index], cells.shape[:2], size=labels.size)
                    masks[labels.size] = active_pixels(cells, thresholds[layer], plan)
                one = count_overlaps(masks[labels.size], cells.shape[-1], labels, columns, groups,
                                     picks[layer])
                tallies = shards.merge(tallies, {(layer, of_other): one})
    return tallies


def dissect_layers(model: keras.Model, layers: Sequence[str], concepts: ConceptDataset,
                   fixated: Optional[SaliencyDataset] = None, quantile: float = QUANTILE,
                   seed: int = 0, client: Any = None,
                   log: Callable[[str], None] = print) -> dict[str, Dissection]:
    """Return {layer: Dissection}, from both passes over the images.

    Args:
        layers: names; "a+b" scales the units of both together when detectors are chosen.
        fixated: dataset of the positive fixation detectors to choose; None to choose none.
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
    """List layer, unit, concept, category (None for no overlap), IoUs and threshold per unit."""
    concept, iou = dissection.best()
    chance = dissection.null_iou() if dissection.null is not None else [None] * len(iou)
    return [[layer, unit, *((dissection.concepts[c].name, dissection.concepts[c].category)
                            if value else (None, None)), value,
             dissection.plain_iou[unit, c] if value else 0.0, chance[unit],
             dissection.thresholds[unit]]
            for unit, (c, value) in enumerate(zip(concept, iou))]


def frequency_rows(layer: str, dissection: Dissection) -> list:
    """List layer, category, concept, f_t, f_d and f_n per concept, the most frequent first."""
    tally = dissection.tally
    counts = dict(zip(dissection.concepts, zip(tally.images.tolist(), tally.chosen_hits.tolist())))
    return [[layer, category, concept.name, *counts[concept], frequency]
            for category in dissection.categories()
            for concept, frequency in dissection.most_frequent(category, count=None)]


def fetch_examples(model: keras.Model, dataset: ConceptDataset,
                   dissections: Mapping[str, Dissection]) -> dict[str, dict[int, list]]:
    """Return {layer: {unit: [(image, activation_map [h, w], its `Resampling`), ...]}}.

    The units are the best of each layer, the images those with the largest areas of the concept.
    """
    chosen = {}
    for layer, dissection in dissections.items():
        concept, iou = dissection.best()
        best = [int(u) for u in np.argsort(-iou, kind="stable")[:UNITS_SHOWN] if iou[u] > 0]
        numbers = {unit: dissection.concepts[concept[unit]].number for unit in best}
        images = _images_with(dataset, numbers)
        chosen[layer] = [(image, unit) for unit in best for image in images[unit]]
    found, plan_of = {layer: {} for layer in chosen}, canvas_plans(model)
    for layer, maps in unit_maps(model, list(chosen), dataset, chosen).items():
        for image, unit in chosen[layer]:
            cells = maps[image, unit]
            found[layer].setdefault(unit, []).append(
                (image, cells, plan_of(dataset.image_sizes[image], cells.shape)))
    return found


def count_overlaps(active: ActivePixels, units: int, labels: Labels, columns: np.ndarray,
                   groups: np.ndarray, chosen: Optional[np.ndarray] = None) -> Tally:
    """Return the `Tally` of one image.

    Args:
        active: masks of the units. labels: of the image.
        columns: as `label_columns`. groups: as `category_groups`.
        chosen: units of `chosen_hits`; None for none.
    """
    count, pixels = len(groups), labels.size[0] * labels.size[1]
    mask = np.bincount(active.units, minlength=units)
    area, both = np.zeros(count + 1, np.int64), np.zeros((units, count + 1), np.int64)
    for picture in labels.pixels:
        numbers = np.bincount(picture.ravel(), minlength=len(columns))
        local = np.flatnonzero(numbers)  # few of all labels
        place = np.zeros(len(columns), np.uint16)
        place[local] = np.arange(len(local))
        pairs = active.units * len(local) + place[picture.ravel()][active.pixels]
        found = np.bincount(pairs, minlength=units * len(local)).reshape(units, -1)
        np.add.at(area, columns[local], numbers[local])
        np.add.at(both.T, columns[local], found.T)
    for number in labels.scalars:
        area[columns[number]] += pixels
        both[:, columns[number]] += mask
    area, both = area[:count], both[:, :count]  # without the pixels of no label
    touched = (both @ groups) > 0
    hits = both / np.maximum(mask[:, None] + area - both, 1) > DETECTOR_IOU
    return Tally(mask, mask[:, None] * touched, area, both, (area > 0).astype(np.int64),
                 hits.astype(np.int64),
                 hits[[] if chosen is None else chosen].any(axis=0).astype(np.int64))


def intersection_over_union(tally: Tally,
                            concepts: Sequence[Concept]) -> tuple[np.ndarray, np.ndarray]:
    """(NetDissect's IoU, plain IoU), float64 [U, C] each; 0 where nothing overlaps."""
    groups = category_groups(concepts)
    return tuple(tally.both / np.maximum(pixels + tally.labels - tally.both, 1)
                 for pixels in (tally.units_in @ groups.T, tally.units[:, None]))


def _shown(size, canvas, cells, fit) -> np.ndarray:
    """bool [h, w]: cells whose center shows the image of `size` (H, W) and not padding."""
    span = canvas_span(size, canvas, fit)
    inside = [((np.arange(n) + 0.5) / n >= a) & ((np.arange(n) + 0.5) / n <= b)
              for n, (a, b) in zip(cells, span)]
    return np.logical_and.outer(*inside)


def label_columns(concepts: Sequence[Concept]) -> np.ndarray:
    """int [largest label + 1]: the column of each label number, C for labels of no concept."""
    columns = np.full(max((c.number for c in concepts), default=0) + 1, len(concepts))
    columns[[concept.number for concept in concepts]] = np.arange(len(concepts))
    return columns


def category_groups(concepts: Sequence[Concept]) -> np.ndarray:
    """bool [C, K]: the category of each concept."""
    own = np.array([concept.category for concept in concepts], object)
    return own[:, np.newaxis] == np.array(_categories(concepts), object)


def _categories(concepts) -> list:
    return list(dict.fromkeys(concept.category for concept in concepts))


def _derangement(count, seed) -> np.ndarray:
    """int [count]: another image for each; itself only if there is no other."""
    order = np.random.default_rng([seed, 2]).permutation(count)
    other = np.empty(count, int)
    other[order] = np.roll(order, 1)
    return other


def _images_with(dataset, numbers: dict) -> dict:
    """{unit: images} with the largest areas of each unit's label {unit: number}."""
    areas = {number: {} for number in numbers.values()}
    for index in range(len(dataset)):
        labels = dataset.labels(index)
        pixels = labels.size[0] * labels.size[1]
        for number in areas:
            area = sum(int((picture == number).sum()) for picture in labels.pixels)
            area += (number in labels.scalars) * pixels
            if area:
                areas[number][index] = area / pixels
    return {unit: sorted(areas[number], key=lambda i: (-areas[number][i], i))[:IMAGES_SHOWN]
            for unit, number in numbers.items()}
