"""Collects what a report on the units of one or more models shows: Study A of the EAD paper."""
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keras_saliency.analysis.detectors import (
    BEST_IMAGES,
    THRESHOLD,
    Detectors,
    fixation_detectors,
    tiers,
)
from keras_saliency.analysis.interpolation import Resampling, canvas_resampling
from keras_saliency.analysis.patterns import mean_maps, unit_maps
from keras_saliency.analysis.popout import score_targets
from keras_saliency.analysis.regions import score_regions
from keras_saliency.analysis.statistics import Correlation, pearson
from keras_saliency.analysis.unit_scores import UnitScores, score_dataset
from keras_saliency.config import ModelConfig
from keras_saliency.datasets import popout
from keras_saliency.datasets.region_labels import load_regions
from keras_saliency.files import InputError
from keras_saliency.models import build_model, fit_of, load_pretrained
from keras_saliency.models.weights_file import read_attributes
from keras_saliency.prediction.forward import canvas_of

UNTRAINED = "imagenet"
TIERS = ("high", "medium", "low")
UNITS_SHOWN, IMAGES_SHOWN = 4, 5
POPOUT_ARRAYS = 80  # as in the paper
MEAN_MAP_UNITS, MEAN_MAP_IMAGES = 50, 200


@dataclass
class Example:
    """One of a unit's best images: its index in the dataset, the NSS, the activation_map [h, w]
    and how that is enlarged to the image."""

    image: int
    nss: float
    activation: np.ndarray
    plan: Resampling


@dataclass
class LayerStudy:
    """The units of one layer of one model.

    Attributes:
        model, layer: names. scores, detectors: of its units.
        examples: {tier: {unit: [Example, ...]}} for `TIERS`, the best image first.
        low_map: [h, w], mean standardised activation_map of the units that score lowest.
    """

    model: str
    layer: str
    scores: UnitScores
    detectors: Detectors
    examples: dict = field(default_factory=dict)
    low_map: np.ndarray = None


@dataclass
class UnitStudy:
    """Study of some models on one dataset.

    Attributes:
        dataset: `SaliencyDataset`. layers: `LayerStudy`s, models in the order given.
        model_nss: {model: mean NSS of its saliency_map}; NaN for one that was not trained.
        best, threshold: what a unit's score is the mean of, and what makes it a detector.
        regions: {model: RegionScores}. targets: {model: {layer: Moments}}, NMM on pop-out arrays.
            Empty where they were not asked for.
    """

    dataset: object
    layers: list
    model_nss: dict
    best: int = BEST_IMAGES
    threshold: float = THRESHOLD
    regions: dict = field(default_factory=dict)
    targets: dict = field(default_factory=dict)

    def table(self) -> list:
        """Rows (dicts) of the layout of the EAD paper's Table 5, one per model and layer."""
        return [{"model": s.model, "layer": s.layer, "units": len(s.detectors.scores),
                 "dead": int((~s.scores.alive).sum()), "detectors": len(s.detectors.units),
                 "ratio": s.detectors.ratio, "best unit": _first(s.detectors.ranked()),
                 "best score": _largest(s.detectors.scores),
                 "mean NSS of units": float(s.scores.moments.mean.mean()),
                 "model NSS": self.model_nss[s.model]} for s in self.layers]

    def correlation(self, layer: str) -> Correlation:
        """Pearson's, over models, between the ratio of detectors in a layer and model NSS."""
        rows = [row for row in self.table() if row["layer"] == layer]
        return pearson([row["ratio"] for row in rows], [row["model NSS"] for row in rows])


def load_models(names, settings: ModelConfig) -> dict:
    """{short name: model} for `study_units`.

    Args:
        names: weights files, run folders or pretrained names; for the model of `settings` without
            a trained decoder "imagenet" or the file of an encoder (`training.scenes`).

    Raises:
        WeightsError: as `load_pretrained`. InputError: two models that would share a name.
    """
    models = {}
    for name in names:
        path = Path(name)
        short = path.parent.name if path.name == "best.h5" else path.stem
        if short in models:
            raise InputError(f"two models are called {short!r}; give files or folders of "
                             "different names")
        models[short] = build_model(
            settings.name, encoder_weights=name, **settings.options
        ) if is_encoder(name) else load_pretrained(name)
    return models


def is_encoder(name) -> bool:
    """Whether `load_models` has an encoder alone for this name, so that its output means
    nothing."""
    path = Path(name).expanduser()
    return name == UNTRAINED or (path.is_file() and "encoder" in read_attributes(path))


def study_units(models: dict, layers, dataset, canvas=None, batch=4, best=BEST_IMAGES,
                threshold=THRESHOLD, units_shown=UNITS_SHOWN, images_shown=IMAGES_SHOWN,
                untrained=()) -> UnitStudy:
    """Score the units of each model, and fetch what the galleries show.

    Args:
        models: {name: functional model}; layers: names that all of them have.
        canvas: (h, w) for all models, None for each model's own.
        best, threshold: as `fixation_detectors`. units_shown, images_shown: of each gallery.
        untrained: names of models whose output means nothing; their NSS is NaN.

    Raises:
        LayerError: a model lacks a layer. DatasetError: no fixations.
    """
    studies, model_nss = [], {}
    for name, model in models.items():
        own = tuple(canvas or canvas_of(model))
        output = model.output_names[0]
        scores = score_dataset(model, [*layers, output], dataset, own, batch=batch,
                               keep=max(best, images_shown), label=f"{name}: scoring units")
        model_nss[name] = np.nan if name in untrained else float(scores[output].moments.mean[0])
        found = [LayerStudy(name, layer, scores[layer],
                            fixation_detectors(scores[layer], best, threshold))
                 for layer in layers]
        _fetch_examples(found, model, dataset, own, batch, units_shown, images_shown)
        sample = np.unique(np.linspace(0, len(dataset) - 1, MEAN_MAP_IMAGES).astype(int))
        low = {study.layer: _lowest(study) for study in found if len(_lowest(study))}
        means = mean_maps(model, low, dataset, sample, own, batch, f"{name}: low units")
        for study in found:
            study.low_map = means.get(study.layer)
        studies += found
    return UnitStudy(dataset, studies, model_nss, best, threshold)


def study_regions(models: dict, layers, dataset, root, spec) -> dict:
    """{model: RegionScores} over the regions that OSIE-SR labels in `root`.

    Args:
        spec: `CanvasSpec`, of which canvas and blur count. Otherwise as `study_units`.

    Raises:
        DatasetError: labels that are missing or do not fit.
    """
    labels = load_regions(root, dataset.names)
    return {name: score_regions(model, layers, dataset, labels, spec.sigma, spec.canvas,
                                label=f"{name}: scoring regions")
            for name, model in models.items()}


def study_targets(models: dict, layers, canvas) -> dict:
    """{model: {layer: Moments}} of NMM over 80 generated pop-out arrays."""
    arrays = popout.load(count=POPOUT_ARRAYS)
    return {name: score_targets(model, layers, arrays, canvas, label=f"{name}: scoring targets")
            for name, model in models.items()}


def _fetch_examples(studies, model, dataset, canvas, batch, units_shown, images_shown) -> None:
    """Fill in the `examples` of all layers of one model, in one pass over the images needed."""
    shown = {study.layer: tiers(study.detectors, units_shown) for study in studies}
    pairs = {study.layer: [
        (image, unit) for units in shown[study.layer].values() for unit in units
        for image in study.scores.best.images[:images_shown, unit] if image >= 0]
        for study in studies}
    maps = unit_maps(model, list(pairs), dataset, pairs, canvas, batch,
                     label=f"{studies[0].model}: galleries")
    for study in studies:
        best = study.scores.best
        for tier, units in shown[study.layer].items():
            study.examples[tier] = {int(unit): [
                _example(dataset, int(image), best.scores[rank, unit],
                         maps[study.layer][int(image), int(unit)], canvas, fit_of(model))
                for rank, image in enumerate(best.images[:images_shown, unit]) if image >= 0]
                for unit in units}


def _example(dataset, image, nss, activation, canvas, fit) -> Example:
    size = tuple(int(s) for s in dataset.sizes[image])
    plan = canvas_resampling(size, activation.shape, canvas, fit=fit)
    return Example(image, float(nss), activation, plan)


def _lowest(study) -> np.ndarray:
    """The units that score lowest, without dead ones."""
    ranked = study.detectors.ranked()[::-1]
    return ranked[study.scores.alive[ranked]][:MEAN_MAP_UNITS]


def _first(ranked):
    return int(ranked[0]) if len(ranked) else None


def _largest(scores) -> float:
    known = scores[np.isfinite(scores)]
    return float(known.max()) if len(known) else np.nan
