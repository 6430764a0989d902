"""Trained models: weights files into models, and models into files."""
import os
import reprlib
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any, Optional, Union

import keras

from keras_saliency import __version__
from keras_saliency.config import check_size
from keras_saliency.files import InputError, NotTrusted, atomic_path, first_line, printable, require
from keras_saliency.files.kinds import describe_kind, is_hdf5
from keras_saliency.maps import geometry
from keras_saliency.maps.facts import Facts, provenance
from keras_saliency.models import weights_file
from keras_saliency.models.building import build_model, check_names
from keras_saliency.models.calibration import add_calibration
from keras_saliency.models.facts_layer import facts_of, is_calibrated, named_facts, with_facts
from keras_saliency.models.pretrained import find_weights, load_encoder, read_weights
from keras_saliency.models.registry import MODELS, list_models
from keras_saliency.models.weights_file import WeightsError

KERAS_FILE = ".keras"


def load_pretrained(name_or_path: Union[str, os.PathLike], trust: bool = False) -> keras.Model:
    """Load a trained model with its weights.

    Args:
        name_or_path: a name in `weights/`, a weights file of this package, a run folder (its
            `best.h5` is taken), or a .keras file.
        trust: also load a network that code of your own builds (MODULE:FUNCTION), by importing
            the module that the file names.

    Returns:
        keras.Model of any input size, which carries its `Facts`; their `about` holds the
        attributes of its file: file, model, options, training data, scores, licence, calibration.
        A calibrated model gives a density.

    Raises:
        WeightsError: no such weights; a file in `weights/` whose sha256 is not the manifest's; or
            attributes or weights that are missing, out of range or do not fit.
    """
    if str(name_or_path).endswith(KERAS_FILE):
        return _load_keras(Path(name_or_path).expanduser())
    path = find_weights(name_or_path)
    attributes = weights_file.read_attributes(path)
    model = _build_described(attributes, path, trust)
    weights_file.assign(model, read_weights(path, attributes, model), path)
    return with_facts(model, facts_of(model).changed(about={**attributes, "file": str(path)}))


def save(model: keras.Model, path: Union[str, os.PathLike]) -> Path:
    """Keep a trained network so that `load_pretrained` opens it; return the path.

    Args:
        path: .keras for any network, one of your own (`keras_saliency.facts`) too; .h5, which
            both versions of Keras read, for networks of `build_model` and `load_pretrained`.

    Raises:
        InputError: another ending, weights that are not finite, or a network that does not say
            which registered one it is (.h5).
    """
    path, wrong = Path(path), weights_file.first_not_finite(model)
    require(not wrong, f"{path} is not written: {wrong} of {model.name} is not finite; train again "
            "at a lower learning rate")
    if path.suffix == KERAS_FILE:
        carrying = with_facts(model, facts_of(model))
        with atomic_path(path) as temporary:
            carrying.save(temporary)
        return path
    require(path.suffix in (".h5", ".hdf5"),
            f"{path}: a network is kept in a file that ends in .keras or .h5")
    facts = facts_of(model)
    about = {key: value for key, value in facts.about.items() if key not in ("file", "base")}
    require("calibration" in about or not is_calibrated(model), f"{path}: {model.name} does "
            "not say what it was calibrated on; calibrate it by keras_saliency.calibrate")
    require(about.get("model") in MODELS, f"{path}: {model.name} does not say which registered "
            "network it is; keep a network of your own in a .keras file")
    return weights_file.save(model, path, {
        **about, "canvas": list(facts.require_canvas()), "fit": facts.fit,
        "keras": keras.__version__, "keras_saliency": __version__})


def build_own(name: str, input_shape: tuple = (None, None, 3),
              encoder_weights: Optional[Union[str, Path]] = None, **options: Any) -> keras.Model:
    """Build a network by code of your own, "MODULE:FUNCTION".

    The function takes `input_shape` and the options, and returns a Keras model, or one of
    `keras_saliency.facts`.
    """
    module, _, function = str(name).partition(":")
    try:
        builder = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"model {name!r}: no function {function!r} of a module {module!r} that "
                         f"Python finds ({first_line(error)}); start in its folder, or set "
                         "PYTHONPATH") from None
    check_names(name, builder, options)
    try:
        model = builder(input_shape=input_shape, **options)
    except Exception as error:  # of the user's code
        raise InputError(f"model {name!r}: {type(error).__name__}: {first_line(error)}") from error
    model = with_facts(model, facts_of(model).changed(about={"model": name, "options": options}))
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    return model


def is_own(name: Any) -> bool:
    """Return whether a model's name is MODULE:FUNCTION."""
    return isinstance(name, str) and ":" in name


def origin(facts: Facts) -> str:
    """Return one line on where a model's weights come from and what they were trained on."""
    if "file" not in facts.about:
        return (f"{facts.name}: a classical model, nothing was trained"
                if facts.name in list_models(classical=True) else provenance(facts))
    return printable(f"{facts.about['file']}: {provenance(facts)}")


def _load_keras(path):
    require(path.is_file(), f"{path}: no such file", WeightsError)
    whole = zipfile.is_zipfile(path)
    require(whole or is_hdf5(path), f"{path} is no .keras file that is whole: "
            f"{describe_kind(path)}", WeightsError)
    if whole:
        with zipfile.ZipFile(path) as archive:
            require("config.json" in archive.namelist(), f"{path} holds no Keras model (it has no "
                    "config.json): it was written by another program", WeightsError)
    try:
        model = keras.models.load_model(path, compile=False)
    except Exception as error:  # of a dozen types
        raise WeightsError(f"{path}: Keras {keras.__version__} cannot load it "
                           f"({first_line(error):.200}); Keras 2 and 3 do not read each other's "
                           "files, and layers of your own must be registered first") from None
    facts = facts_of(model)
    return with_facts(model, facts.changed(about={**facts.about, "file": str(path)}))


def _build_described(attributes, path, trust):
    """Build the model that the attributes of a weights file describe, without its weights."""
    require("model" in attributes, f"{path} does not say which model it is for (no attribute "
            "'model'): it holds an encoder, or another program wrote it. A whole model of Keras is "
            "opened by keras.models.load_model; keras_saliency.facts makes it one for this package",
            WeightsError)
    name, options = attributes["model"], attributes.get("options", {})
    networks = list_models(classical=False)
    fit = attributes.get("fit", geometry.PAD)  # files of before there was a choice have none
    calibration = attributes.get("calibration", {})

    def check(holds, key, value, needed):
        require(holds, f"{path}: attribute {key!r} is {reprlib.repr(value)}{needed}", WeightsError)

    require(trust or not is_own(name), f"{path} is of a network that code outside this package "
            f"builds, {reprlib.repr(name)}; if you trust the file, load it with trust", NotTrusted)
    check(isinstance(name, str) and (name in networks or is_own(name)), "model", name,
          f"; the networks are {', '.join(networks)}")
    check(isinstance(options, dict), "options", options, ", not options by name")
    check(isinstance(fit, str) and fit in geometry.FITS, "fit", fit,
          f", not {' or '.join(geometry.FITS)}")
    check(isinstance(calibration, dict), "calibration", calibration, ", not what it was fitted to")
    try:
        canvas = check_size(attributes.get("canvas", named_facts(name).canvas))
    except InputError as error:
        raise WeightsError(f"{path}: attribute 'canvas': {error}") from None
    try:
        if not is_own(name):  # or one might be an argument beside the options
            check_names(name, MODELS[name].builder, options)
        model = (build_own if is_own(name) else build_model)(name, **options)
    except InputError as error:
        raise WeightsError(f"{path}: attribute 'options': {error}") from None
    model = with_facts(model, facts_of(model).changed(canvas=canvas, fit=fit))
    return add_calibration(model) if "calibration" in attributes else model
