"""The network as a graph with its weights inside, which other formats are made from; what a
converted network is compared on."""
from pathlib import Path
from typing import Any, Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from keras_saliency.files import InputError
from keras_saliency.models import facts_of
from keras_saliency.models.weights_file import first_not_finite


def freeze(model: keras.Model, shape: Sequence) -> Any:
    """The model as a concrete function of images of `shape`, its weights constants inside."""
    function = tf.function(lambda images: model(images, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32, name="images"))
    return convert_variables_to_constants_v2(function, lower_control_flow=False)


def require_finite(model: keras.Model) -> None:
    """Raise `InputError` naming a weight that is not finite: a compiled graph can give finite maps
    all the same."""
    wrong = first_not_finite(model)
    if wrong:
        raise InputError(f"{wrong} of {model.name} is not finite; take an earlier state, or "
                         "train again with a lower train.learning_rate")


def sample(canvas: tuple) -> np.ndarray:
    """float32 [2, h, w, 3]: smooth colours with an edge, and noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:canvas[0], :canvas[1]]
    smooth = np.stack([127 + 100 * np.sin(x / 17 + c) * np.cos(y / 23 - c) for c in range(3)], -1)
    smooth[canvas[0] // 3:canvas[0] // 2, canvas[1] // 2:] = (250, 240, 20)
    return np.stack([smooth, rng.uniform(0, 255, (*canvas, 3))]).astype(np.float32)


def largest_difference(model: keras.Model, run: Callable) -> float:
    """Between the maps of `model` and of `run` of the same images, as a share of their range.

    Args:
        run: function, float32 [B, h, w, 3] -> array [B, h, w, 1].
    """
    images = sample(facts_of(model).require_canvas())
    expected = model(images, training=False).numpy()
    return float(np.abs(run(images) - expected).max() / (np.ptp(expected) or 1.0))


def megabytes(path: Path) -> float:
    """The size of a file, or of a folder with all in it."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files) / 1e6
