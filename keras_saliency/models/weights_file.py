"""Weights files: HDF5 with one dataset per variable at `<layer>/<variable>`, e.g.
`block1_conv1/kernel`, float16 or float32, and attributes that say what the file is.

Both Keras versions read the same file. Keras' own older layout (`save_weights("x.h5")`, the
files of keras.applications) is read as well, never written.
"""
import json
from pathlib import Path

import h5py
import numpy as np

from keras_saliency.files import InputError, atomic_path

PRIVATE = "_"  # groups whose name starts so are not layers (optimizer state)


class WeightsError(InputError):
    """A weights file is missing, unreadable or does not fit; the message names file and layer."""


def variable_name(variable) -> str:
    """`kernel` for Keras 2's `block1_conv1/kernel:0` and for Keras 3's `kernel`."""
    return variable.name.split("/")[-1].split(":")[0]


def layer_variables(model) -> dict:
    """{layer name: {variable name: variable}} of all layers that have weights."""
    found = {}
    for layer in model.layers:
        if layer.weights:
            found[layer.name] = {variable_name(v): v for v in layer.weights}
            if len(found[layer.name]) != len(layer.weights):
                raise WeightsError(f"layer {layer.name} has two variables of one name")
    return found


def first_not_finite(model):
    """"<layer>/<variable>" of the first variable with NaN or infinity; None if there is none."""
    for layer in model.layers:
        for variable in layer.weights:
            if not np.isfinite(np.asarray(variable)).all():
                return f"{layer.name}/{variable_name(variable)}"
    return None


def save(model, path, attributes=None, dtype="float32", extra=None) -> Path:
    """Write the weights of `model`; the file appears whole or not at all.

    Args:
        model: keras.Model. path: target, by custom `*.h5`.
        attributes: str, number or anything JSON can hold, by name.
        dtype: "float32" or "float16" on disk.
        extra: {name: {name: array}} groups kept beside the layers, e.g. optimizer state; their
            names must start with an underscore.
    """
    return write({layer: {name: np.asarray(variable) for name, variable in variables.items()}
                  for layer, variables in layer_variables(model).items()},
                 path, attributes, dtype, extra)


def write(weights: dict, path, attributes=None, dtype="float32", extra=None) -> Path:
    """`save` for weights as {layer: {variable: array}}."""
    path = Path(path)
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for layer, variables in weights.items():
            for name, array in variables.items():
                file[f"{layer}/{name}"] = array.astype(dtype)
        for group, arrays in (extra or {}).items():
            assert group.startswith(PRIVATE), group
            for name, array in arrays.items():
                file[f"{group}/{name}"] = array
        for key, value in (attributes or {}).items():
            file.attrs[key] = value if isinstance(value, str) else json.dumps(value)
    return path


def _open(path) -> h5py.File:
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"no weights file {path}")
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise WeightsError(f"{path} is not a readable HDF5 file ({error}); "
                           "it may be cut short: copy or download it again") from None


def read_attributes(path) -> dict:
    """The attributes of a weights file, JSON decoded where they are JSON."""
    def decode(value):
        try:
            return json.loads(value)
        except (TypeError, ValueError):
            return value

    with _open(path) as file:
        return {key: decode(value) for key, value in file.attrs.items()}


def read_group(path, group) -> dict:
    """{name: array} of one private group (`extra` of `save`); empty if it is not there."""
    with _open(path) as file:
        return {name: data[()] for name, data in file[group].items()} if group in file else {}


def read(path) -> dict:
    """{layer: {variable: array}} of a weights file, ours or Keras' older layout."""
    with _open(path) as file:
        root = file["model_weights"] if "model_weights" in file else file
        if "layer_names" in root.attrs:
            return _read_legacy(root)
        weights = {layer: {name: _value(data) for name, data in group.items()}
                   for layer, group in root.items()
                   if isinstance(group, h5py.Group) and not layer.startswith(PRIVATE)}
    if not weights or not all(isinstance(v, np.ndarray) for g in weights.values()
                              for v in g.values()):
        raise WeightsError(f"{path} does not hold weights as <layer>/<variable>")
    return weights


def _value(data):
    """The array of a dataset, also of one that is a single number; a group as it is."""
    return np.asarray(data[()]) if isinstance(data, h5py.Dataset) else data


def _read_legacy(root) -> dict:
    """Keras' older layout: names in attributes; `x_W_1` and `x_b_1` are Keras 1's words."""
    words = {"W_1": "kernel", "b_1": "bias", "W": "kernel", "b": "bias"}
    weights = {}
    for layer in (_text(n) for n in root.attrs["layer_names"]):
        group, found = root[layer], {}
        for name in (_text(n) for n in group.attrs["weight_names"]):
            short = name.split("/")[-1].split(":")[0]
            short = short[len(layer) + 1:] if short.startswith(f"{layer}_") else short
            found[words.get(short, short)] = group[name][()]
        if found:
            weights[layer] = found
    return weights


def _text(name) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def assign(model, weights: dict, source, layers=None) -> list:
    """Set the variables of `model` from {layer: {variable: array}}.

    Args:
        source: what to call the weights in messages.
        layers: {layer of the model: layer of the weights}; None for all, by equal names.

    Returns:
        Names of the layers that were set.

    Raises:
        WeightsError: a layer or variable that is missing, or a shape that differs; nothing is
            set in that case.
    """
    variables = layer_variables(model)
    layers = {name: name for name in variables} if layers is None else layers
    pairs = []
    for layer, theirs in layers.items():
        if theirs not in weights:
            raise WeightsError(f"{source} has no layer {theirs!r}, which {model.name} needs for "
                               f"{layer!r}; it has {', '.join(sorted(weights))}")
        for name, variable in variables[layer].items():
            if name not in weights[theirs]:
                raise WeightsError(f"{source}: layer {theirs!r} has no {name!r}")
            array = weights[theirs][name]
            if tuple(array.shape) != tuple(variable.shape):
                raise WeightsError(f"{source}: {theirs}/{name} has shape {array.shape}, "
                                   f"{model.name} needs {tuple(variable.shape)}")
            pairs.append((variable, array))
    for variable, array in pairs:
        variable.assign(array.astype(np.float32))
    return list(layers)
