"""Keras models as predictors."""
from typing import Any, Callable, Optional, Union

import keras
import numpy as np
import tensorflow as tf

from keras_saliency import maps
from keras_saliency.models import check_canvas, facts_of


class KerasPredictor:
    """A `keras.Model`, in `model`, with its facts; see `predictor.Predictor`."""

    def __init__(self, model: keras.Model):
        self.model, self.facts = model, facts_of(model)

    def maps(self, batch: Union[np.ndarray, tf.Tensor]) -> tf.Tensor:
        """Return maps [B, h, w, 1] of images float32 [B, h, w, 3] on a canvas."""
        return forward_function(self.model)(batch)

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the published map float32 [H, W] of an image [H, W, 3]."""
        # not compiled: to trace a graph for a canvas takes longer than a few pictures
        return predict_on_canvas(self, lambda batch: self.model(batch, training=False), image,
                                 canvas)

    def check_canvas(self, canvas: tuple) -> None:
        """Raise `InputError` unless the strides of the network divide `canvas` (h, w)."""
        check_canvas(self.model, canvas)


def predict_on_canvas(predictor: Any, run: Callable, image: np.ndarray,
                      canvas: Optional[tuple] = None) -> np.ndarray:
    """Predict a picture in TensorFlow: onto the canvas, through the network, and back.

    `run` maps images [1, h, w, 3] to maps [1, h, w, 1]; `canvas` (h, w) is by default that of the
    predictor's facts.
    """
    facts, size = predictor.facts, image.shape[:2]
    canvas = facts.canvas_for(size) if canvas is None else canvas
    predictor.check_canvas(canvas)
    batch = maps.to_canvas(image, canvas, fit=facts.fit)[tf.newaxis]
    return maps.finished(run(batch)[0], size, facts.fit, facts.finish)[..., 0].numpy()


def forward_function(model: keras.Model, key: tuple = (),
                     make: Callable = lambda model: model) -> Callable:
    """Return a Keras model as a compiled function of a batch (a tensor or a tuple of tensors).

    It is compiled once for as long as the model lives. `make` derives another model from it, which
    `key` names.
    """
    compiled = vars(model).setdefault("_compiled_forward", {})  # not tracked by Keras
    if key not in compiled:
        made = make(model)
        compiled[key] = tf.function(lambda inputs: made(inputs, training=False),
                                    reduce_retracing=True)
    return compiled[key]
