"""`.npz` archives of plain arrays. Nothing pickled is loaded."""
import math
import zipfile

import numpy as np

from keras_saliency.models.weights_file import WeightsError

LIMIT = 1 << 30  # bytes of all arrays; the largest network, JuntingNet, has 258 MB in float32
PLAIN = (1, 0)  # version of the format in which numpy writes arrays of numbers


def read_npz(path) -> dict:
    """{name: array} of a `.npz` archive, "arr_2" before "arr_10".

    The sizes are checked before an array is made: zeros by the gigabyte fit into a small archive.

    Raises:
        WeightsError: more than `LIMIT` bytes, or a member that is not an array of numbers of the
            size that its shape needs. What zipfile and numpy raise: a damaged archive.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > LIMIT:
            raise WeightsError(f"its arrays take {size / 1e9:.1f} GB, and no file of weights that "
                               f"is read here takes more than {LIMIT / 1e9:.1f} GB")
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
        raise WeightsError(f"{member.filename} holds {dtype}: write arrays of numbers alone")
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != member.file_size - header:
        raise WeightsError(f"{member.filename} has shape {shape} in {member.file_size - header} "
                           "bytes")


def _natural(name: str) -> tuple:
    """Sorts arr_2 before arr_10."""
    head, _, number = name.rpartition("_")
    return (head, int(number)) if number.isdecimal() else (name, -1)
