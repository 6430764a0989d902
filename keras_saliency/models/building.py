"""Models by name, without trained weights."""
import os
from dataclasses import dataclass, field
from typing import Any, Iterable, Optional, Sequence, Union

import keras
import numpy as np

from keras_saliency.config import check_size
from keras_saliency.files import InputError
from keras_saliency.maps.facts import Facts
from keras_saliency.models.facts_layer import with_facts
from keras_saliency.models.options import check_names, check_values
from keras_saliency.models.pretrained import load_encoder
from keras_saliency.models.registry import MODELS, list_models


@dataclass(frozen=True)
class ClassicalModel:
    """A classical model with its options: a function of an image, not a network.

    Called with an image [H, W, 3] RGB 0..255 of any size it gives float32 [H, W] in 0..1. It is a
    `prediction.Predictor`.
    """

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
    """Build a registered model.

    Args:
        name: one of `list_models()`. A classical model takes its options alone.
        input_shape: (H, W, 3), or None for any size that the strides divide.
        encoder_weights: None (random), "imagenet", or the path of an HDF5 file with VGG16.
        **options: the builder's own, e.g. `aspp=False`; see its docstring.

    Returns:
        keras.Model on RGB float32 0..255 [B, H, W, 3], which carries its `Facts`: canvas, fit,
        finish; or a `ClassicalModel`, which `predict` takes as well.

    Raises:
        InputError: unknown name or option (lists the valid ones), or a network's option of another
            type or out of range.
        WeightsError: encoder weights that are missing or do not fit.
    """
    if name not in MODELS:
        raise InputError(f"no model {name!r}; the models are {', '.join(list_models())}")
    spec = MODELS[name]
    check_names(name, spec.builder, options)
    if spec.classical:
        if input_shape is not None or encoder_weights is not None:
            raise InputError(f"{name} takes images of any size and has no encoder: leave "
                             "input_shape and encoder_weights out")
        return ClassicalModel(name, options)
    check_values(name, spec.builder, options)
    model = spec.builder(input_shape=tuple(input_shape or (None, None, 3)), **options)
    model = with_facts(model, Facts(name, spec.canvas, spec.fit, density=spec.density,
                                    finish=spec.finish,
                                    about={"model": name, "options": options}))
    if encoder_weights is not None:
        load_encoder(model, encoder_weights)
    return model


def check_canvas(model: keras.Model, canvas: tuple) -> None:
    """Raise `InputError` unless `canvas` is (h, w), within limits, which the strides of `model`
    divide."""
    def output_size(size):
        return tuple(model.compute_output_shape((1, *size, 3))[1:3])

    canvas, fixed = check_size(tuple(canvas)), tuple(model.input_shape[1:3])
    if None not in fixed and fixed != canvas:
        raise InputError(f"{model.name} takes a canvas of {fixed} alone, not {canvas}")
    if output_size(canvas) == canvas:
        return
    rounded = ([-(-side // stride) * stride for side in canvas] for stride in (2, 4, 8, 16, 32))
    fitting = next((size for size in rounded if output_size(size) == tuple(size)), None)
    raise InputError(f"{model.name} makes a map of {output_size(canvas)} on a canvas of {canvas}; "
                     "its strides must divide the canvas"
                     + (f": take {fitting}" if fitting else ""))
