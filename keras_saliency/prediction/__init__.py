"""A picture of any size -> its saliency_map in the same size; pictures in and out."""
from keras_saliency.prediction.forward import canvas_of, forward_function, predict
from keras_saliency.prediction.pictures import PICTURE_TYPES, find_pictures, read_picture

__all__ = ["PICTURE_TYPES", "canvas_of", "find_pictures", "forward_function", "predict",
           "read_picture"]
