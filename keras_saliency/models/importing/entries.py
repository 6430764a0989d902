"""Which array of an author's file becomes which of our variables, checked shape by shape."""
from typing import Callable, NamedTuple

import numpy as np

from keras_saliency.files import list_some
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError

SHOWN = 12  # keys that a message lists


class Layout(NamedTuple):
    """How an array lies in the author's file.

    shape: our variable's shape -> the author's. convert: the author's array -> ours.
    """

    shape: Callable
    convert: Callable


def _flip(array):
    """Rows and columns of filters [out, in, h, w] in reverse: turned by 180 degrees."""
    return array[:, :, ::-1, ::-1]


def _channels_last(array):
    return array.transpose(2, 3, 1, 0)


def _channels_first(shape):
    return tuple(shape[axis] for axis in (3, 2, 0, 1)) if len(shape) == 4 else tuple(shape)


SAME = Layout(tuple, np.asarray)
# [out, in, h, w] of Caffe and Theano. Of a transposed convolution, whose Keras kernel is
# [h, w, out, in], the Caffe blob is [in, out, h, w]: the same transposition.
CHANNELS_FIRST = Layout(_channels_first, _channels_last)
# Theano convolves: it slides the filter turned by 180 degrees, TensorFlow as it is.
CHANNELS_FIRST_FLIPPED = Layout(_channels_first, lambda array: _channels_last(_flip(array)))


class Entry(NamedTuple):
    """`layer`/`variable` of our model is `key` of the file, in `layout`."""

    layer: str
    variable: str
    key: str
    layout: Layout = SAME


def pairs(layer: str, kernel: str, bias: str, layout: Layout = SAME) -> list:
    """The two entries of a convolution."""
    return [Entry(layer, "kernel", kernel, layout), Entry(layer, "bias", bias)]


def assemble(entries, arrays: dict, model, source) -> dict:
    """{layer: {variable: float32 array}} for all variables of `model`.

    Args:
        entries: of `Entry`, in the order in which they are checked.
        arrays: {key: array} of the author's file. source: its name for messages.

    Raises:
        WeightsError: the first key that is missing or whose shape, type or values do not fit.
    """
    variables = weights_file.layer_variables(model)
    weights = {}
    for layer, variable, key, layout in entries:
        if key not in arrays:
            raise WeightsError(f"{source} has no {key!r}, which {model.name} needs for "
                               f"{layer}/{variable}; it has {list_some(arrays, SHOWN)}")
        array, needed = arrays[key], layout.shape(variables[layer][variable].shape)
        if tuple(array.shape) != tuple(needed):
            raise WeightsError(f"{source}: {key} has shape {tuple(array.shape)}, {model.name} "
                               f"needs {tuple(needed)} for {layer}/{variable}")
        if array.dtype.kind != "f":
            raise WeightsError(f"{source}: {key} holds {array.dtype} where weights are float")
        if not np.isfinite(array).all():
            raise WeightsError(f"{source}: {key} has values that are not finite; the file is "
                               "damaged: download it again")
        converted = layout.convert(array)
        weights.setdefault(layer, {})[variable] = np.ascontiguousarray(converted, np.float32)
    forgotten = [f"{layer}/{name}" for layer, names in variables.items() for name in names
                 if name not in weights.get(layer, {})]
    assert not forgotten, forgotten  # a fault of the converter, not of the file
    return weights
