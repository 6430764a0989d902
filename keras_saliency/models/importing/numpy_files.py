"""`.npz` archives of plain arrays; nothing pickled is loaded."""
import math
import zipfile
from pathlib import Path

import numpy as np

from keras_saliency.models.weights_file import WeightsError

LIMIT = 1 << 30  # bytes of all arrays; the largest network, JuntingNet, takes 258 MB in float32
PLAIN = (1, 0)  # version of the format that numpy uses for arrays of numbers


def read_npz(path: Path) -> dict:
    """Return {name: array} of a `.npz` archive, "arr_2" before "arr_10".

    Sizes are checked before memory is taken: gigabytes of zeros fit into a small archive.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > LIMIT:
            raise WeightsError(f"its arrays take {size / 1e9:.1f} GB, more than the "
                               f"{LIMIT / 1e9:.1f} GB of any known weights")
        for member in archive.infolist():
            _check(archive, member)
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in sorted(arrays.files, key=_natural)}


def _check(archive, member) -> None:
    with archive.open(member) as file:
        if np.lib.format.read_magic(file) != PLAIN:
            raise WeightsError(f"{member.filename} is not a plain array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        header = file.tell()
    if dtype.kind not in "biuf":
        raise WeightsError(f"{member.filename} holds {dtype}: write only arrays of numbers")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != member.file_size - header:
        raise WeightsError(f"{member.filename} has shape {shape} in {member.file_size - header} "
                           "bytes")


def _natural(name: str) -> tuple:
    """Return a sort key with arr_2 before arr_10."""
    head, _, number = name.rpartition("_")
    return (head, int(number)) if number.isdecimal() else (name, -1)
