"""Weights files: HDF5 with one dataset per variable at `<layer>/<variable>`, e.g.
`block1_conv1/kernel`, float16 or float32, and attributes that say what the file is.

Both Keras versions read the same file. Keras' own older layout (`save_weights("x.h5")`, the
files of keras.applications) is read as well, never written.
"""
import json
from pathlib import Path

import h5py
import numpy as np

from keras_saliency.files import InputError, atomic_path, hdf5

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
            if not _is_finite(np.asarray(variable)):
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
                with np.errstate(over="ignore"):  # the next line finds it
                    array = array.astype(dtype)
                _require_finite(array, f"{path} is not written: {layer}/{name}")
                file[f"{layer}/{name}"] = array
        for group, arrays in (extra or {}).items():
            assert group.startswith(PRIVATE), group
            for name, array in arrays.items():
                file[f"{group}/{name}"] = array
        for key, value in (attributes or {}).items():
            file.attrs[key] = value if isinstance(value, str) else json.dumps(value)
    return path


def read_attributes(path) -> dict:
    """The attributes of a weights file, JSON decoded where they are JSON.

    But for `layer_names` of Keras' older layout, a list without limit.
    """
    def decode(value):
        try:
            return json.loads(value)
        except (TypeError, ValueError, RecursionError):
            return value

    with hdf5.open_foreign(path, WeightsError) as file:
        names = [name for name in file.attrs if name != "layer_names"]
        return {key: decode(value) for key, value in hdf5.attributes(file, names).items()}


def read_group(path, group) -> dict:
    """{name: array} of one private group (`extra` of `save`); empty if it is not there."""
    with hdf5.open_foreign(path, WeightsError) as file:
        return hdf5.numbers(dict(file[group].items())) if group in file else {}


def read(path, model=None) -> dict:
    """{layer: {variable: array}} of a weights file, ours or Keras' older layout.

    Args:
        model: what the weights are for; then those of other shapes are not read at all.

    Raises:
        WeightsError: the file is missing, damaged, refers to other files, holds no weights, some
            that are not finite in float32, or of another shape than in `model`.
    """
    with hdf5.open_foreign(path, WeightsError) as file:
        datasets = _datasets(file["model_weights"] if "model_weights" in file else file)
        if not datasets or not all(isinstance(d, h5py.Dataset) for d in datasets.values()):
            raise WeightsError(f"{path} does not hold weights as <layer>/<variable>")
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
    """{(layer, variable): dataset} of all that lies in the groups of `root`."""
    legacy, found = "layer_names" in root.attrs, {}
    for layer, group in root.items():
        if isinstance(group, h5py.Group) and not layer.startswith(PRIVATE):
            for path in _paths(group) if legacy else group:
                found[layer, _legacy_name(layer, path) if legacy else path] = group[path]
    return found


def _paths(group, prefix="") -> list:
    """Paths of the datasets in a group and in those within it, as Keras' older layout has them."""
    return [path for name, item in group.items()
            for path in (_paths(item, f"{prefix}{name}/") if isinstance(item, h5py.Group)
                         else [prefix + name])]


def _legacy_name(layer, path) -> str:
    """`kernel` for `block1_conv1/kernel:0`, or for Keras 1's `block1_conv1_W_1`."""
    words = {"W_1": "kernel", "b_1": "bias", "W": "kernel", "b": "bias"}
    short = path.split("/")[-1].split(":")[0]
    short = short[len(layer) + 1:] if short.startswith(f"{layer}_") else short
    return words.get(short, short)


def _is_finite(array) -> bool:
    """Whether all numbers of an array are finite as float32."""
    if array.dtype == np.float16:  # all bits of the exponent; NumPy's own test takes ten times it
        return (array.view(np.uint16) & 0x7C00).max(initial=0) < 0x7C00
    with np.errstate(over="ignore"):
        return bool(np.isfinite(array.astype(np.float32, copy=False)).all())


def _require_finite(array, where) -> None:
    if not _is_finite(array):
        raise WeightsError(f"{where} holds weights that are not finite; train again at a lower "
                           "learning rate, or take weights from before")


def _require_shape(array, variable, where, model) -> None:
    """Of an array or an HDF5 dataset, before it is read."""
    if tuple(array.shape or ()) != tuple(variable.shape):
        raise WeightsError(f"{where} has shape {array.shape}, "
                           f"{model.name} needs {tuple(variable.shape)}")


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
            _require_shape(array, variable, f"{source}: {theirs}/{name}", model)
            pairs.append((variable, array))
    for variable, array in pairs:
        variable.assign(array.astype(np.float32))
    return list(layers)
