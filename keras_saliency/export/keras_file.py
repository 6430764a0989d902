"""A network as one .keras file, Keras' own format."""
from pathlib import Path

import keras

from keras_saliency.export.frozen import require_finite
from keras_saliency.files import atomic_path
from keras_saliency.models import check_canvas
from keras_saliency.prediction.forward import canvas_of


def save_keras(model, path) -> Path:
    """Write a .keras file, which `keras.models.load_model` opens once `keras_saliency.models` is
    imported, which registers the layers.

    It takes pictures on the model's canvas alone, as such files have no place for another: what is
    loaded then predicts at the size that the model was trained at. Keras 2 and Keras 3 do not read
    each other's files.

    Raises:
        InputError: a model whose canvas is unknown or does not fit its strides, or whose weights
            are not finite.
    """
    require_finite(model)
    canvas = canvas_of(model)
    check_canvas(model, canvas)
    images = keras.Input((*canvas, 3), name="image")
    fixed = keras.models.clone_model(model, input_tensors=images)
    fixed.set_weights(model.get_weights())
    with atomic_path(path) as temporary:
        fixed.save(temporary)
    return Path(path)
