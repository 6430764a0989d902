"""One kind of predictor: a model, whatever runs it, and what must be known of it."""
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Protocol, runtime_checkable

import numpy as np

from keras_saliency.files import InputError, require
from keras_saliency.maps.facts import Facts
from keras_saliency.maps.images import check_image
from keras_saliency.prediction.screens import by_screens, canvas_shape, warn_of_strip

if TYPE_CHECKING:
    import keras


@runtime_checkable
class Predictor(Protocol):
    """A model of any kind that is ready to predict.

    Attributes:
        facts: `models.Facts`: name, canvas, fit, finish and so on. A predictor without a canvas
            takes pictures at their own size, in `maps` too.
    """

    facts: Facts

    def maps(self, batch: Any) -> Any:
        """Return maps [B, h, w, 1], an array or a tensor, of images float32 [B, h, w, 3] on a
        canvas."""

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the published map float32 [H, W] of an image [H, W, 3] that was checked."""

    def check_canvas(self, canvas: tuple) -> None:
        """Raise `InputError` for a canvas (h, w) that the model does not take."""


def predictor(anything: Any, trust: bool = False) -> Predictor:
    """Make a predictor of whatever predicts. No other place asks what kind a thing is.

    Args:
        anything: a `Predictor` (of `accelerate`, `load_exported`, a client of a model server, a
            `ClassicalModel`); a Keras model; or the name of a pretrained or classical model, a
            weights file, a run folder, a .keras file, a file that was exported for an engine, or
            the folder of a SavedModel.
        trust: run a SavedModel though its graph could read or write files, and code of your own
            that a weights file names.

    Raises `InputError` for something else, or a file that cannot be opened.
    """
    if isinstance(anything, (str, Path)):
        return _opened(anything, trust)
    keras = sys.modules.get("keras")  # without which there are no Keras models
    if keras is not None and isinstance(anything, keras.Model):
        from keras_saliency.prediction.keras_predictor import KerasPredictor

        return KerasPredictor(anything)
    if isinstance(anything, Predictor):
        return anything
    given = (f"an array of shape {anything.shape}" if isinstance(anything, np.ndarray)
             else " ".join(f"{anything!r:.100}".split()))
    raise InputError(f"{given} is nothing that predicts: give a Keras model, what accelerate or "
                     "load_exported returned, or the name or path of one (and the image after it)")


def network_of(anything: Any) -> "keras.Model":
    """Return the Keras model of what `predictor` takes."""
    found = predictor(anything)
    require(getattr(found, "model", None) is not None, f"{found.facts.name} is no network of this "
            "package that an engine, a calibration or another prior could be given")
    return found.model


def _opened(name, trust) -> Predictor:
    """Return the predictor of a name or path."""
    from keras_saliency.prediction.exported import is_exported, load_exported

    # a run folder holds its export beside its weights
    if not (Path(name) / "best.h5").is_file():
        if is_exported(name):
            return load_exported(name)
        from keras_saliency.prediction.saved_model import SavedModelPredictor, find_saved_model

        folder = find_saved_model(name)
        if folder is not None:
            return SavedModelPredictor(folder, trust)
    from keras_saliency.models import build_model, list_models, load_pretrained

    if str(name) in list_models(classical=True):
        return build_model(str(name))
    return predictor(load_pretrained(name, trust))


def predict(model: Any, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
    """Predict the saliency_map of one picture in its own size.

    Args:
        model: a Keras saliency model on RGB 0..255, or anything else that `predictor` takes. A
            name or a file is opened at each call, so open it once for many pictures.
        image: [H, W, 3] RGB, uint8 or float within 0..255, any size from 1x1.
        canvas: (h, w) to work at. Default: the model's own, turned upright for portrait
            pictures where the model takes any size and pads them. Classical models work at the
            image's own.

    A strip, four times as long as wide or longer, gives a warning if it is shrunk onto the canvas;
    `predict_screens` is for these.

    Returns:
        float32 [H, W], in the scale of the model (0..1 for those that end in a min-max).

    Raises:
        InputError: an image of another shape, values that are not finite or outside of 0..255,
            floats that are 0..1, or a canvas that the model's strides do not divide.
    """
    found, image = predictor(model), check_image(image)
    warn_of_strip(image.shape[:2], found.facts, canvas)
    return found.predict(image, canvas)


def predict_screens(model: Any, image: np.ndarray, screen: Optional[int] = None,
                    canvas: Optional[tuple] = None) -> np.ndarray:
    """Predict a long picture, such as a whole web page, in overlapping windows of a screen each.

    `screens` describes how the maps of the windows become one. Each screen counts alike: which
    screens people reach is not predicted.

    Args:
        model, image, canvas: as for `predict`; each window is predicted by itself.
        screen: pixels of a window along the longer side of the picture, such as the height of a
            browser's window; a picture that is no longer is predicted as it is. None: pictures
            from four times as long as wide on, in windows of the canvas' shape.

    Returns:
        float32 [H, W], a density if the model's maps are densities; for a picture of one screen
        what `predict` returns.

    Raises:
        InputError: as `predict`; or a screen that is shorter than a quarter of the picture's width,
            or so short that there would be more than 1000.
    """
    found, image = predictor(model), check_image(image)
    return by_screens(lambda window: found.predict(window, canvas), image, screen,
                      canvas_shape(found.facts, image.shape[:2], canvas), found.facts.density)
