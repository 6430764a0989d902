"""Trained models made ready for `weights/`: small files, and what the manifest says of them."""
from pathlib import Path

import numpy as np
import yaml

from keras_saliency.files import atomic_path, sha256
from keras_saliency.models import MODELS, backbones, pretrained, weights_file
from keras_saliency.models.weights_file import WeightsError

LARGEST = 48e6  # bytes that a file in the repository may have


def release(source, name: str, base="vgg16_imagenet.h5", licence="MIT") -> Path:
    """Write `weights/<name>.h5` in float16, without the layers that equal those of `base`.

    Args:
        source: weights file or run folder. name: of the released model.
        base: file in `weights/`, an encoder, or the network that was calibrated; None to write
            all layers.

    Returns:
        The file's path.

    Raises:
        WeightsError: the source does not say which model it is for, a weight beyond float16, or
            a file that would be larger than a repository should hold.
    """
    path = pretrained.find_weights(source)
    weights, attributes = pretrained.read_model(path)
    if "model" not in attributes:
        raise WeightsError(f"{path} does not say which model it is for")
    attributes.pop("base", None)
    with np.errstate(over="ignore"):  # found below, with the layer's name
        weights = {layer: {key: array.astype(np.float16) for key, array in arrays.items()}
                   for layer, arrays in weights.items()}
    infinite = [layer for layer, arrays in weights.items()
                if not all(np.isfinite(array).all() for array in arrays.values())]
    if infinite:
        raise WeightsError(f"{path}: {', '.join(infinite)} have weights beyond float16")
    if base is not None:
        shared, _ = pretrained.read_model(pretrained.WEIGHTS_FOLDER / base)
        weights = {layer: arrays for layer, arrays in weights.items()
                   if not _equal(arrays, shared.get(layer, {}))}
        attributes["base"] = base
    attributes["licence"] = licence
    size = sum(array.nbytes for arrays in weights.values() for array in arrays.values())
    if size > LARGEST:
        raise WeightsError(f"{name} would have {size / 1e6:.0f} MB; train with more layers frozen "
                           f"at {base}, which are left out")
    return weights_file.write(weights, pretrained.WEIGHTS_FOLDER / f"{name}.h5", attributes,
                              "float16")


def describe(name: str, aliases=(), **facts) -> dict:
    """Enter `weights/<name>.h5` into the manifest, in place of what was there.

    Args:
        aliases: short names for it.
        **facts: what the file cannot know: command, minutes, scores.

    Returns:
        The entry.
    """
    path = pretrained.WEIGHTS_FOLDER / f"{name}.h5"
    attributes = weights_file.read_attributes(path)
    entry = {
        "file": path.name, "sha256": sha256(path),
        "bytes": path.stat().st_size, **(_encoder(attributes) if "encoder" in attributes
                                         else _model(attributes, aliases)), **facts,
        "licence": attributes.get("licence"),
        "citation": (backbones.VGG16_CITATION if attributes.get("encoder") == "vgg16" else
                     MODELS[attributes["model"]].citation),
    }
    entries = {**pretrained.read_manifest(), name: entry}
    with atomic_path(pretrained.WEIGHTS_FOLDER / pretrained.MANIFEST) as temporary:
        temporary.write_text(yaml.safe_dump(entries, sort_keys=False, width=98), encoding="utf-8")
    return entry


def scores(summary) -> dict:
    """What the manifest says of a summary that `evaluate.py` wrote: which stimuli, their blur
    (None: published densities), and the mean of each metric."""
    return {"stimuli": summary["stimuli"], "part": summary["part"],
            "sigma_pixels": summary["sigma_pixels"],
            **{metric: round(values["mean"], 4) for metric, values in summary["metrics"].items()}}


def _model(attributes, aliases) -> dict:
    """What the file of a trained model says of itself."""
    options = attributes.get("options", {})
    return {"aliases": list(aliases), "base": attributes.get("base"),
            "model": attributes["model"], "options": options,
            "preprocessing": options.get("preprocessing", "caffe"),
            "canvas": attributes.get("canvas"), "training_data": attributes.get("dataset"),
            "training_stimuli": attributes.get("training_stimuli"),
            "epoch": attributes.get("epoch")}


def _encoder(attributes) -> dict:
    """What the file of an encoder alone says of itself."""
    return {key: attributes.get(key)
            for key in ("encoder", "preprocessing", "training_data", "source")}


def _equal(arrays, others) -> bool:
    return arrays.keys() == others.keys() and all(
        np.array_equal(array, others[key].astype(np.float16)) for key, array in arrays.items())
