"""Pictures of maps as arrays: false colours, overlays, grey density pictures, PNG files."""
from functools import lru_cache

import cv2
import matplotlib
import numpy as np

from keras_saliency.files import AnyPath, InputError, require, write_whole
from keras_saliency.files.shipped import did_you_mean

_TINY = 1e-30  # a span that float32 does not resolve


def colorize(map_2d: np.ndarray, colormap: str = "inferno") -> np.ndarray:
    """Return a map in false colours, uint8 [H, W, 3] RGB; its range spans the colormap.

    A constant map gets the colour of level 0 everywhere.

    Args:
        map_2d: [H, W], finite, of any scale.
        colormap: name of a matplotlib colormap.

    Raises:
        InputError: not two-dimensional, empty, NaN or infinite values, or an unknown colormap.
    """
    levels = density_picture(map_2d)
    return cv2.LUT(cv2.merge([levels] * 3), _table(colormap)[:, np.newaxis])


def density_picture(map_2d: np.ndarray) -> np.ndarray:
    """Return a map in grey, uint8 [H, W]: minimum 0, peak 255; a constant map is 0 everywhere."""
    values, low, high = _checked(map_2d)
    if high == low:
        return np.zeros(values.shape, np.uint8)
    if values.dtype == np.uint8 and (low, high) == (0, 255):
        return values
    if float(high) - float(low) < _TINY:
        values = values.astype(np.float64)
    # Dividing first keeps the difference of very large numbers finite.
    values, low, high = values / 2, float(low) / 2, float(high) / 2
    values -= values.dtype.type(low)
    values /= values.dtype.type(high - low)
    return np.rint(values * 255).astype(np.uint8)


def fine_picture(map_2d: np.ndarray) -> np.ndarray:
    """Return a map in grey, uint16 [H, W], to be kept: it can be scored like the map itself.

    The levels are in proportion to the values, peak 65535, because some metrics depend on the
    map's zero. A map with negative values has none: its minimum becomes 0.
    """
    values, low, high = _checked(map_2d)
    low, high = min(float(low), 0.0) / 2, float(high) / 2
    if high == low:
        return np.zeros(values.shape, np.uint16)
    # halves keep the difference of very large numbers finite
    return np.rint((values.astype(np.float64) / 2 - low) / (high - low) * 65535).astype(np.uint16)


def _checked(map_2d) -> tuple:
    """(values [H, W], minimum, maximum) of a finite map."""
    values = np.asarray(map_2d)
    require(values.ndim == 2 and values.size,
            f"a map is [H, W] and not empty, this is {list(values.shape)}")
    if values.dtype not in (np.uint8, np.float32):  # which are done in half the time
        values = values.astype(np.float64)
    low, high = values.min(), values.max()
    if not np.isfinite(low + 0.0) or not np.isfinite(high + 0.0):  # NaN comes through either
        bad = (~np.isfinite(values)).sum()
        raise InputError(f"the map holds NaN or infinite values ({bad} of {values.size}); it "
                         "cannot be shown")
    return values, low, high


def overlay(image: np.ndarray, map_2d: np.ndarray, alpha: float = 0.6,
            colormap: str = "inferno") -> np.ndarray:
    """Return the map in false colours over the image, uint8 [H, W, 3] RGB.

    Args:
        image: uint8 [H, W, 3] RGB. map_2d: [H, W], same size.
        alpha: weight of the map, from 0 (the image alone) to 1 (the map alone).

    Raises:
        InputError: sizes that differ, alpha outside 0..1, and as `colorize`.
    """
    image = np.asarray(image)
    require(image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3,
            f"image must be uint8 [H, W, 3], not {image.dtype} {list(image.shape)}")
    require(0 <= alpha <= 1, f"alpha is a weight from 0 to 1, not {alpha}")
    colors = colorize(map_2d, colormap)
    require(colors.shape == image.shape, f"the map is {colors.shape[0]}x{colors.shape[1]}, the "
            f"image {image.shape[0]}x{image.shape[1]}; resize the map first")
    return cv2.addWeighted(image, 1.0 - alpha, colors, alpha, 0)


def save_png(path: AnyPath, array: np.ndarray) -> None:
    """Write uint8 or uint16, [H, W] grey or [H, W, 3] RGB, as PNG, whole or not at all."""
    write_whole(path, png_bytes(array, path))


def png_bytes(array: np.ndarray, name: AnyPath) -> bytes:
    """Encode uint8 or uint16, [H, W] grey or [H, W, 3] RGB, as PNG; `name` is for messages."""
    array = np.asarray(array)
    require(array.dtype in (np.uint8, np.uint16) and (array.ndim == 2 or array.shape[2:] == (3,)),
            f"{name}: a PNG takes uint8 or uint16 [H, W] or [H, W, 3], not {array.dtype} "
            f"{list(array.shape)}")
    # cv2 takes its channels in BGR order. Encoding in memory, and not by the name, makes it a
    # PNG whatever the path ends in.
    # To name a compression, even its own, would double the time: it changes the strategy too.
    done, data = cv2.imencode(".png", array if array.ndim == 2 else array[..., ::-1])
    require(done, f"{name}: OpenCV could not encode {list(array.shape)} as PNG")
    return data.tobytes()


@lru_cache(maxsize=None)
def _table(colormap: str) -> np.ndarray:
    """Return the colours of a matplotlib colormap, uint8 [256, 3]."""
    if colormap not in matplotlib.colormaps:
        hint = did_you_mean(colormap, matplotlib.colormaps) or "; there are inferno, viridis, gray"
        raise InputError(f"no colormap {colormap!r} in matplotlib{hint}")
    colors = matplotlib.colormaps[colormap](np.linspace(0, 1, 256))[:, :3]
    table = np.round(colors * 255).astype(np.uint8)
    table.setflags(write=False)  # shared by all callers
    return table
