"""Study of the units of one or more models, as a report shows it (Study A of the EAD paper)."""
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Sequence, Tuple

import keras
import numpy as np

from keras_saliency import maps
from keras_saliency.config import ModelConfig
from keras_saliency.datasets import popout, shards
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.region_labels import load_regions
from keras_saliency.files import AnyPath, require
from keras_saliency.metrics import nss
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import build_model, facts_of, load_pretrained
from keras_saliency.models.facts_layer import output_layer
from keras_saliency.models.loading import KERAS_FILE
from keras_saliency.models.weights_file import read_attributes
from keras_saliency.units import detectors, regions
from keras_saliency.units.activations import (
    canvas_plans,
    choose_layers,
    image_activations,
    members,
    single_layers,
)
from keras_saliency.units.detectors import BEST_IMAGES, Detectors, fixation_detectors, tiers
from keras_saliency.units.interpolation import Resampling
from keras_saliency.units.patterns import mean_maps, unit_maps
from keras_saliency.units.regions import RegionScores
from keras_saliency.units.relation import compare_inner
from keras_saliency.units.statistics import GroupComparison, pearson
from keras_saliency.units.unit_scores import UnitScores, join_moments, score_dataset

UNTRAINED = "imagenet"
UNITS_SHOWN, IMAGES_SHOWN = 4, 5
MEAN_MAP_UNITS, MEAN_MAP_IMAGES = 50, 200


@dataclass
class Example:
    """One of a unit's best images: its index, NSS, activation_map [h, w] and plan to enlarge it."""

    image: int
    nss: float
    activation: np.ndarray
    plan: Resampling


@dataclass
class LayerStudy:
    """The units of one layer of one model, or of several layers joined to a group.

    Attributes:
        model, layer: names; "a+b" of a group. parts: {layer: number of its units}.
        scores, detectors: of the units, one layer after the other, scaled together.
        examples: {tier: {unit: [Example, ...]}} for `tiers`, the best image first.
        low_maps: {layer: [h, w]}, mean standardised activation_map of the lowest units.
    """

    model: str
    layer: str
    parts: dict
    scores: UnitScores
    detectors: Detectors
    examples: dict = field(default_factory=dict)
    low_maps: dict = field(default_factory=dict)

    def place(self, unit: int) -> tuple[str, int]:
        """(layer, number in it) of a unit of the group."""
        for layer, units in self.parts.items():
            if unit < units:
                return layer, int(unit)
            unit -= units
        raise IndexError(f"{self.layer} has {sum(self.parts.values())} units")

    def name(self, unit: int) -> str:
        """A unit's name: its number, after its layer if there are several."""
        layer, number = self.place(unit)
        return str(number) if len(self.parts) == 1 else f"{layer} {number}"

    def row(self) -> dict:
        """The row of `UnitStudy.table`, without the model's NSS."""
        ranked, scores = self.detectors.ranked(), self.detectors.scores
        best = self.name(ranked[0]) if len(ranked) else None
        if best and len(self.parts) == 1:
            best = int(best)
        return {"model": self.model, "layer": self.layer, "units": len(scores),
                "dead": int((~self.scores.alive).sum()), "detectors": len(self.detectors.units),
                "ratio": self.detectors.ratio, "best unit": best,
                "best score": float(scores[ranked[0]]) if len(ranked) else np.nan,
                "mean NSS of units": float(self.scores.moments.mean.mean())}


@dataclass
class UnitStudy:
    """Study of some models on one dataset.

    Attributes:
        layers: `LayerStudy`s, models in the order given.
        model_nss: {model: mean NSS of its saliency_map}; NaN for an untrained one.
        best, threshold: as for `fixation_detectors`.
        regions: {model: RegionScores}. relations: {model: Relation}. targets: {model: {layer:
            Moments}}, NMM on pop-out arrays. Empty where not studied.
    """

    dataset: SaliencyDataset
    layers: list
    model_nss: dict
    best: int = BEST_IMAGES
    threshold: float = detectors.THRESHOLD
    regions: dict = field(default_factory=dict)
    relations: dict = field(default_factory=dict)
    targets: dict = field(default_factory=dict)

    def table(self) -> list[dict]:
        """Rows (dicts) laid out as the EAD paper's Table 5, one per model and layer."""
        return [{**s.row(), "model NSS": self.model_nss[s.model]} for s in self.layers]

    def trained(self, models: Mapping[str, keras.Model]) -> dict[str, keras.Model]:
        """Return the trained ones of {name: model}, whose output means something."""
        return {name: model for name, model in models.items() if np.isfinite(self.model_nss[name])}

    def inner_test(self) -> GroupComparison:
        """Compare categories by their inner saliency in the trained models."""
        return compare_inner({name: self.regions[name] for name in self.relations})

    def correlations(self) -> list:
        """Return [({model: layer}, Correlation), ...]: ratio of detectors against NSS over models.

        The first layers of all models are compared, then the second ones, as far as every model
        has them (Pearson's; Table 5 has one layer or group of each model).
        """
        rows = {}
        for row in self.table():
            rows.setdefault(row["model"], []).append(row)
        return [({row["model"]: row["layer"] for row in compared},
                 pearson([row["ratio"] for row in compared],
                         [row["model NSS"] for row in compared]))
                for compared in zip(*rows.values())]


def load_models(names: Iterable[AnyPath], settings: ModelConfig) -> dict[str, keras.Model]:
    """Return {short name: model} of weights files, run folders or pretrained names.

    "imagenet" or the file of an encoder stands for the model of `settings` without a trained
    decoder.
    """
    models = {}
    for name in names:
        path = Path(name)
        short = path.parent.name if path.name == "best.h5" else path.stem
        require(short not in models, f"two models are called {short!r}; give files or folders of "
                                     "different names")
        models[short] = load_pretrained(name) if not is_encoder(name) else build_model(
            settings.name, encoder_weights=name, **settings.options)
    return models


def is_encoder(name: AnyPath) -> bool:
    """True if a name of `load_models` is that of an encoder alone, whose output means nothing."""
    path = Path(name).expanduser()
    return name == UNTRAINED or (path.is_file() and path.suffix != KERAS_FILE
                                 and "encoder" in read_attributes(path))


def study_units(models: Mapping[str, keras.Model], layers: Iterable[str], dataset: SaliencyDataset,
                canvas: Optional[Sequence[int]] = None, batch: int = 4, best: int = BEST_IMAGES,
                threshold: float = detectors.THRESHOLD, units_shown: int = UNITS_SHOWN,
                images_shown: int = IMAGES_SHOWN, untrained: Sequence[str] = (),
                client: Any = None) -> UnitStudy:
    """Score the units of each model, and fetch the examples of the galleries.

    Args:
        models: functional ones. layers: as for `choose_layers`.
        canvas: (h, w) for all models, None for each model's own.
        best, threshold: as for `fixation_detectors`. units_shown, images_shown: of each gallery.
        untrained: names of models whose output means nothing; their NSS is NaN.
        client: of `cluster.connect`, whose workers score units and outputs. This process fetches
            the examples.
    """
    chosen, studies, model_nss = choose_layers(layers, models), [], {}
    for name, model in models.items():
        output = output_layer(model)
        scores = score_dataset(model, [*single_layers(chosen[name]), output], dataset, canvas,
                               batch=batch, keep=max(best, images_shown),
                               label=f"{name}: scoring units", client=client)
        model_nss[name] = np.nan if name in untrained else output_nss(
            model, scores[output], dataset, canvas, batch, client)
        found = []
        for group in chosen[name]:
            parts = {layer: scores[layer] for layer in members(group)}
            joined = UnitScores.joined(parts.values())
            found.append(LayerStudy(
                name, group, {layer: len(part.alive) for layer, part in parts.items()}, joined,
                fixation_detectors(joined, best, threshold)))
        _fetch_examples(found, model, dataset, canvas, batch, units_shown, images_shown)
        _fetch_low_maps(found, model, dataset, canvas, batch)
        studies += found
    return UnitStudy(dataset, studies, model_nss, best, threshold)


def study_regions(models: Mapping[str, keras.Model], layers: Iterable[str],
                  dataset: SaliencyDataset, root: AnyPath, sigma: float,
                  canvas: Optional[Sequence[int]] = None) -> dict[str, RegionScores]:
    """Return {model: RegionScores} over the regions that OSIE-SR labels in `root`.

    Args:
        sigma: blur of the fixation density maps, pixels. Otherwise as `study_units`.
    """
    labels, result = load_regions(root, dataset.names), {}
    for name, groups in choose_layers(layers, models).items():
        scores = regions.score_regions(models[name], single_layers(groups), dataset, labels, sigma,
                                       canvas, label=f"{name}: scoring regions")
        result[name] = scores._replace(units={group: {
            category: join_moments(scores.units[layer][category] for layer in members(group))
            for category in scores.output} for group in groups})
    return result


def study_targets(models: Mapping[str, keras.Model], layers: Iterable[str],
                  canvas: Optional[Sequence[int]] = None,
                  size: Tuple[int, int] = regions.SIZE) -> dict[str, dict[str, Moments]]:
    """Return {model: {layer: Moments}} of NMM over 80 generated pop-out arrays of `size` (H, W).

    The default size is that of `papers/popout.py`, whose table has the outputs.
    """
    arrays, result = popout.load(count=regions.ARRAYS, size=size), {}
    for name, groups in choose_layers(layers, models).items():
        scores = regions.score_targets(models[name], single_layers(groups), arrays, canvas,
                                       label=f"{name}: scoring targets")
        result[name] = {group: join_moments(scores[layer] for layer in members(group))
                        for group in groups}
    return result


def output_nss(model: keras.Model, scores: UnitScores, dataset: SaliencyDataset,
               canvas: Optional[Sequence[int]], batch: int = 4, client: Any = None) -> float:
    """Return the mean NSS of the saliency_map; `scores`: of the layer `output_layer(model)`."""
    if facts_of(model).finish.keeps_order:  # else the finished maps need another pass
        return float(scores.moments.mean[0])
    label = f"{model.name}: scoring the output"
    shared = {"model": model, "dataset": dataset, "canvas": canvas, "batch": batch}
    found = shards.spread(client, _output_scores, shards.cut(range(len(dataset)), batch),
                          dataset, shared, label)
    return float(Moments.of(np.concatenate([*found])[:, np.newaxis]).mean[0])


def _output_scores(model, dataset, canvas, batch, indices, label=None) -> np.ndarray:
    """float64 [N]: NSS of the saliency_maps of stimuli `indices`."""
    output, facts = output_layer(model), facts_of(model)
    return np.array([
        nss(maps.finished(found[output], dataset.sizes[i], facts.fit, facts.finish)[..., 0].numpy(),
            dataset.fixations.fixation_map(i))
        for i, found in image_activations(model, [output], dataset, canvas, indices, batch, label)])


def _fetch_examples(studies, model, dataset, canvas, batch, units_shown, images_shown) -> None:
    """Fill in the `examples` of all layers of one model, in one pass over the images needed."""
    plan_of, pairs, shown = canvas_plans(model, canvas), {}, []
    for study in studies:
        best = study.scores.best
        for tier, units in tiers(study.detectors, units_shown).items():
            study.examples[tier] = {}
            for unit in units:
                layer, number = study.place(unit)
                images = [int(image) for image in best.images[:images_shown, unit] if image >= 0]
                pairs.setdefault(layer, []).extend((image, number) for image in images)
                shown.append((study.examples[tier], unit, layer, number, images,
                              best.scores[:, unit]))
    maps = unit_maps(model, list(pairs), dataset, pairs, canvas, batch,
                     label=f"{studies[0].model}: galleries")
    for gallery, unit, layer, number, images, scores in shown:
        cells = [maps[layer][image, number] for image in images]
        gallery[int(unit)] = [
            Example(image, float(score), one, plan_of(dataset.sizes[image], one.shape))
            for image, score, one in zip(images, scores, cells)]


def _fetch_low_maps(studies, model, dataset, canvas, batch) -> None:
    """Fill in the `low_maps`; a group chooses other units, so each has a pass of its own."""
    sample = dataset.spread(MEAN_MAP_IMAGES)
    singles = [study for study in studies if len(study.parts) == 1]
    for together in (singles, *([study] for study in studies if len(study.parts) > 1)):
        units = {layer: numbers for study in together for layer, numbers in _lowest(study).items()}
        means = mean_maps(model, units, dataset, sample, canvas, batch,
                          f"{studies[0].model}: low units") if units else {}
        for study in together:
            study.low_maps = {layer: means[layer] for layer in study.parts if layer in means}


def _lowest(study) -> dict:
    """{layer: units} that score lowest, without dead ones."""
    ranked, units = study.detectors.ranked()[::-1], {}
    for unit in ranked[study.scores.alive[ranked]][:MEAN_MAP_UNITS]:
        layer, number = study.place(unit)
        units.setdefault(layer, []).append(number)
    return units
