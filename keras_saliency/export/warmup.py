"""The warm-up requests that TensorFlow Serving runs before it says that a version is ready.

They are a TFRecord file of PredictionLog messages, whose fields are stated here, so that exporting
does not need tensorflow-serving-api.
"""
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency.files import AnyPath, atomic_path
from keras_saliency.files.protobuf_messages import message_classes

WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
BATCHES = (1, 2)

# as published in tensorflow_serving/apis (prediction_log, predict, model); an input is an entry of
# a map, its value a TensorProto
PredictionLog = message_classes("serving", {
    "PredictionLog": {"predict_log": (6, "PredictLog")},
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, ["Input"])},
    "ModelSpec": {"name": (1, "string"), "signature_name": (3, "string")},
    "Input": {"key": (1, "string"), "value": (2, "bytes")},
})["PredictionLog"]


def write_warmup(folder: AnyPath, name: str, canvas: tuple) -> None:
    """Write `assets.extra/tf_serving_warmup_requests` into an exported version.

    `name` is that of the served model, `canvas` (h, w).
    """
    path = Path(folder) / WARMUP
    with atomic_path(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for signature, inputs in requests(canvas).items():
            for batch in BATCHES:
                writer.write(prediction_log(name, signature, {
                    key: np.concatenate([value] * batch) for key, value in inputs.items()}))


def requests(canvas: tuple) -> dict:
    """Return {signature: {input: batch of 1}}, a gradient in the size of the canvas."""
    height, width = canvas
    y, x = np.mgrid[:height, :width]
    picture = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], -1).astype(np.uint8)
    jpeg = cv2.imencode(".jpg", picture[..., ::-1])[1].tobytes()
    return {"serving_default": {"images": picture[np.newaxis]},
            "serve_bytes": {"image_bytes": np.array([jpeg], object)},
            "serve_canvas": {"images": picture[np.newaxis].astype(np.float32)}}


def prediction_log(name: str, signature: str, inputs: dict) -> bytes:
    """Return a serialized PredictionLog of one request, {input: array}, to a signature."""
    return PredictionLog(predict_log={"request": {
        "model_spec": {"name": name, "signature_name": signature},
        "inputs": [{"key": key, "value": tf.make_tensor_proto(value).SerializeToString()}
                   for key, value in inputs.items()]}}).SerializeToString()
