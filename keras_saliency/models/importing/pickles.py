"""Arrays out of a pickle without running anything that the pickle names.

Unpickling calls whatever function the file asks for. Here the few names that arrays need stand for
inert classes of this file, which only note their arguments; any other name is refused. Not even
numpy's own reconstruction runs on bytes of the file before they are checked.

The unpickler is Python's own in Python, not in C: a damaged file can make the C one ask for
gigabytes (the index of a memo entry is the size of a table there, the key of a dict here).
"""
import io
import pickle

import numpy as np

from keras_saliency.models.weights_file import WeightsError

MOST_ARRAYS = 10_000
TYPES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}


class RefusedGlobal(WeightsError):
    """A pickle asks for more than arrays."""


class Inert:
    """Stands for a global of the file; what the file would set on it is dropped."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __setstate__(self, state):
        pass


class DType(Inert):
    """numpy.dtype(name, align, copy) with the state (version, byte order, ...)."""

    order = "|"

    def __setstate__(self, state):
        self.order = state[1]

    def numpy(self) -> np.dtype:
        name = self.arguments[0]
        if name not in TYPES or self.order not in ("<", ">", "=", "|"):
            raise WeightsError(f"it has an array of the type {name!r}, which weights do not have")
        return np.dtype(self.order + name)


class Array(Inert):
    """numpy's _reconstruct(...) with the state (version, shape, dtype, fortran order, data)."""

    state = None

    def __setstate__(self, state):
        self.state = state[-4:]

    def value(self):
        """An array; of an array of objects, the list of them, or the only one."""
        shape, dtype, fortran, data = self.state
        if isinstance(data, list):
            return data if shape else data[0]
        return checked_array(data, dtype.numpy(), shape, fortran)


class Buffer(Inert):
    """numpy's _frombuffer(data, dtype, shape, order), of pickle protocol 5."""

    def value(self) -> np.ndarray:
        data, dtype, shape, order = self.arguments
        return checked_array(data, dtype.numpy(), shape, order == "F")


class Scalar(Inert):
    """numpy's scalar(dtype, data): not a weight."""

    def value(self):
        return None


class Mapping(dict, Inert):
    """collections.OrderedDict; attributes such as torch's `_metadata` are dropped."""


class Encoded(bytes, Inert):
    """_codecs.encode(text, "latin1"): how Python 3 writes bytes for Python 2."""

    def __new__(cls, text, codec="latin1"):
        return super().__new__(cls, text, "latin1")

    def __init__(self, *arguments):
        pass  # the text is large and no longer needed


ARRAY_GLOBALS = {
    **{(module, name): stub for parent in ("numpy.core", "numpy._core")
       for module, name, stub in ((f"{parent}.multiarray", "_reconstruct", Array),
                                  (f"{parent}.multiarray", "scalar", Scalar),
                                  (f"{parent}.numeric", "_frombuffer", Buffer))},
    ("numpy", "ndarray"): Inert,
    ("numpy", "dtype"): DType,
    ("_codecs", "encode"): Encoded,
    ("collections", "OrderedDict"): Mapping,
}


class ArrayUnpickler(pickle._Unpickler):
    """Knows `names`, {(module, name): stub}, and refuses every other global."""

    def __init__(self, file, names=ARRAY_GLOBALS):
        super().__init__(file, encoding="latin1")  # the strings of Python 2 are bytes
        self.names = names

    def find_class(self, module, name):
        if (module, name) not in self.names:
            raise RefusedGlobal(
                f"the pickle asks for {module}.{name}, which is refused: only arrays are read, "
                "since loading anything else would run code that the file chooses")
        return self.names[module, name]


def checked_array(data, dtype, shape, fortran=False) -> np.ndarray:
    """Bytes as an array of `shape`, once their number is right."""
    raw = data.encode("latin1") if isinstance(data, str) else bytes(data)
    count = 1
    for length in shape:
        count *= int(length)
    if count * dtype.itemsize != len(raw) or any(length < 0 for length in shape):
        raise WeightsError(f"it has an array of shape {tuple(shape)} in {len(raw)} bytes")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")


def read_pickle(data: bytes) -> dict:
    """{path: array} of a pickled array, list or dict of arrays: "0", "1", or "conv1/0".

    Raises:
        RefusedGlobal: the pickle asks for anything but arrays; names the global.
    """
    return named_arrays(ArrayUnpickler(io.BytesIO(data)).load())


def named_arrays(tree) -> dict:
    """{path: array} of nested lists and dicts; other leaves (numbers, text) are left out."""
    found, stack = {}, [("", tree)]
    for _ in range(MOST_ARRAYS):
        if not stack:
            return found
        path, value = stack.pop()
        value = value.value() if hasattr(value, "value") else value
        if isinstance(value, np.ndarray):
            found[path] = value
        elif isinstance(value, (list, tuple, dict)):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            if len(stack) + len(value) > MOST_ARRAYS:
                break
            stack += reversed([(f"{path}/{key}".lstrip("/"), item) for key, item in items])
    raise WeightsError(f"it nests more than {MOST_ARRAYS} things: no file of weights")
