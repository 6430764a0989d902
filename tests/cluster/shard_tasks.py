"""Functions that the tests let workers run; they must be found there by name."""
import os
import time
from pathlib import Path

import numpy as np


def add(base, items, seconds=0.0):
    """The items plus `base`."""
    time.sleep(seconds)
    return [base + item for item in items]


def add_once(base, folder, items):
    """As `add`; leaves a file for each call."""
    Path(folder, f"{items[0]}-{time.monotonic_ns()}").touch()
    return add(base, items)


def refuse_odd(items):
    """The items, or an error for shards that begin with an odd one."""
    if items[0] % 2:
        raise ValueError(f"{items[0]} is odd\nand more")
    return items


def _first_with_3(folder, items) -> bool:
    """Whether 3 is among the items for the first time; leaves a file that says so."""
    mark = Path(folder, "seen")
    if 3 not in items or mark.exists():
        return False
    mark.touch()
    return True


def hang_once(folder, items):
    """The items; the first call with 3 among them takes for ever."""
    if _first_with_3(folder, items):
        time.sleep(600)
    return items


def die_once(folder, items):
    """The items; the first call with 3 among them ends its process."""
    if _first_with_3(folder, items):
        os._exit(1)
    return items


def brightness(image):
    """A map in place of a network's."""
    return image.mean(-1, dtype=np.float32)
