"""Options of a network's builder, checked before anything of their size is built."""
import inspect
import math
import numbers
import reprlib
from typing import Callable, Mapping

from keras_saliency.config import is_whole
from keras_saliency.files import InputError

# The widest published layer that an option sets has 256 filters; a network of twice the published
# width takes four times the memory. At both limits JuntingNet takes two gigabytes, others less.
MOST_FILTERS, LARGEST_NUMBER = 256, 2


def check_names(name: str, builder: Callable, options: Mapping) -> None:
    """Raise `InputError` for an option that the builder has not (lists those it has)."""
    valid = [parameter for parameter in inspect.signature(builder).parameters
             if parameter not in ("input_shape", "image")]
    for option in options:
        if option not in valid:
            raise InputError(
                f"{name} has no option {option!r}; its options are {', '.join(valid)}")


def check_values(name: str, builder: Callable, options: Mapping) -> None:
    """Raise `InputError` for a value that is not of its default's type or out of range.

    What else a value must be is for the builder to say, words above all: it lists those it knows.
    """
    parameters = inspect.signature(builder).parameters
    for option, value in options.items():
        expected = _mismatch(value, parameters[option].default)
        if expected:
            raise InputError(f"{name}: option {option} must be {expected}, not "
                             f"{reprlib.repr(value)}")


def _mismatch(value, default) -> str:
    """The description of a valid value, if `value` cannot replace `default`; else ""."""
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return ("" if is_whole(value) and 1 <= value <= MOST_FILTERS
                else f"a whole number from 1 to {MOST_FILTERS}")
    if isinstance(default, float):
        fits = (isinstance(value, numbers.Real) and not isinstance(value, bool)
                and math.isfinite(value) and 0 <= value <= LARGEST_NUMBER)
        return "" if fits else f"a number from 0 to {LARGEST_NUMBER}"
    if isinstance(default, tuple):
        fits = (isinstance(value, (list, tuple)) and len(value) == len(default)
                and not any(map(_mismatch, value, default)))
        return "" if fits else f"{len(default)} numbers, each {_mismatch(None, default[0])}"
    return ""
