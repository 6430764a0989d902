"""`.npy` files from strangers, checked before they take memory."""
import io
import math

import numpy as np

from keras_saliency.files import AnyPath, InputError, require
from keras_saliency.files.picture_headers import read_file

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0}
_LONGEST_HEADER = 2 ** 16  # bytes; NumPy reads none that are longer


def read_npy(path: AnyPath) -> np.ndarray:
    """Return the array of real numbers in a `.npy` file, at most 40 million; nothing pickled loads.

    Raises `InputError` for any other file, and for one that is not as long as its shape claims.
    """
    contents = read_file(path)
    start = io.BytesIO(contents[:_LONGEST_HEADER])
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(start)](start)
    except Exception as error:  # the header is Python text, and a damaged one raises any type
        raise InputError(f"{path}: not a .npy file of numbers ({error})") from error
    require(dtype.kind in "biuf", f"{path}: an array of {dtype}, not of real numbers")
    found = len(contents) - start.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != found:
        raise InputError(f"{path}: {found} bytes of numbers, not those of {dtype} {list(shape)}")
    values = np.frombuffer(contents, dtype, offset=start.tell())
    return values.reshape(shape, order="F" if fortran else "C")
