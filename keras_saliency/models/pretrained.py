"""Weights of ImageNet encoders and of trained models, by name or path, and their release into
`weights/`: small files and their entries in the manifest."""
import re
import reprlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence, Union

import keras
import numpy as np
import yaml

from keras_saliency.files import InputError, first_line, require, sha256, write_whole
from keras_saliency.files.shipped import missing_weights, shipped
from keras_saliency.models import weights_file
from keras_saliency.models.backbones import VGG16_CITATION
from keras_saliency.models.registry import MODELS
from keras_saliency.models.weights_file import WeightsError

WEIGHTS_FOLDER = shipped("weights")
MANIFEST = "manifest.yaml"
MOST_BASES = 2  # below a file: a network, and its encoder
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
LARGEST = 48e6  # bytes that a file in the repository may have

# preset name -> (file in WEIGHTS_FOLDER, builder in keras.applications)
ENCODER_PRESETS = {"imagenet": ("vgg16_imagenet.h5", "VGG16")}
_ENCODER_LAYER = re.compile(r"(?:.*_)?(block\d+_conv\d+|alexnet_conv\d)$")


def encoder_layers(model: keras.Model) -> dict:
    """Return {layer of the model: layer of VGG16 or AlexNet} of its encoder convolutions."""
    matches = map(_ENCODER_LAYER.match, weights_file.layer_variables(model))
    return {match.group(): match.group(1) for match in matches if match}


def load_encoder(model: keras.Model, source: Union[str, Path]) -> None:
    """Set the encoder convolutions of `model` from `source`.

    It is "imagenet" (a file in `weights/`, else keras.applications, which may download) or the path
    of an HDF5 file with the layers of VGG16 (or of AlexNet, for a model that has it).
    """
    layers = encoder_layers(model)
    require(layers, f"{model.name} has no pretrained encoder to load {source!r} into", WeightsError)
    path = Path(source).expanduser()
    if str(source) in ENCODER_PRESETS:
        weights = _read_preset(str(source))
    elif path.is_file():
        weights = weights_file.read(path)
    else:
        raise WeightsError(f"encoder weights {str(source)!r}: no such file, and not one of the "
                           f"presets {sorted(ENCODER_PRESETS)}")
    weights_file.assign(model, weights, f"encoder weights {source}", layers)


def _read_preset(name) -> dict:
    file, builder = ENCODER_PRESETS[name]
    path = WEIGHTS_FOLDER / file
    if path.is_file():
        _verify(path)
        return weights_file.read(path)
    try:
        reference = getattr(keras.applications, builder)(include_top=False, weights=name)
    except Exception as error:  # the download fails in many ways, all with the same remedy
        raise WeightsError(
            f"{name} weights for {builder}: there is no {path}, and keras.applications could "
            f"not fetch them ({type(error).__name__}: {error}). Put {file} into weights/, or give "
            "a file: encoder_weights=PATH (model.encoder_weights in a config)") from None
    return weights_file.layer_arrays(reference)


def read_manifest() -> dict:
    """Return {name: entry} of `weights/manifest.yaml`; {} without one."""
    path = WEIGHTS_FOLDER / MANIFEST
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def list_pretrained() -> list:
    """Return the names that `load_pretrained` takes: trained models in `weights/` and aliases."""
    presets = {file for file, _ in ENCODER_PRESETS.values()}
    aliases = [alias for entry in read_manifest().values() for alias in entry.get("aliases", ())]
    return sorted(aliases + [p.stem for p in WEIGHTS_FOLDER.glob("*.h5") if p.name not in presets])


def find_weights(name_or_path: Union[str, Path]) -> Path:
    """Return the weights file of a name in `weights/`, a file, or a run folder (its `best.h5`).

    Raises:
        WeightsError: neither, or a file of `weights/` that its manifest does not describe.
    """
    path = Path(name_or_path).expanduser()
    candidates = [path / "best.h5" if path.is_dir() else path]
    if path.name == str(name_or_path):
        name = next((name for name, entry in read_manifest().items()
                     if str(name_or_path) in entry.get("aliases", ())), name_or_path)
        candidates.insert(0, WEIGHTS_FOLDER / f"{name}.h5")
    for candidate in candidates:
        if candidate.is_file():
            _verify(candidate)
            return candidate
    raise WeightsError(missing_weights(str(name_or_path), list_pretrained()))


def read_model(path: Union[str, Path]) -> tuple:
    """Return (`read_weights`, attributes) of a model's weights file."""
    attributes = weights_file.read_attributes(path)
    return read_weights(path, attributes), attributes


def read_weights(path: Union[str, Path], attributes: dict, model: Optional[keras.Model] = None,
                 below: int = MOST_BASES) -> dict:
    """Return {layer: {variable: array}} of a weights file with these attributes.

    A file may leave out layers that it shares with its `base`, a file of the same folder (or of
    `weights/`), such as an encoder that stayed as it was, or a network that was calibrated; that
    one may have a base as well, `below` of them in all. `model` is that of `weights_file.read`.
    """
    path = Path(path)
    weights = weights_file.read(path, model)
    if "base" not in attributes:
        return weights
    base = _find_base(path, attributes["base"])
    require(below, f"{path} builds on {base.name}, and others on it: at most {MOST_BASES} files "
            "build on each other", WeightsError)
    _verify(base)
    found = read_weights(base, weights_file.read_attributes(base), below=below - 1)
    return {**found, **weights}


def _find_base(path, name) -> Path:
    """Find the file `name` in a listing of `path`'s folder or `weights/`, and so nowhere else."""
    for folder in filter(Path.is_dir, (path.parent, WEIGHTS_FOLDER)):
        for file in folder.iterdir():
            if isinstance(name, str) and file.name == name and file.is_file():
                return file
    raise WeightsError(f"{path} builds on {reprlib.repr(name)}, which is no file beside it or in "
                       f"{WEIGHTS_FOLDER} (attribute 'base')")


def _verify(path: Path) -> None:
    """Raise `WeightsError` if `path` lies in `weights/` and differs from what the manifest says."""
    entry = read_manifest().get(path.stem) if path.parent == WEIGHTS_FOLDER else None
    require(not entry or _sha256(path, path.stat().st_mtime_ns) == entry["sha256"],
            f"{path} is not the file that {MANIFEST} describes (its sha256 differs): it was cut "
            "short or replaced; copy or download it again", WeightsError)


@lru_cache(maxsize=32)
def _sha256(path: Path, changed: int) -> str:
    """The SHA-256 of a file that was last changed at `changed`."""
    return sha256(path)


def release(source: Union[str, Path], name: str, base: Optional[str] = "vgg16_imagenet.h5",
            licence: str = "MIT") -> Path:
    """Write `weights/<name>.h5` in float16 from a weights file or run folder; return its path.

    Layers that equal those of `base` are left out: a file in `weights/`, an encoder or the network
    before its calibration; None to write all layers.
    """
    made, path = _place(name), find_weights(source)
    weights, attributes = read_model(path)
    require("model" in attributes, f"{path} does not say which model it is for", WeightsError)
    attributes.pop("base", None)
    if base is not None:
        shared, _ = read_model(_place(base.removesuffix(".h5")))
        weights = {layer: arrays for layer, arrays in weights.items()
                   if not _equal(arrays, shared.get(layer, {}))}
        attributes["base"] = base
    attributes["licence"] = licence
    size = 2 * sum(array.size for arrays in weights.values() for array in arrays.values())
    require(size <= LARGEST, f"{name} would have {size / 1e6:.0f} MB; layers that equal those of "
            f"{base} are left out, so train with more layers frozen", WeightsError)
    return weights_file.write(weights, made, attributes, "float16")


def _place(name) -> Path:
    """Return the file of a name in `weights/`; `InputError` for a name that leads elsewhere."""
    require(isinstance(name, str) and _NAME.fullmatch(name), f"{name!r} is no name of a pretrained "
            "model: letters, digits, _, - and ., of which the first is a letter or a digit")
    return WEIGHTS_FOLDER / f"{name}.h5"


def describe(name: str, aliases: Sequence = (), **facts: Any) -> dict:
    """Enter `weights/<name>.h5` into the manifest, replacing an earlier entry; return the entry.

    `aliases` are short names of the model, `facts` those that the file does not hold: command,
    minutes, scores.
    """
    path = _place(name)
    attributes = weights_file.read_attributes(path)
    get = attributes.get
    if "encoder" in attributes:
        known = {key: get(key) for key in ("encoder", "preprocessing", "training_data", "source")}
    else:
        options = get("options", {})
        known = {"aliases": list(aliases), "base": get("base"), "model": attributes["model"],
                 "options": options, "preprocessing": options.get("preprocessing", "caffe"),
                 "canvas": get("canvas"), "training_data": get("dataset"),
                 "training_stimuli": get("training_stimuli"), "epoch": get("epoch")}
    entry = {"file": path.name, "sha256": sha256(path), "bytes": path.stat().st_size, **known,
             **facts, "licence": get("licence"),
             "citation": (VGG16_CITATION if get("encoder") == "vgg16" else
                          MODELS[attributes["model"]].citation)}
    entries = {**read_manifest(), name: entry}
    write_whole(WEIGHTS_FOLDER / MANIFEST, yaml.safe_dump(entries, sort_keys=False, width=98))
    return entry


def scores(summary: Mapping, name: str = "the summary") -> dict:
    """Return the manifest's part of a summary of `evaluate`: stimuli, their blur (None for
    published densities) and the mean of each metric that has one.

    Raises `InputError`, with `name`, for what is no such summary.
    """
    try:
        found = {"stimuli": int(summary["stimuli"]), "part": str(summary["part"]),
                 "sigma_pixels": summary["sigma_pixels"] and float(summary["sigma_pixels"]),
                 **{str(metric): round(float(values["mean"]), 4)
                    for metric, values in summary["metrics"].items()
                    if values["mean"] is not None}}
        require(isinstance(summary["dataset"], str), f"{name}: its dataset is no name")
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"{name} is no summary of evaluate --out ({type(error).__name__}: "
                         f"{first_line(error)}); score the network again") from None
    except ValueError as error:  # of float and int, too
        raise InputError(f"{name}: {first_line(error)}") from None
    return found


def _equal(arrays, others) -> bool:
    with np.errstate(over="ignore"):  # `write` refuses weights beyond float16
        return arrays.keys() == others.keys() and all(
            np.array_equal(array.astype(np.float16), others[key].astype(np.float16))
            for key, array in arrays.items())
