"""A picture of any size -> its saliency_map in the same size; pictures in and out."""
from typing import TYPE_CHECKING

from keras_saliency.files.picture_headers import PICTURE_TYPES
from keras_saliency.lazy import lazy
from keras_saliency.prediction.pictures import find_pictures, read_picture

if TYPE_CHECKING:
    from keras_saliency.prediction.keras_predictor import forward_function
    from keras_saliency.prediction.predictor import Predictor, predict, predict_screens

__all__ = ["PICTURE_TYPES", "Predictor", "find_pictures", "forward_function", "predict",
           "predict_screens", "read_picture"]

__getattr__, __dir__ = lazy(__name__, {
    "Predictor": "keras_saliency.prediction.predictor",
    "forward_function": "keras_saliency.prediction.keras_predictor",
    "predict": "keras_saliency.prediction.predictor",
    "predict_screens": "keras_saliency.prediction.predictor",
})
