"""Checks of settings; an error names the key and lists what is valid."""
import math
import numbers
import reprlib
from functools import partial
from typing import Any, Sequence

from keras_saliency import files
from keras_saliency.files import InputError

LARGEST_CANVAS = 2 ** 24  # pixels: activation_maps of more do not fit any memory
LARGEST_SEED = 2 ** 32 - 1
FITS = ("pad", "stretch")  # keep the shape of a stimulus, or fill the canvas
CENTER_BIASES = ("kde", "histogram")
CACHES = ("none", "memory", "disk")
ONE, MIRRORED, MULTI_WORKER = DEVICES = ("one", "mirrored", "multi_worker")
PRECISIONS = ("float32", "bfloat16", "auto")


class ConfigError(InputError):
    """A config file or an override is wrong; the message names the key and the remedy."""


require = partial(files.require, error=ConfigError)  # (condition, message)


def is_whole(value: Any) -> bool:
    """Return True for a whole number; true and false are not numbers."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_size(canvas: Any) -> tuple[int, int]:
    """Return the (h, w) of a canvas: whole numbers of at least 1, `LARGEST_CANVAS` pixels at most.

    Raises:
        InputError: it is something else.
    """
    sides = tuple(canvas) if isinstance(canvas, (list, tuple)) else ()
    if (len(sides) != 2 or not all(is_whole(side) and side >= 1 for side in sides)
            or sides[0] * sides[1] > LARGEST_CANVAS):
        raise InputError(f"a canvas is [height, width] of at most {LARGEST_CANVAS} pixels, not "
                         f"{reprlib.repr(canvas)}")
    return sides


def at_least(least: float, section: str, config: Any, *keys: str) -> None:
    """Require the values of keys to be at least `least`, or None."""
    for key, value in _given(config, keys):
        require(value >= least, f"{section}.{key} must be at least {least}, not {value}")


def positive(section: str, config: Any, *keys: str) -> None:
    """Require the values of keys to be above 0 and finite, or None."""
    for key, value in _given(config, keys):
        require(0 < value < math.inf,
                f"{section}.{key} must be above 0 and finite, not {value}")


def one_of(section: str, config: Any, **choices: Sequence[str]) -> None:
    """Require the value of each key to be one of its choices."""
    for key, valid in choices.items():
        value = getattr(config, key)
        require(value in valid, f"{section}.{key} {value!r}; choose "
                                f"{(' or ' if len(valid) == 2 else ', ').join(valid)}")


def seed(section: str, config: Any, key: str) -> None:
    """Require a value that seeds NumPy's random numbers."""
    value = getattr(config, key)
    require(0 <= value <= LARGEST_SEED,
            f"{section}.{key} must lie between 0 and {LARGEST_SEED}, not {value}")


def _given(config, keys):
    return [(key, getattr(config, key)) for key in keys if getattr(config, key) is not None]
