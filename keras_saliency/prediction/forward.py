"""From a picture of any size to its saliency_map, in the picture's own size.

Keras, TensorFlow and the models are imported where they are needed: for what `load_exported` opens
they are not.
"""
import numpy as np

from keras_saliency.files import InputError
from keras_saliency.maps import geometry


def canvas_of(model) -> tuple:
    """The canvas (h, w) of a model: its fixed input size, the size it was trained at, or the
    default of its name.

    Raises:
        InputError: a model of any input size that says neither.
    """
    from keras_saliency.models import MODELS

    fixed = tuple(model.input_shape[1:3])
    if None not in fixed:
        return fixed
    spec = MODELS.get(model.name)
    canvas = getattr(model, "canvas", None) or (spec and spec.canvas)
    if canvas is None:
        raise InputError(f"model {model.name!r} takes any size and does not say its canvas; "
                         "give canvas=(height, width)")
    return tuple(canvas)


def predict(model, image, canvas=None) -> np.ndarray:
    """The saliency_map of one picture in its own size.

    Args:
        model: a Keras saliency model on RGB 0..255, what `accelerate` made of one, what
            `load_exported` opened, or a `ClassicalModel`.
        image: [H, W, 3] RGB, uint8 or float within 0..255, any size from 1x1.
        canvas: (h, w) to work at. Default: the model's own, turned upright for portrait
            pictures where the model takes any size and pads them. Classical models work at the
            image's own.

    Returns:
        float32 [H, W], in the scale of the model (0..1 for those that end in a min-max).

    Raises:
        InputError: an image of another shape, values that are not finite, or a canvas that the
            model's strides do not divide.
    """
    image = check_image(image)
    if hasattr(model, "map_of"):  # of `load_exported`
        return model.map_of(image, canvas)
    return _predict(model, image, canvas)


def check_image(image) -> np.ndarray:
    """`image` as an array, or `InputError` if it is not [H, W, 3] of finite values."""
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise InputError(f"image must be [H, W, 3] RGB, not of shape {image.shape}")
    if not np.isfinite(image).all():
        raise InputError("image has values that are not finite")
    return image


def _predict(model, image, canvas) -> np.ndarray:
    import tensorflow as tf

    from keras_saliency import maps
    from keras_saliency.models import ClassicalModel, check_canvas, fit_of, postprocess_of

    if isinstance(model, ClassicalModel):
        return model(image)
    size, fit = image.shape[:2], fit_of(model)
    if canvas is None:
        canvas = geometry.oriented_canvas(
            size, canvas_of(model), fit, turns=None in model.input_shape[1:3])
    check_canvas(model, canvas)
    batch = maps.to_canvas(image, canvas, fit=fit)[tf.newaxis]
    canvas_map = model(batch, training=False)[0]
    return postprocess_of(model)(canvas_map, size)[..., 0].numpy()


def forward_function(model, key=(), make=lambda model: model):
    """`model` as a function of a batch (a tensor or a tuple of tensors); a Keras model compiled,
    once for as long as it lives.

    Args:
        key, make: a model that is made of it, and what tells that from others.
    """
    import keras
    import tensorflow as tf

    if not isinstance(model, keras.Model):
        return lambda inputs: model(inputs, training=False)
    compiled = vars(model).setdefault("_compiled_forward", {})  # not tracked by Keras
    if key not in compiled:
        made = make(model)
        compiled[key] = tf.function(lambda inputs: made(inputs, training=False),
                                    reduce_retracing=True)
    return compiled[key]
