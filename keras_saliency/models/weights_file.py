"""Weights files: HDF5 with one float16 or float32 dataset per variable at `<layer>/<variable>`
(`block1_conv1/kernel`), and attributes that describe the file.

Both Keras versions read the same file. Keras' older layout (`save_weights("x.h5")`, the files of
keras.applications) is read too, but never written.
"""
import json
from pathlib import Path
from typing import Any, Mapping, Optional, Union

import h5py
import keras
import numpy as np

from keras_saliency.files import InputError, atomic_path, hdf5, require

PRIVATE = "_"  # first letter of groups that are no layers (optimizer state)


class WeightsError(InputError):
    """A weights file is missing, unreadable or does not fit; the message names file and layer."""


def variable_name(variable: Any) -> str:
    """Return `kernel` for Keras 2's `block1_conv1/kernel:0` and for Keras 3's `kernel`."""
    return variable.name.split("/")[-1].split(":")[0]


def layer_variables(model: keras.Model) -> dict:
    """Return {layer name: {variable name: variable}} of all layers with weights."""
    found = {}
    for layer in model.layers:
        if layer.weights:
            found[layer.name] = {variable_name(v): v for v in layer.weights}
            require(len(found[layer.name]) == len(layer.weights),
                    f"layer {layer.name} has two variables with the same name", WeightsError)
    return found


def layer_arrays(model: keras.Model) -> dict:
    """Return {layer name: {variable name: array}} of all layers with weights."""
    return {layer: {name: np.asarray(variable) for name, variable in variables.items()}
            for layer, variables in layer_variables(model).items()}


def first_not_finite(model: keras.Model) -> Optional[str]:
    """Return "<layer>/<variable>" of the first variable with NaN or infinity, or None."""
    return next((f"{layer.name}/{variable_name(variable)}" for layer in model.layers
                 for variable in layer.weights if not _is_finite(np.asarray(variable))), None)


def save(model: keras.Model, path: Union[str, Path], attributes: Optional[dict] = None,
         dtype: str = "float32", extra: Optional[dict] = None) -> Path:
    """Write the weights of `model`; the file appears whole or not at all.

    Args:
        attributes: {name: anything JSON can hold}. dtype: "float32" or "float16" on disk.
        extra: {group: {name: array}} kept beside the layers, such as optimizer state; the groups'
            names must start with an underscore.
    """
    return write(layer_arrays(model), path, attributes, dtype, extra)


def write(weights: dict, path: Union[str, Path], attributes: Optional[dict] = None,
          dtype: str = "float32", extra: Optional[dict] = None) -> Path:
    """Write weights given as {layer: {variable: array}}; otherwise as `save`."""
    path = Path(path)
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for layer, variables in weights.items():
            for name, array in variables.items():
                place = f"{path} is not written: {layer}/{name}"
                _require_finite(array, place)
                with np.errstate(over="ignore"):  # checked below
                    stored = array.astype(dtype)
                require(_is_finite(stored), f"{place} has weights beyond {dtype}; write float32",
                        WeightsError)
                file[f"{layer}/{name}"] = stored
        for group, arrays in (extra or {}).items():
            assert group.startswith(PRIVATE), group
            for name, array in arrays.items():
                file[f"{group}/{name}"] = array
        for key, value in (attributes or {}).items():
            file.attrs[key] = value if isinstance(value, str) else json.dumps(value)
    return path


def read_attributes(path: Union[str, Path]) -> dict:
    """Return the attributes of a weights file, with JSON decoded, without `layer_names` of Keras'
    older layout, whose length has no limit."""
    def decode(value):
        try:
            return json.loads(value)
        except (TypeError, ValueError, RecursionError):
            return value

    with hdf5.open_foreign(path, WeightsError) as file:
        names = [name for name in file.attrs if name != "layer_names"]
        return {key: decode(value) for key, value in hdf5.attributes(file, names).items()}


def read_group(path: Union[str, Path], group: str) -> dict:
    """Return {name: array} of a group of `save`'s `extra`; empty if it is missing."""
    with hdf5.open_foreign(path, WeightsError) as file:
        return hdf5.numbers(dict(file[group].items())) if group in file else {}


def read(path: Union[str, Path], model: Optional[keras.Model] = None) -> dict:
    """Return {layer: {variable: array}} of a weights file, ours or Keras' older layout; shapes that
    differ from those of `model`, if given, are refused before anything is read."""
    with hdf5.open_foreign(path, WeightsError) as file:
        datasets = _datasets(file["model_weights"] if "model_weights" in file else file)
        require(datasets and all(isinstance(d, h5py.Dataset) for d in datasets.values()),
                f"{path} does not hold weights as <layer>/<variable>", WeightsError)
        variables = {} if model is None else layer_variables(model)
        for (layer, name), data in datasets.items():
            if name in variables.get(layer, ()):
                _require_shape(data, variables[layer][name], f"{path}: {layer}/{name}", model)
        arrays = hdf5.numbers(datasets)
    weights = {}
    for (layer, name), array in arrays.items():
        _require_finite(array, f"{path}: {layer}/{name}")
        weights.setdefault(layer, {})[name] = array
    return weights


def _datasets(root) -> dict:
    """Return {(layer, variable): dataset} of the groups of `root`."""
    legacy, found = "layer_names" in root.attrs, {}
    for layer, group in root.items():
        if isinstance(group, h5py.Group) and not layer.startswith(PRIVATE):
            for path in _paths(group) if legacy else group:
                found[layer, _legacy_name(layer, path) if legacy else path] = group[path]
    return found


def _paths(group, prefix="") -> list:
    """Return the paths of all datasets below a group, which Keras' older layout nests."""
    return [path for name, item in group.items()
            for path in (_paths(item, f"{prefix}{name}/") if isinstance(item, h5py.Group)
                         else [prefix + name])]


def _legacy_name(layer, path) -> str:
    """Return `kernel` for `block1_conv1/kernel:0` and for Keras 1's `block1_conv1_W_1`."""
    words = {"W_1": "kernel", "b_1": "bias", "W": "kernel", "b": "bias"}
    short = path.split("/")[-1].split(":")[0]
    short = short[len(layer) + 1:] if short.startswith(f"{layer}_") else short
    return words.get(short, short)


def _is_finite(array) -> bool:
    """Return True if all numbers of an array are finite as float32."""
    if array.dtype == np.float16:  # tests the exponent's bits: ten times faster than np.isfinite
        return (array.view(np.uint16) & 0x7C00).max(initial=0) < 0x7C00
    with np.errstate(over="ignore"):
        return bool(np.isfinite(array.astype(np.float32, copy=False)).all())


def _require_finite(array, where) -> None:
    require(_is_finite(array), f"{where} holds weights that are not finite; train again at a lower "
            "learning rate, or use earlier weights", WeightsError)


def _require_shape(array, variable, where, model) -> None:
    """Compare the shape of an array, or of an HDF5 dataset that is not read yet."""
    needed = tuple(variable.shape)
    require(tuple(array.shape or ()) == needed,
            f"{where} has shape {array.shape}, {model.name} needs {needed}", WeightsError)


def assign(model: keras.Model, weights: dict, source: Union[str, Path],
           layers: Optional[Mapping] = None) -> list:
    """Set all variables of `model`, or none, from {layer: {variable: array}}; return layer names.

    `source` names the weights in messages. `layers` is {layer of the model: layer of the weights};
    None for all, by equal names.
    """
    variables = layer_variables(model)
    layers = {name: name for name in variables} if layers is None else layers
    pairs = []
    for layer, theirs in layers.items():
        require(theirs in weights, f"{source} has no layer {theirs!r}, which {model.name} needs "
                f"for {layer!r}; it has {', '.join(sorted(weights))}", WeightsError)
        for name, variable in variables[layer].items():
            require(name in weights[theirs], f"{source}: layer {theirs!r} has no {name!r}",
                    WeightsError)
            array = weights[theirs][name]
            _require_shape(array, variable, f"{source}: {theirs}/{name}", model)
            pairs.append((variable, array))
    for variable, array in pairs:
        variable.assign(array.astype(np.float32))
    return list(layers)
