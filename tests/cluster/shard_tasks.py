"""Functions that workers run in tests; workers import them by name."""
import os
import time
from pathlib import Path

import numpy as np


def add(base, items, seconds=0.0):
    """Return the items plus `base`."""
    time.sleep(seconds)
    return [base + item for item in items]


def add_once(base, folder, items):
    """Return the items plus `base`, and leave a file for each call."""
    Path(folder, f"{items[0]}-{time.monotonic_ns()}").touch()
    return add(base, items)


def refuse_odd(items):
    """Return the items, or raise for shards that begin with an odd item."""
    if items[0] % 2:
        raise ValueError(f"{items[0]} is odd\nand more")
    return items


def _first_with_3(folder, items) -> bool:
    """Return True the first time that 3 is among the items; a file records that."""
    mark = Path(folder, "seen")
    if 3 not in items or mark.exists():
        return False
    mark.touch()
    return True


def hang_once(folder, items):
    """Return the items; the first call with 3 among them never ends."""
    if _first_with_3(folder, items):
        time.sleep(600)
    return items


def die_once(folder, items):
    """Return the items; the first call with 3 among them ends its process."""
    if _first_with_3(folder, items):
        os._exit(1)
    return items


def brightness(image):
    """Return a map that needs no network."""
    return image.mean(-1, dtype=np.float32)


def darkness(image):
    """Return another map."""
    return 255 - brightness(image)
