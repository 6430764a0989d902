"""The common part of all exports: the graph with its weights inside, the facts that lie in the
file, so that it alone is enough to predict, and the comparison with the network."""
import json
import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Optional, Sequence

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from keras_saliency.files import AnyPath, require, require_writable
from keras_saliency.models import check_canvas, facts_of, provenance
from keras_saliency.models.precision import at_precision
from keras_saliency.models.weights_file import first_not_finite


def freeze(model: keras.Model, shape: Optional[Sequence] = None) -> Any:
    """Return the model as a concrete function of images of `shape`, with constant weights.

    The shape has None for any number; by default it is that of any number of the model's images.
    """
    shape = shape or [None, *model.input_shape[1:]]
    function = tf.function(lambda images: model(images, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32, name="images"))
    return convert_variables_to_constants_v2(function, lower_control_flow=False)


def run(model: keras.Model, precision: str) -> Callable:
    """Return the function of `formats.Format.run`."""
    frozen = freeze(at_precision(model, precision))
    return lambda images: frozen(tf.convert_to_tensor(images, tf.float32))[0]


def require_finite(model: keras.Model) -> None:
    """Raise `InputError` naming a weight that is not finite, which a graph could hide."""
    wrong = first_not_finite(model)
    require(not wrong, f"{wrong} of {model.name} is not finite; take an earlier state, or train "
            "again with a lower train.learning_rate")


def prepare(model: keras.Model, dynamic_batch: bool = False, dynamic_canvas: bool = False) -> tuple:
    """Check a network; return the shape of its images and its facts, as every file needs them.

    Args:
        dynamic_batch: any number of images instead of one.
        dynamic_canvas: images of any size that the model takes; `load_exported` then turns the
            canvas for portrait pictures.

    Returns (shape of the images, None where any number will do; `describe` of the model).
    """
    require_finite(model)
    canvas = facts_of(model).require_canvas()
    check_canvas(model, canvas)
    sides = model.input_shape[1:3] if dynamic_canvas else canvas
    return [None if dynamic_batch else 1, *sides, 3], describe(model)


def describe(model: keras.Model) -> str:
    """Return the facts of a model as JSON; `about` is one line, without the file's path."""
    facts = facts_of(model)
    return json.dumps(facts.changed(about={"provenance": provenance(facts)}).to_dict())


def sample(canvas: tuple) -> np.ndarray:
    """Return float32 [2, h, w, 3]: smooth colours with an edge, and noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:canvas[0], :canvas[1]]
    smooth = np.stack([127 + 100 * np.sin(x / 17 + c) * np.cos(y / 23 - c) for c in range(3)], -1)
    smooth[canvas[0] // 3:canvas[0] // 2, canvas[1] // 2:] = (250, 240, 20)
    return np.stack([smooth, rng.uniform(0, 255, (*canvas, 3))]).astype(np.float32)


def measured(path: Path, model: keras.Model, run: Callable) -> str:
    """Return the size of a file or folder and its difference from the model, for a log.

    `run` maps images float32 [1, h, w, 3] to an array [1, h, w, 1].
    """
    images = sample(facts_of(model).require_canvas())
    expected = model(images, training=False).numpy()
    found = np.concatenate([run(image[np.newaxis]) for image in images])
    difference = np.abs(found - expected).max() / (np.ptp(expected) or 1.0)
    return (f"{megabytes(path):.1f} MB; largest difference from the model in memory "
            f"{difference:.1e} of its range")


def megabytes(path: Path) -> float:
    """Return the size of a file, or of a folder with all in it."""
    return sum(p.stat().st_size for p in (path, *path.rglob("*")) if p.is_file()) / 1e6


def new_path(path: AnyPath) -> Path:
    """Return the path of an export that does not exist yet and can be written."""
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another folder")
    require_writable(path)
    return path


@contextmanager
def quiet(*loggers: str, level: int = logging.CRITICAL) -> Iterator[None]:
    """Silence these loggers below `level` within the block; errors are raised as well."""
    loggers = [logging.getLogger(name) for name in loggers]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, before in zip(loggers, levels):
            logger.setLevel(before)
