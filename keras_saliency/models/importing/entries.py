"""Entries: which array of an author's file becomes which of our variables, checked by shape."""
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, NamedTuple, Optional, Union

import keras
import numpy as np

from keras_saliency.files import list_some
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError

SHOWN = 12  # keys that a message lists


@dataclass(frozen=True)
class Converter:
    """Rules to read the weights that the authors of one model published.

    Attributes:
        formats: kinds of files to read (keys of `formats.READERS`).
        entries: function (arrays, kind) -> list of `Entry`.
        about: function (path, kind, options) -> attributes of our weights file that depend on the
            author's; sources.yaml has the others.
        build: function (**options) -> keras.Model of an encoder; None for a registered model.
        infer: function (arrays, **options) -> {option: value} that the arrays imply; or None.
    """

    formats: tuple
    entries: Callable
    about: Callable = lambda path, kind, options: {}
    build: Optional[Callable] = None
    infer: Optional[Callable] = None


class Layout(NamedTuple):
    """Layout of an array in the author's file.

    shape: our variable's shape -> the author's. convert: the author's array -> ours.
    """

    shape: Callable
    convert: Callable


def _channels_last(array):
    return array.transpose(2, 3, 1, 0)


def _channels_first(shape):
    return tuple(shape[axis] for axis in (3, 2, 0, 1)) if len(shape) == 4 else tuple(shape)


SAME = Layout(tuple, np.asarray)
# [out, in, h, w] of Caffe and Theano. A transposed convolution is [in, out, h, w] in Caffe and
# [h, w, out, in] in Keras, so that the same transposition applies.
CHANNELS_FIRST = Layout(_channels_first, _channels_last)
# Theano convolves: it slides the filter turned by 180 degrees, TensorFlow as it is.
CHANNELS_FIRST_FLIPPED = Layout(_channels_first, lambda a: _channels_last(a)[::-1, ::-1])


class Entry(NamedTuple):
    """`layer`/`variable` of our model is `key` of the file, in `layout`."""

    layer: str
    variable: str
    key: str
    layout: Layout = SAME


def pairs(layer: str, kernel: str, bias: str, layout: Layout = SAME) -> list:
    """Return the two entries of a convolution."""
    return [Entry(layer, "kernel", kernel, layout), Entry(layer, "bias", bias)]


def assemble(entries: Iterable, arrays: dict, model: keras.Model, source: Union[str, Path]) -> dict:
    """Return {layer: {variable: float32 array}} for all variables of `model`.

    Args:
        entries: `Entry` list, in the order of the checks.
        arrays: {key: array} of the author's file. source: its name in messages.
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
            raise WeightsError(f"{source}: {key} holds {array.dtype}, but weights are float")
        if not np.isfinite(array).all():
            raise WeightsError(f"{source}: {key} has values that are not finite; the file is "
                               "damaged: download it again")
        converted = layout.convert(array)
        weights.setdefault(layer, {})[variable] = np.ascontiguousarray(converted, np.float32)
    forgotten = [f"{layer}/{name}" for layer, names in variables.items() for name in names
                 if name not in weights.get(layer, {})]
    assert not forgotten, forgotten  # an error of the converter, not of the file
    return weights
