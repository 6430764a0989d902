"""Models by name, without trained weights; options are checked before anything is built."""
import inspect
import os
import reprlib
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

import keras
import numpy as np

from keras_saliency.config import check_size, is_whole
from keras_saliency.files import InputError, require
from keras_saliency.maps.facts import Facts
from keras_saliency.maps.finish import are_numbers
from keras_saliency.models.facts_layer import named_facts, require_input_size, with_facts
from keras_saliency.models.pretrained import load_encoder
from keras_saliency.models.registry import MODELS, list_models

# The widest published layer that an option sets has 256 filters; a network of twice the published
# width takes four times the memory. At both limits JuntingNet takes two gigabytes, others less.
MOST_FILTERS, LARGEST_NUMBER = 256, 2


@dataclass(frozen=True)
class ClassicalModel:
    """A classical model with its options, a `prediction.Predictor` and no network: called with an
    image [H, W, 3] RGB 0..255 of any size it gives float32 [H, W] in 0..1."""

    name: str
    options: dict = field(default_factory=dict)

    def __call__(self, image):
        return MODELS[self.name].builder(image, **self.options)

    @property
    def facts(self) -> Facts:
        """Its facts; it has no canvas."""
        return Facts(self.name)

    def maps(self, batch: Iterable) -> np.ndarray:
        """Return the maps float32 [B, H, W, 1] of images [B, H, W, 3]."""
        return np.stack([self(np.asarray(image))[..., np.newaxis] for image in batch])

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the map of an image, at its own size whatever the canvas."""
        return self(image)

    def check_canvas(self, canvas: tuple) -> None:
        """Accept every canvas."""


def build_model(name: str, input_shape: Optional[Sequence] = None,
                encoder_weights: Optional[Union[str, os.PathLike]] = None, **options: Any) -> Any:
    """Build a registered model: a keras.Model on RGB float32 0..255 [B, H, W, 3], which carries its
    `Facts`, or a `ClassicalModel`, which `predict` takes as well.

    Args:
        name: one of `list_models()`. A classical model takes its options alone.
        input_shape: (H, W, 3), or None for any size that the strides divide.
        encoder_weights: None (random), "imagenet", or the path of an HDF5 file with VGG16.
        **options: the builder's own, e.g. `aspp=False`; see its docstring.

    Raises:
        InputError: unknown name or option, or a network's option of another type or out of range.
        WeightsError: encoder weights that are missing or do not fit.
    """
    require(name in MODELS, f"no model {name!r}; the models are {', '.join(list_models())}")
    spec = MODELS[name]
    check_names(name, spec.builder, options)
    if spec.classical:
        require(input_shape is None and encoder_weights is None, f"{name} takes images of any size "
                "and has no encoder: leave input_shape and encoder_weights out")
        return ClassicalModel(name, options)
    parameters = inspect.signature(spec.builder).parameters
    for option, value in options.items():  # the builder itself checks which words it knows
        expected = _mismatch(value, parameters[option].default)
        require(not expected,
                f"{name}: option {option} must be {expected}, not {reprlib.repr(value)}")
    model = spec.builder(input_shape=tuple(input_shape or (None, None, 3)), **options)
    about = {"model": name, "options": options}
    model = with_facts(model, named_facts(name).changed(about=about))
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    return model


def check_canvas(model: keras.Model, canvas: tuple) -> None:
    """Raise `InputError` unless `canvas` is (h, w) within limits that `model`'s strides divide."""
    def output_size(size):
        return tuple(model.compute_output_shape((1, *size, 3))[1:3])

    canvas = check_size(tuple(canvas))
    require_input_size(model, canvas)
    if output_size(canvas) == canvas:
        return
    rounded = ([-(-side // stride) * stride for side in canvas] for stride in (2, 4, 8, 16, 32))
    advice = next((f": take {size}" for size in rounded if output_size(size) == tuple(size)), "")
    raise InputError(f"{model.name} makes a map of {output_size(canvas)} on a canvas of {canvas}; "
                     f"its strides must divide the canvas{advice}")


def check_names(name: str, builder: Callable, options: Mapping) -> None:
    """Raise `InputError` for an option that the builder has not (lists those it has)."""
    valid = [parameter for parameter in inspect.signature(builder).parameters
             if parameter not in ("input_shape", "image")]
    for option in options:
        require(option in valid, f"{name} has no option {option!r}; its options are "
                f"{', '.join(valid)}")


def _mismatch(value, default) -> str:
    """Return the description of a valid value if `value` cannot replace `default`, else ""."""
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return ("" if is_whole(value) and 1 <= value <= MOST_FILTERS
                else f"a whole number from 1 to {MOST_FILTERS}")
    if isinstance(default, float):
        return ("" if are_numbers(value) and 0 <= value <= LARGEST_NUMBER
                else f"a number from 0 to {LARGEST_NUMBER}")
    if isinstance(default, tuple):
        fits = (isinstance(value, (list, tuple)) and len(value) == len(default)
                and not any(map(_mismatch, value, default)))
        return "" if fits else f"{len(default)} numbers, each {_mismatch(None, default[0])}"
    return ""
