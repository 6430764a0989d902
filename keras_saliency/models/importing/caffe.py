"""Weights of a `.caffemodel` without Caffe: the few fields of its protocol buffer that matter.

Field numbers are those of Caffe's public `caffe.proto`. A message is a sequence of fields, each a
varint `number << 3 | wire type` and a value (protobuf.dev, "Encoding").
"""
import numpy as np

from keras_saliency.models.weights_file import WeightsError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# field of NetParameter -> fields (name, blobs) of its message: the layers of today and of 2013
LAYER_FIELDS = {100: (1, 7), 2: (4, 6)}
LEGACY_AXES = (1, 2, 3, 4)  # num, channels, height, width of BlobProto
DATA, SHAPE, DOUBLE_DATA = 5, 7, 8


def read_caffemodel(data: bytes) -> dict:
    """{"<layer>/<number of the blob>": float array} of all layers that have blobs.

    Raises:
        WeightsError: not such a message, cut short, or a blob whose shape and data disagree.
    """
    arrays = {}
    for number, kind, value in _fields(memoryview(data)):
        if number in LAYER_FIELDS and kind == BYTES:
            name_field, blob_field = LAYER_FIELDS[number]
            layer = list(_fields(value))
            name = next((bytes(v).decode("utf-8", "replace") for n, k, v in layer
                         if n == name_field and k == BYTES), "")
            blobs = [v for n, k, v in layer if n == blob_field and k == BYTES]
            for index, blob in enumerate(blobs):
                arrays[f"{name}/{index}"] = _blob(blob, f"{name}/{index}")
    if not arrays:
        raise WeightsError("it has no layer with weights")
    return arrays


def _fields(message):
    """Yields (number, wire type, value); value is an int or a view of bytes."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == VARINT:
            value, position = _varint(message, position)
        else:
            length = {FIXED64: 8, FIXED32: 4}.get(kind)
            if kind == BYTES:
                length, position = _varint(message, position)
            if length is None or length > len(message) - position:
                raise WeightsError("it is cut short or no protocol buffer")
            value, position = message[position:position + length], position + length
        yield tag >> 3, kind, value


def _varint(message, position) -> tuple:
    """(value, position behind it): 7 bits a byte, lowest first, at most 10 bytes."""
    value = 0
    for index, byte in enumerate(message[position:position + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, position + index + 1
    raise WeightsError("it is cut short or no protocol buffer")


def _blob(message, key) -> np.ndarray:
    """One BlobProto; its numbers may be one packed field or a field each."""
    legacy, shape, data = {}, None, {DATA: bytearray(), DOUBLE_DATA: bytearray()}
    for number, kind, value in _fields(message):
        if number in LEGACY_AXES and kind == VARINT:
            legacy[number] = value
        elif number == SHAPE and kind == BYTES:
            shape = _dimensions(value)
        elif number in data and kind != VARINT:
            data[number] += value
    if shape is None:
        shape = tuple(legacy.get(axis, 0) for axis in LEGACY_AXES)
        if shape[:3] == (1, 1, 1):  # how a bias was written
            shape = shape[3:]
    values = (np.frombuffer(data[DATA], "<f4") if len(data[DATA]) % 4 == 0 and data[DATA]
              else np.frombuffer(data[DOUBLE_DATA], "<f8", len(data[DOUBLE_DATA]) // 8))
    count = 1
    for length in shape:  # Python's whole numbers do not overflow
        count *= length
    if count != values.size or not count:
        raise WeightsError(f"{key} has the shape {tuple(shape)} and {values.size} numbers")
    return values.reshape(shape)


def _dimensions(message) -> tuple:
    """`dim` of a BlobShape, packed or not."""
    lengths = []
    for number, kind, value in _fields(message):
        if number == 1 and kind == VARINT:
            lengths.append(value)
        elif number == 1 and kind == BYTES:
            position = 0
            while position < len(value):
                length, position = _varint(value, position)
                lengths.append(length)
    return tuple(lengths)
