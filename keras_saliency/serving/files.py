"""The settings files that TensorFlow Serving reads beside a model."""
from pathlib import Path

from keras_saliency.files import atomic_path

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

# The network takes its pictures one after the other, so a batch saves only the overhead of
# requests: batches are small and wait only briefly.
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


def write_serving_files(folder, name: str) -> list:
    """Write models.config, batching_parameters.txt, monitoring.config and docker-compose.yml.

    `folder` holds the model's folder `name`. Existing files that differ are kept. Returns the
    paths written.
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
    """Return the command that serves an exported model."""
    return (f'docker run --rm -p 8500:8500 -p 8501:8501 -v "{Path(folder).resolve() / name}:'
            f'/models/{name}" -e MODEL_NAME={name} {IMAGE}')
