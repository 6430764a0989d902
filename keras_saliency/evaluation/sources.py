"""Predictions for the stimuli of a dataset, in its order, from whatever makes them.

Each function returns an iterable for `evaluation.score_predictions`; networks in memory go
through `evaluation.evaluate`, which also gives their loss.
"""
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.densities import uniform
from keras_saliency.evaluation.gold_standard import fit_gold_standard
from keras_saliency.evaluation.scoring import Scorer, Skipped
from keras_saliency.files import InputError, list_some
from keras_saliency.prediction.pictures import PICTURE_TYPES

MAP_TYPES = (".npy", *PICTURE_TYPES)
# What programs (this one too) append to a stimulus' name.
SUFFIXES = ("", "_density", "_saliency")


def find_saved_model(path):
    """The folder with `saved_model.pb` of `path` or of its highest version; None without one."""
    path = Path(path).expanduser()
    if (path / "saved_model.pb").is_file():
        return path
    versions = [p for p in path.glob("[0-9]*") if p.name.isdigit()
                and (p / "saved_model.pb").is_file()] if path.is_dir() else []
    return max(versions, key=lambda p: int(p.name), default=None)


def classical_predictions(model, dataset: SaliencyDataset):
    """Maps of a `ClassicalModel`."""
    load = pipeline.stimulus_loader(dataset)
    return (model(load(index).numpy()) for index in range(len(dataset)))


def saved_model_predictions(folder, dataset: SaliencyDataset):
    """Maps of a SavedModel through its signature `serving_default`: uint8 RGB of any size to
    `saliency` [1, H, W, 1].

    Raises:
        InputError: a SavedModel without such a signature.
    """
    served = tf.saved_model.load(str(folder)).signatures
    signature = served.get("serving_default")
    inputs = list(signature.structured_input_signature[1].values()) if signature else []
    if len(inputs) != 1 or inputs[0].dtype != tf.uint8 or (
            "saliency" not in signature.structured_outputs):
        raise InputError(f"{folder}: no signature serving_default from uint8 images to "
                         f"`saliency` (it has {', '.join(served) or 'none'}); export the model "
                         "with keras_saliency.export.save")
    load = pipeline.stimulus_loader(dataset)

    def generate():
        for index in range(len(dataset)):
            outputs = signature(**{inputs[0].name: load(index)[tf.newaxis]})
            yield outputs["saliency"][0, ..., 0].numpy()

    return generate()


def picture_predictions(folder, dataset: SaliencyDataset):
    """Maps that somebody stored as gray pictures (8 or 16 bits) or .npy arrays, by file name.

    A stimulus `name.jpg` has its map in `name.*`, `name_density.*` or `name_saliency.*`, also in
    a sub-folder where the stimulus' name has one; an array goes before a picture of it. A map of
    another size but the same shape is resized (bilinear); stimuli without a usable map are
    `Skipped`.

    Raises:
        InputError: no such folder, no map of any stimulus, or two for one.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of saliency maps")
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MAP_TYPES):
        found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), []).append(path)
    files = {}
    for name in dataset.names:
        stem = _stem(name)
        paths = [path for suffix in SUFFIXES for path in found.get(stem + suffix, [])]
        paths = [path for path in paths if path.suffix == ".npy"] or paths
        if len(paths) > 1:
            raise InputError(f"{folder}: more than one map of {name}: {list_some(paths)}; keep "
                             "one")
        files[name] = paths[0] if paths else None
    if not any(files.values()):
        raise InputError(f"{folder}: no map of any stimulus of {dataset.name}, for instance "
                         f"{_stem(dataset.names[0])}.png; it holds "
                         f"{list_some(sorted(found)) or 'no pictures'}")
    return (_read_map(files[name], size) for name, size in zip(dataset.names, dataset.sizes))


def _stem(name: str) -> str:
    """A stimulus' name without the ending of a picture, if it has one."""
    path = Path(name)
    return (path.with_suffix("") if path.suffix.lower() in PICTURE_TYPES else path).as_posix()


def _read_map(path, size):
    """float32 [H, W] in the size of the stimulus, or `Skipped`."""
    if path is None:
        return Skipped("no map in the folder")
    try:
        values = (np.load(path, allow_pickle=False) if path.suffix == ".npy"
                  else cv2.imread(str(path), cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH))
    except (OSError, ValueError, EOFError) as error:
        return Skipped(f"{path.name}: unreadable ({error})")
    if values is None:
        return Skipped(f"{path.name}: not a readable picture")
    if values.ndim != 2 or values.dtype.kind not in "fiu" or not np.isfinite(values).all():
        return Skipped(f"{path.name}: not a map [H, W] of finite numbers")
    values, (height, width) = values.astype(np.float32), (int(s) for s in size)
    if values.shape != (height, width):
        # within the rounding of a map that was made smaller
        if abs(values.shape[0] * width - values.shape[1] * height) > max(height, width):
            return Skipped(f"{path.name}: {values.shape[0]}x{values.shape[1]} is not the shape "
                           f"of the stimulus, {height}x{width}")
        values = cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
    return values


def _uniform(scorer: Scorer):
    return (uniform(size) for size in scorer.dataset.sizes)


def _center_bias(scorer: Scorer):
    return _everywhere(scorer.center, scorer)


def _center_bias_histogram(scorer: Scorer):
    return _everywhere(center_bias(scorer.training, method="histogram"), scorer)


def _everywhere(center, scorer: Scorer):
    return (center(scorer.dataset, index) for index in range(len(scorer.dataset)))


def _gold_standard(scorer: Scorer):
    """Rows of scores: each observer is scored against the others' map, then averaged."""
    gold = fit_gold_standard(scorer.training, center=scorer.center)
    for index in range(len(scorer.dataset)):
        references = scorer.references(index)
        own = {"fixation_map", "fixation_density_map"}
        yield gold.score(scorer.dataset, index, scorer.metrics,
                         {name: r for name, r in references.items() if name not in own},
                         density_sigma=scorer.sigma)


# scorer -> predictions; what they are fitted to is the scorer's training set.
BASELINES = {
    "uniform": _uniform,
    "center_bias": _center_bias,
    "center_bias_histogram": _center_bias_histogram,
    "gold_standard": _gold_standard,
}
