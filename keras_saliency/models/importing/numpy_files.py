"""`.npy` and `.npz` files: the arrays in them, and those of a pickled dict (`allow_pickle`)."""
import io
import math
import zipfile

import numpy as np

from keras_saliency.models.importing.pickles import checked_array, read_pickle
from keras_saliency.models.weights_file import WeightsError

HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def read_npy(data: bytes) -> dict:
    """{path: array}: one array is at "", those of a pickled dict of lists at "conv1_1/0".

    Raises:
        WeightsError: not a `.npy`, cut short, or a pickle of more than arrays.
    """
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise WeightsError(f"it is a .npy of version {version}, not of 1.0 or 2.0")
    shape, fortran, dtype = HEADERS[version](file)
    if dtype.hasobject:
        return read_pickle(data[file.tell():])
    # counted before the conversion, since a damaged header may ask for any amount of memory
    length = math.prod(shape) * dtype.itemsize
    return {"": checked_array(data[file.tell():][:length], dtype, shape, fortran)}


def read_npz(data: bytes) -> dict:
    """{name: array} of a zip archive of `.npy` files, "arr_0" before "arr_10".

    Raises:
        WeightsError: a member that is not an array of numbers.
    """
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            name = member.removesuffix(".npy")
            arrays.update({f"{name}/{path}".rstrip("/"): array
                           for path, array in read_npy(archive.read(member)).items()})
    return dict(sorted(arrays.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> tuple:
    """Sorts arr_2 before arr_10."""
    head, _, number = name.rpartition("_")
    return (head, int(number)) if number.isdecimal() else (name, -1)
