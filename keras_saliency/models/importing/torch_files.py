"""torch's `.pth` without torch: the pickle names storages, whose bytes lie beside it.

Two layouts: a zip archive (`<name>/data.pkl`, `<name>/data/<key>`; torch 1.6 and later) and the
older single stream (four pickles: magic number, version, system, objects; then a pickled list of
keys and for each the number of elements and the bytes). torchvision's `vgg16-397923af.pth` dates
from the older days.
"""
import io
import struct
import zipfile
from typing import NamedTuple

import numpy as np

from keras_saliency.models.importing.pickles import (
    ARRAY_GLOBALS,
    ArrayUnpickler,
    Inert,
    checked_array,
    named_arrays,
)
from keras_saliency.models.weights_file import WeightsError

MAGIC = 0x1950a86a20f9469cfc6c  # torch.serialization.MAGIC_NUMBER
STORAGES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2",
            "LongStorage": "<i8", "IntStorage": "<i4", "ByteStorage": "u1"}


class Storage(NamedTuple):
    key: str
    dtype: np.dtype


class Tensor(Inert):
    """torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...); v1 has no more."""

    def array(self, storages) -> np.ndarray:
        storage, offset, size, stride = self.arguments[:4]
        values = storages[str(storage.key)]
        last = offset + sum((length - 1) * step for length, step in zip(size, stride))
        if (len(size) != len(stride) or min((offset, *stride)) < 0 or min(size, default=1) < 1
                or last >= values.size):
            raise WeightsError(f"it has a tensor of size {tuple(size)} beyond its storage of "
                               f"{values.size} numbers")
        return np.lib.stride_tricks.as_strided(
            values[offset:], size, [step * values.itemsize for step in stride]).copy()


class Parameter(Inert):
    """torch.nn.Parameter(tensor, ...): the tensor."""

    def array(self, storages):
        return self.arguments[0].array(storages)


TORCH_GLOBALS = {
    **ARRAY_GLOBALS,
    **{("torch._utils", name): Tensor for name in ("_rebuild_tensor", "_rebuild_tensor_v2")},
    ("torch._utils", "_rebuild_parameter"): Parameter,
    ("torch.nn.parameter", "Parameter"): Parameter,
    # a class each, so that a file cannot change what another one finds
    **{("torch", name): type(name, (Inert,), {"dtype": np.dtype(dtype)})
       for name, dtype in STORAGES.items()},
}


class TensorUnpickler(ArrayUnpickler):
    def __init__(self, file):
        super().__init__(file, TORCH_GLOBALS)
        self.stored = {}

    def persistent_load(self, identity):
        """("storage", type, key, device, number of elements, ...)."""
        storage = Storage(str(identity[2]), identity[1].dtype)
        self.stored[storage.key] = storage
        return storage


def read_torch(data: bytes) -> dict:
    """{name: array} of a saved state_dict, e.g. "features.0.weight" [out, in, h, w].

    Raises:
        WeightsError: not torch's, cut short, or a pickle of more than tensors.
    """
    state, storages = _read_zip(data) if data[:2] == b"PK" else _read_stream(data)
    if not isinstance(state, dict):
        raise WeightsError("it does not hold a state_dict; save model.state_dict() alone")
    state = state.get("state_dict", state)
    return named_arrays({key: value.array(storages) for key, value in state.items()
                         if isinstance(value, (Tensor, Parameter))})


def _read_zip(data) -> tuple:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pickled = next((n for n in archive.namelist() if n.endswith("data.pkl")), None)
        if pickled is None:
            raise WeightsError("it is a zip archive without data.pkl; torch wrote something else")
        folder = pickled[:-len("data.pkl")]
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order) != b"little":
            raise WeightsError("it was written on a big-endian machine; save it on another")
        unpickler = TensorUnpickler(io.BytesIO(archive.read(pickled)))
        state = unpickler.load()
        return state, {key: np.frombuffer(archive.read(f"{folder}data/{key}"), storage.dtype)
                       for key, storage in unpickler.stored.items()}


def _read_stream(data) -> tuple:
    file = io.BytesIO(data)
    if ArrayUnpickler(file).load() != MAGIC:
        raise WeightsError("it is older than torch 0.2 or not torch's: load it with torch and "
                           "save model.state_dict() again")
    for _ in ("version", "system"):
        ArrayUnpickler(file).load()
    unpickler = TensorUnpickler(file)
    state = unpickler.load()
    storages = {}
    for key in ArrayUnpickler(file).load():
        dtype = unpickler.stored[str(key)].dtype
        count, = struct.unpack("<q", file.read(8))
        raw = file.read(max(count, 0) * dtype.itemsize)
        storages[str(key)] = checked_array(raw, dtype, (count,))
    return state, storages
