"""Warm-up requests: what TensorFlow Serving runs before it says that a version is ready.

A TFRecord file of PredictionLog messages. They are written by their wire format, field by field,
so that exporting does not need tensorflow-serving-api.
"""
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency.files import atomic_path

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
BATCHES = (1, 2)


def write_warmup(folder, name: str, canvas, signatures) -> Path:
    """Write `assets.extra/tf_serving_warmup_requests` into an exported version.

    Args:
        folder: the version's. name: the model is served under. canvas: (h, w).
        signatures: those to warm up, of `requests`.
    """
    path = Path(folder) / FILE
    with atomic_path(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for signature, inputs in requests(canvas).items():
            if signature in signatures:
                for batch in BATCHES:
                    writer.write(prediction_log(name, signature, {
                        key: np.concatenate([value] * batch) for key, value in inputs.items()}))
    return path


def requests(canvas) -> dict:
    """{signature: {input: array of a batch of 1}}, a gradient in the size of the canvas."""
    height, width = canvas
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
    return {"serving_default": {"images": picture[np.newaxis]},
            "serve_bytes": {"image_bytes": np.array([jpeg], object)},
            "serve_canvas": {"images": picture[np.newaxis].astype(np.float32)}}


def prediction_log(name: str, signature: str, inputs: dict) -> bytes:
    """A serialized PredictionLog with a PredictRequest; field numbers as published in
    tensorflow_serving/apis (prediction_log, predict, model)."""
    spec = _field(1, name.encode()) + _field(3, signature.encode())
    request = _field(1, spec)
    for key, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        request += _field(2, _field(1, key.encode()) + _field(2, tensor))  # an entry of the map
    return _field(6, _field(1, request))


def _field(number: int, contents: bytes) -> bytes:
    """A length-delimited field of a message."""
    return _varint(number << 3 | 2) + _varint(len(contents)) + contents


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
