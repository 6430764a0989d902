"""Checks, resizing, pyramids, Gabor filters and DKL color for the classical models.

Everything treats an image and its mirror image alike, so that no side is favored.
"""
from functools import lru_cache
from typing import Iterable, Sequence

import cv2
import numpy as np

from keras_saliency.config import is_whole
from keras_saliency.files import InputError, require
from keras_saliency.maps import images

# Contrast below this is rounding of float32, for channels that span about 0..1. One pixel that is
# one step of 8 bits brighter makes 20 times more, even averaged over two octaves.
NOISE = 1e-5

# linear sRGB -> CIE XYZ (IEC 61966-2-1) -> L, M, S (Smith and Pokorny 1975), white at 1
_XYZ = np.array([[.4124, .3576, .1805], [.2126, .7152, .0722], [.0193, .1192, .9505]])
_LMS = np.array([[.15514, .54312, -.03286], [-.15514, .45684, .03286], [0, 0, .01608]]) @ _XYZ
_LMS /= _LMS.sum(axis=1, keepdims=True)

# Binomial; together with the 2x2 average that follows, [1 5 10 10 5 1] / 32.
_LOW_PASS = np.array([1, 4, 6, 4, 1], np.float32) / 16


def check_image(image: np.ndarray) -> np.ndarray:
    """Return an RGB image 0..255 as float32 [H, W, 3], or raise `InputError`."""
    return np.clip(images.check_image(image).astype(np.float32), 0, 255)


def check_number(name: str, value: float, low: float, high: float, whole: bool = False) -> float:
    """Return `value` if it is a number in low..high, or raise `InputError`."""
    kind = is_whole(value) if whole else is_whole(value) or isinstance(value, (float, np.floating))
    require(kind and low <= value <= high, f"{name} must be a {'whole ' if whole else ''}number "
            f"from {low} to {high}, not {value!r}")
    return value


def check_numbers(name: str, values: Iterable, low: float, high: float,
                  whole: bool = False) -> tuple:
    """Return `values` as a tuple if all are numbers in low..high, or raise `InputError`."""
    try:
        values = tuple(values)
    except TypeError:
        raise InputError(f"{name} must be a tuple of numbers, not {values!r}") from None
    require(values, f"{name} must hold at least one number")
    return tuple(check_number(name, value, low, high, whole) for value in values)


def min_max(values: np.ndarray) -> np.ndarray:
    """Stretch `values` to 0..1 as float32; a constant array becomes zeros."""
    low, high = values.min(), values.max()
    if not high > low:
        return np.zeros(values.shape, np.float32)
    return ((values - low) / (high - low)).astype(np.float32)


def resized(channel: np.ndarray, size: Sequence, enlarge: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Resize [h, w] to `size`: area average where a side shrinks, `enlarge` where one grows."""
    height, width = (min(a, b) for a, b in zip(channel.shape[:2], size))
    channel = cv2.resize(channel, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.resize(channel, (size[1], size[0]), interpolation=enlarge)


def pyramid(channel: np.ndarray, coarsest: int) -> list:
    """Return levels 0 (the channel itself) .. `coarsest` of a Gaussian pyramid, float32 [h, w] or
    [h, w, C]; each halves the size of the level before, rounded up."""
    levels = [channel]
    for _ in range(coarsest):
        height, width = (-(-side // 2) for side in levels[-1].shape[:2])
        smooth = cv2.sepFilter2D(levels[-1], -1, _LOW_PASS, _LOW_PASS,
                                 borderType=cv2.BORDER_REFLECT)
        levels.append(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_AREA))
    return levels


@lru_cache(maxsize=32)
def gabor_pair(angle: float, period: float, deviation: float, elongation: float,
               radius: int) -> tuple:
    """Return an even and an odd Gabor filter, float32 [2 * radius + 1] squared, mean 0, L2 norm 1.

    `angle` is the direction of the stripes' normal in degrees. Period, radius, and deviation across
    the stripes are in pixels; `elongation` is the deviation along them divided by that across.
    """
    y, x = np.mgrid[-radius:radius + 1, -radius:radius + 1]
    turn = np.radians(angle)
    across = x * np.cos(turn) + y * np.sin(turn)
    along = y * np.cos(turn) - x * np.sin(turn)
    envelope = np.exp(-(across ** 2 + (along / elongation) ** 2) / (2 * deviation ** 2))
    kernels = (envelope * wave(2 * np.pi * across / period) for wave in (np.cos, np.sin))
    centered = (kernel - kernel.mean() for kernel in kernels)
    return tuple((kernel / np.sqrt((kernel ** 2).sum())).astype(np.float32) for kernel in centered)


def gabor_energy(channel: np.ndarray, pair: tuple) -> np.ndarray:
    """Return float32 [h, w]: |response to the even filter| + |response to the odd filter|."""
    even, odd = (cv2.filter2D(channel, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
                 for kernel in pair)
    return np.abs(even) + np.abs(odd)


def faded(values: np.ndarray, border: int) -> np.ndarray:
    """Let `values` [h, w] fall linearly over `border` pixels towards each side; float32."""
    height, width = values.shape
    border = min(border, height // 2, width // 2)
    rows, columns = (np.minimum(1, np.minimum(np.arange(1, n + 1), np.arange(n, 0, -1))
                                / (border + 1)) for n in (height, width))
    return (values * np.outer(rows, columns)).astype(np.float32)


def dkl(rgb: np.ndarray) -> list:
    """Return the axes of Derrington, Krauskopf and Lennie (1984) for sRGB [h, w, 3] in 0..1:
    luminance, L - M, and S - luminance, float32 [h, w], as contrasts relative to white."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    long, middle, short = np.moveaxis(linear @ _LMS.T, 2, 0)
    luminance = linear @ _XYZ[1]
    return [axis.astype(np.float32) for axis in (luminance, long - middle, short - luminance)]
