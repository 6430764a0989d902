"""Release of trained models into `weights/`: small files and their entries in the manifest."""
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import yaml

from keras_saliency.files import atomic_path, require, sha256
from keras_saliency.models import MODELS, backbones, pretrained, weights_file
from keras_saliency.models.weights_file import WeightsError

LARGEST = 48e6  # bytes that a file in the repository may have


def release(source: Union[str, Path], name: str, base: Optional[str] = "vgg16_imagenet.h5",
            licence: str = "MIT") -> Path:
    """Write `weights/<name>.h5` in float16 from a weights file or run folder; return its path.

    Layers that equal those of `base` are left out: a file in `weights/`, an encoder or the network
    before its calibration; None to write all layers.
    """
    path = pretrained.find_weights(source)
    weights, attributes = pretrained.read_model(path)
    require("model" in attributes, f"{path} does not say which model it is for", WeightsError)
    attributes.pop("base", None)
    if base is not None:
        shared, _ = pretrained.read_model(pretrained.WEIGHTS_FOLDER / base)
        weights = {layer: arrays for layer, arrays in weights.items()
                   if not _equal(arrays, shared.get(layer, {}))}
        attributes["base"] = base
    attributes["licence"] = licence
    size = 2 * sum(array.size for arrays in weights.values() for array in arrays.values())
    require(size <= LARGEST, f"{name} would have {size / 1e6:.0f} MB; layers that equal those of "
            f"{base} are left out, so train with more layers frozen", WeightsError)
    return weights_file.write(weights, pretrained.WEIGHTS_FOLDER / f"{name}.h5", attributes,
                              "float16")


def describe(name: str, aliases: Sequence = (), **facts: Any) -> dict:
    """Enter `weights/<name>.h5` into the manifest, replacing an earlier entry; return the entry.

    `aliases` are short names of the model, `facts` those that the file does not hold: command,
    minutes, scores.
    """
    path = pretrained.WEIGHTS_FOLDER / f"{name}.h5"
    attributes = weights_file.read_attributes(path)
    if "encoder" in attributes:
        known = {key: attributes.get(key)
                 for key in ("encoder", "preprocessing", "training_data", "source")}
    else:
        known = _model(attributes, aliases)
    entry = {"file": path.name, "sha256": sha256(path), "bytes": path.stat().st_size, **known,
             **facts, "licence": attributes.get("licence"),
             "citation": (backbones.VGG16_CITATION if attributes.get("encoder") == "vgg16" else
                          MODELS[attributes["model"]].citation)}
    entries = {**pretrained.read_manifest(), name: entry}
    with atomic_path(pretrained.WEIGHTS_FOLDER / pretrained.MANIFEST) as temporary:
        temporary.write_text(yaml.safe_dump(entries, sort_keys=False, width=98), encoding="utf-8")
    return entry


def scores(summary: Mapping) -> dict:
    """Return the manifest's part of a summary of `evaluate`: stimuli, their blur (None for
    published densities) and the mean of each metric."""
    return {"stimuli": summary["stimuli"], "part": summary["part"],
            "sigma_pixels": summary["sigma_pixels"],
            **{metric: round(values["mean"], 4) for metric, values in summary["metrics"].items()}}


def _model(attributes, aliases) -> dict:
    options, get = attributes.get("options", {}), attributes.get
    return {"aliases": list(aliases), "base": get("base"), "model": attributes["model"],
            "options": options, "preprocessing": options.get("preprocessing", "caffe"),
            "canvas": get("canvas"), "training_data": get("dataset"),
            "training_stimuli": get("training_stimuli"), "epoch": get("epoch")}


def _equal(arrays, others) -> bool:
    with np.errstate(over="ignore"):  # `write` refuses weights beyond float16
        return arrays.keys() == others.keys() and all(
            np.array_equal(array.astype(np.float16), others[key].astype(np.float16))
            for key, array in arrays.items())
