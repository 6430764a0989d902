"""Which layers of which model are studied, as the command line names them.

`block5_conv3` is a layer of every model, `ead:block5_conv3` of one of them. `a+b` joins the units
of two layers to one group, such as both scales of OpenSALICON (He, Borji, Mi and Pugeault 2018,
Table 5: 1,024 activation_maps); they are numbered one layer after the other.
"""
import numpy as np

from keras_saliency.files import InputError
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models.pretrained import encoder_layers
from keras_saliency.units.activations import LayerError, layer_names

# Of networks without VGG16 or AlexNet: what He, Borji, Mi and Pugeault (2018, section 5) count as
# the encoder of Deepnet, its first five convolutions; of the shallow network, all of them.
ENCODER_OUTPUTS = {"salnet_deep": "conv5", "salnet_shallow": "conv3"}


def choose_layers(entries, models: dict) -> dict:
    """{model: names of its layers and groups "a+b"}, in the order given.

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
        for each in [model] if colon else models:
            _check(name, each, models[each])
            if name not in chosen[each]:
                chosen[each].append(name)
    for model, names in chosen.items():
        if not names:
            raise LayerError(f"no layer of {model} is chosen; add {model}:LAYER, where LAYER is "
                             f"one of {', '.join(layer_names(models[model]))}")
    return chosen


def encoder_output(model) -> str:
    """The layer whose activation_maps the decoder gets: the last convolution of the encoder; of
    several encoders, such as OpenSALICON's, the group "a+b" of theirs.

    Raises:
        LayerError: no encoder is known.
    """
    if model.name in ENCODER_OUTPUTS:
        return ENCODER_OUTPUTS[model.name]
    last = {}
    for layer, name in sorted(encoder_layers(model).items(), key=lambda pair: pair[1]):
        last[layer[:-len(name)]] = layer  # by the prefix of its encoder
    if not last:
        raise LayerError(f"{model.name} has no encoder that is known here")
    return "+".join(last.values())


def members(name: str) -> list:
    """The layers of a group."""
    return name.split("+")


def single_layers(names) -> list:
    """The layers of all these groups, each once."""
    return list(dict.fromkeys(layer for name in names for layer in members(name)))


def join_moments(parts) -> Moments:
    """The `Moments` of the units of several layers, one layer after the other."""
    return Moments(*map(np.concatenate, zip(*parts)))


def _check(name, model_name, model) -> None:
    layers, valid = members(name), layer_names(model)
    wrong = [layer for layer in layers if layer not in valid]
    if wrong:
        raise LayerError(f"{model_name} has no layer {', '.join(map(repr, wrong))} with "
                         f"activation_maps; it has {', '.join(valid)}")
    if len(set(layers)) < len(layers):
        raise LayerError(f"{name!r} joins a layer of {model_name} with itself")
