"""What TensorFlow Serving reads besides the model: its settings, and the warm-up requests that it
runs before it says that a version is ready.

The requests are a TFRecord file of PredictionLog messages. Their fields are stated here, so that
exporting does not need tensorflow-serving-api.
"""
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency.files import atomic_path
from keras_saliency.protobuf_messages import message_classes

IMAGE = "tensorflow/serving:2.19.1"

MODELS = '''model_config_list {{
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    model_version_policy {{ latest {{ num_versions: 1 }} }}
  }}
}}
'''

# The network takes its pictures one after the other, so a batch saves no more than the overhead of
# a request: batches are small and wait only briefly.
BATCHING = '''max_batch_size {{ value: 4 }}
batch_timeout_micros {{ value: 2000 }}
num_batch_threads {{ value: 2 }}
max_enqueued_batches {{ value: 64 }}
allowed_batch_sizes: 1
allowed_batch_sizes: 2
allowed_batch_sizes: 4
'''

MONITORING = '''prometheus_config {{
  enable: true
  path: "/monitoring/prometheus/metrics"
}}
'''

COMPOSE = '''# docker compose up; gRPC on 8500, REST on 8501.
# Health:  http://localhost:8501/v1/models/{name}
# Metrics: http://localhost:8501/monitoring/prometheus/metrics
services:
  {name}:
    image: {image}
    ports: ["8500:8500", "8501:8501"]
    volumes:
      - ./{name}:/models/{name}:ro
      - ./models.config:/config/models.config:ro
      - ./monitoring.config:/config/monitoring.config:ro
      - ./batching_parameters.txt:/config/batching_parameters.txt:ro
    command:
      - --model_config_file=/config/models.config
      - --monitoring_config_file=/config/monitoring.config
      - --model_config_file_poll_wait_seconds=60
      # Requests of different picture sizes cannot share a batch: switch batching on only where
      # all clients use serve_bytes or serve_canvas.
      # - --enable_batching
      # - --batching_parameters_file=/config/batching_parameters.txt
    healthcheck:
      test: ["CMD-SHELL", "bash -c '</dev/tcp/localhost/8501'"]
      interval: 10s
      retries: 12
    restart: unless-stopped
'''

FILES = {"models.config": MODELS, "batching_parameters.txt": BATCHING,
         "monitoring.config": MONITORING, "docker-compose.yml": COMPOSE}

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


def write_serving_files(folder, name: str) -> list:
    """Write models.config, batching_parameters.txt, monitoring.config and docker-compose.yml.

    Args:
        folder: the one that holds the model's folder `name`. A file that is there already and
            says something else is left alone.

    Returns:
        The paths written.
    """
    written = []
    for file, template in FILES.items():
        path, text = Path(folder) / file, template.format(name=name, image=IMAGE)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            continue
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def docker_command(folder, name: str) -> str:
    """The one line that serves the exported model."""
    return (f'docker run --rm -p 8500:8500 -p 8501:8501 -v "{Path(folder).resolve() / name}:'
            f'/models/{name}" -e MODEL_NAME={name} {IMAGE}')


def write_warmup(folder, name: str, canvas, signatures) -> Path:
    """Write `assets.extra/tf_serving_warmup_requests` into an exported version.

    Args:
        folder: the version's. name: the model is served under. canvas: (h, w).
        signatures: those to warm up, of `requests`.
    """
    path = Path(folder) / WARMUP
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
    """A serialized PredictionLog of one request, {input: array}, to a signature of a model."""
    return PredictionLog(predict_log={"request": {
        "model_spec": {"name": name, "signature_name": signature},
        "inputs": [{"key": key, "value": tf.make_tensor_proto(value).SerializeToString()}
                   for key, value in inputs.items()]}}).SerializeToString()
