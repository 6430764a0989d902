"""Facts inside a `keras.Model`: in the config of its last layer, from which `load_model`,
`clone_model`, `copy.deepcopy`, `pickle` and workers make it anew. They drop a model's attributes.
"""
from dataclasses import replace
from typing import Any, Mapping, Optional, Union

import keras
import tensorflow as tf

from keras_saliency.compat import register
from keras_saliency.files import require
from keras_saliency.maps.facts import Facts, check
from keras_saliency.maps.finish import DENSITY, Finish
from keras_saliency.models.density_layers import MixUniform
from keras_saliency.models.layers import MapLayer
from keras_saliency.models.registry import MODELS

CALIBRATED = "calibrated_"  # begins the names of calibrated models, and of the layers that do it
LAYER = "facts"


@register
class CarriedFacts(MapLayer):
    """The identity, with the `Facts` of the model that it ends, or their `Facts.to_dict`."""

    def __init__(self, facts: Union[Facts, dict], **options: Any):
        super().__init__(**options)
        self.facts = facts if isinstance(facts, Facts) else Facts.from_dict(facts)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs

    def get_config(self) -> dict:
        return {**super().get_config(), "facts": self.facts.to_dict()}


def facts_of(model: keras.Model) -> Facts:
    """Return the `Facts` that a Keras model carries, else those of its registered name, else "pad"
    and no finish. A fixed input size is the canvas in any case, and is not turned."""
    layer = _last_layer(model)
    found = layer.facts if isinstance(layer, CarriedFacts) else _facts_of_kind(model)
    shape = getattr(model, "input_shape", None)
    size = tuple(shape[1:3]) if isinstance(shape, tuple) and len(shape) == 4 else (None, None)
    return found if None in size else replace(found, canvas=size, turns=False)


def with_facts(model: keras.Model, facts: Facts) -> keras.Model:
    """Return a model of the same layers, of one input and one output, that carries `facts`."""
    output = bare_output(model)
    return keras.Model(model.inputs[0], CarriedFacts(check(facts), name=LAYER)(output),
                       name=model.name)


def bare_output(model: keras.Model) -> Any:
    """Return the symbolic output of a network without the layer that carries its facts."""
    require_network(model)
    layer = _last_layer(model)
    return layer.input if isinstance(layer, CarriedFacts) else model.outputs[0]


def output_layer(model: keras.Model) -> str:
    """Return the name of the layer that gives a model's map."""
    return bare_output(model)._keras_history[0].name


def require_network(model: keras.Model) -> None:
    """Raise `InputError` unless `model` is a Keras model of one input and one output."""
    require(isinstance(model, keras.Model) and [
        len(getattr(model, side, None) or ()) for side in ("inputs", "outputs")] == [1, 1],
        f"{getattr(model, 'name', model)} is no Keras model of one picture in and one map out")


def facts(model: keras.Model, canvas: Optional[tuple] = None, fit: Optional[str] = None,
          finish: Optional[Finish] = None, density: Optional[bool] = None,
          turns: Optional[bool] = None, about: Optional[Mapping] = None) -> keras.Model:
    """Return a network of your own that carries `Facts`, for all that this package does.

    The result has the same layers and weights. Its facts are saved, cloned, copied and pickled
    with it.

    Args:
        model: Keras model, RGB float32 0..255 [B, h, w, 3] -> one map [B, h, w, 1], with its own
            normalisation inside.
        canvas: (h, w) that pictures are brought to; default: what it carries, or its input size.
        fit: "pad" (default) or "stretch", how pictures come onto the canvas.
        finish: `keras_saliency.maps.finish.Finish` from the map on the canvas to the published
            one; default: the padding is cropped and the map resized.
        density: True for densities over the canvas; the finish then divides by the sum.
        turns: False for a canvas that is not turned for portrait pictures.
        about: {key: text or number}, such as dataset and licence.

    Raises `InputError` for a model of another kind, or a value that a model cannot have.
    """
    if isinstance(model, keras.Model) and not getattr(model, "outputs", None):  # a subclass
        image = keras.Input((*(canvas or (None, None)), 3), name="image")
        model = keras.Model(image, model(image), name=model.name)
    require_network(model)
    if canvas is not None:
        require_input_size(model, tuple(canvas))
    given = {"canvas": canvas, "fit": fit, "density": density, "turns": turns, "about": about,
             "finish": finish or (DENSITY if density else None)}
    return with_facts(model, facts_of(model).changed(
        **{key: value for key, value in given.items() if value is not None}))


def require_input_size(model: keras.Model, canvas: tuple) -> None:
    """Raise `InputError` if `model` has a fixed input size, and it is another one."""
    fixed = tuple(model.input_shape[1:3])
    require(None in fixed or fixed == canvas,
            f"{model.name} takes a canvas of {fixed} alone, not {canvas}")


def is_calibrated(model: keras.Model) -> bool:
    """Return whether a model is one of `calibration.add_calibration`: by its name and layers."""
    return str(model.name).startswith(CALIBRATED) and any(
        isinstance(layer, MixUniform) and layer.name == f"{CALIBRATED}log_density"
        for layer in getattr(model, "layers", ()))


def named_facts(name: str) -> Facts:
    """Return the `Facts` of a registered name."""
    spec = MODELS.get(name)
    return Facts(name, spec.canvas, spec.fit, density=spec.density,
                 finish=spec.finish) if spec else Facts(name)


def _facts_of_kind(model):
    """Return the `Facts` of a model that carries none."""
    name = str(model.name)
    if not is_calibrated(model):
        return named_facts(name)
    return replace(named_facts(name.removeprefix(CALIBRATED)), name=name, density=True,
                   finish=DENSITY)


def _last_layer(model):
    """Return the layer that makes the output of a functional model; None for another model."""
    outputs = getattr(model, "outputs", None) or ()
    history = getattr(outputs[0], "_keras_history", None) if len(outputs) == 1 else None
    return history[0] if history else None
