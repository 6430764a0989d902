"""The layers of each model that a study is about, as the command line names them.

`block5_conv3` is a layer of every model, `ead:block5_conv3` of one of them. `a+b` joins the units
of two layers to one group, such as both scales of OpenSALICON (He, Borji, Mi and Pugeault 2018,
Table 5: 1,024 activation_maps). Units of a group are numbered one layer after the other.
"""
from typing import Iterable, Mapping

import keras
import numpy as np

from keras_saliency.files import InputError
from keras_saliency.metrics.streaming import Moments
from keras_saliency.units.activations import LayerError, check_layers, layer_names


def choose_layers(entries: Iterable[str],
                  models: Mapping[str, keras.Model]) -> dict[str, list[str]]:
    """Return {model: names of its layers and groups "a+b"}, in the order given.

    Args:
        entries: "layer", "model:layer", "a+b" or "model:a+b". models: {name: model}.

    Raises:
        InputError: a model that is not among them. LayerError: a layer that its model does not
            have, a layer joined with itself, or a model without any.
    """
    chosen = {name: [] for name in models}
    for entry in entries:
        model, colon, name = str(entry).rpartition(":")
        if colon and model not in models:
            raise InputError(f"layer {entry!r}: no model {model!r}; the models are "
                             f"{', '.join(models)}")
        layers = members(name)
        for each in [model] if colon else models:
            check_layers(models[each], layers, each)
            if len(set(layers)) < len(layers):
                raise LayerError(f"{name!r} joins a layer of {each} with itself")
            if name not in chosen[each]:
                chosen[each].append(name)
    for model, names in chosen.items():
        if not names:
            raise LayerError(f"no layer of {model} is chosen; add {model}:LAYER, where LAYER is "
                             f"one of {', '.join(layer_names(models[model]))}")
    return chosen


def members(name: str) -> list[str]:
    """The layers of a group."""
    return name.split("+")


def single_layers(names: Iterable[str]) -> list[str]:
    """The layers of all these groups, each once."""
    return list(dict.fromkeys(layer for name in names for layer in members(name)))


def join_moments(parts: Iterable[Moments]) -> Moments:
    """The `Moments` of the units of several layers, one layer after the other."""
    return Moments(*map(np.concatenate, zip(*parts)))
