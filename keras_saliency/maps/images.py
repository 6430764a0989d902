"""The checks of an image that is handed in from Python."""
from typing import Any

import numpy as np

from keras_saliency.files import InputError, require

_ROUNDING = 0.01  # of floats, beyond 0..255
_UNIT = 2.0       # largest value of an image of 0..1 whose resizing overshot


def check_image(image: Any) -> np.ndarray:
    """Return an RGB image 0..255 as an array [H, W, 3] of its own type.

    Numbers of any type will do. `InputError` for values that are not finite or outside of 0..255,
    for true and false, and for floats that reach no higher than about 1: a picture of 0..1, or one
    so dark that nothing is to be seen. Black itself passes.
    """
    image = rgb_array(image)
    if image.dtype == np.uint8:
        return image
    require(image.dtype != bool, "image holds true and false, not 0..255; if true is white, give "
            "image * np.uint8(255)")
    require(np.isfinite(image).all(),
            "image has values that are not finite; replace its NaN and infinities")
    low, high = image.min(), image.max()
    require(low >= -_ROUNDING and high <= 255 + _ROUNDING, f"image has values from {low:g} to "
            f"{high:g}; clip or rescale them to 0..255{_cause(low, high)}")
    require(image.dtype.kind != "f" or not 0 < high <= _UNIT, f"image is float with values from "
            f"{low:g} to {high:g}, and pictures are 0..255: multiply one of 0..1 by 255. If it is "
            "as dark as that, round it to np.uint8")
    return image


def _cause(low, high) -> str:
    if low < 0:
        return " (it may be normalised: give the picture from before)"
    bits = next((bits for bits in (10, 12, 14, 16) if high < 2 ** bits), None)
    return f" (it may hold up to {bits} bits: image * (255 / {2 ** bits - 1}))" if bits else ""


def rgb_array(image: Any) -> np.ndarray:
    """Return an RGB image as an array [H, W, 3]; `InputError` with the remedy for anything else.

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
