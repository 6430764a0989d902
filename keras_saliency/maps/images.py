"""The check of an image that is handed in from Python."""
from typing import Any

import numpy as np

from keras_saliency.files import InputError


def rgb_array(image: Any) -> np.ndarray:
    """Return an RGB image as an array [H, W, 3]; raise `InputError` with the remedy if it is none.

    It may be anything that `numpy.asarray` takes, on the processor. Values are not checked.
    """
    if isinstance(image, (str, bytes)) or hasattr(image, "__fspath__"):
        raise InputError(f"image must be an array [H, W, 3] RGB, not the path {image!r:.99}: read "
                         "it by keras_saliency.prediction.read_picture")
    try:
        found = np.asarray(image)
    except Exception as error:  # of any type: a tensor of a graph, or on another device
        raise InputError(f"image of type {type(image).__name__} is no array ({error}); convert it "
                         "to NumPy first") from None
    if found.ndim == 3 and found.shape[2] == 3 and found.size and found.dtype.kind in "biuf":
        return found
    raise InputError(f"image must be [H, W, 3] RGB, not {found.dtype} of shape {found.shape}"
                     f"{_remedy(found.shape, found.dtype.kind in 'biuf')}")


def _remedy(shape, numbers) -> str:
    if not numbers:
        return ": it must hold numbers"
    if 0 in shape:
        return ": it is empty"
    if len(shape) == 4:
        return ": a batch; predict one image at a time, images[0] first"
    if len(shape) == 2 or len(shape) == 3 and shape[2] == 1:
        return ": a gray image; repeat it by np.dstack([image] * 3)"
    if len(shape) == 3 and shape[0] == 3:
        return ": channels come last; np.moveaxis(image, 0, -1) turns a tensor of PyTorch"
    if len(shape) == 3 and shape[2] == 4:
        return ": it has an alpha channel; take image[..., :3]"
    return ""
