"""The settings files that TensorFlow Serving reads beside a model."""
from pathlib import Path
from string import Template
from typing import Union

from keras_saliency.files import atomic_path

IMAGE = "tensorflow/serving:2.19.1"
TEMPLATES = Path(__file__).parent / "templates"
# The network takes its pictures one after the other, so a batch saves only the overhead of
# requests: the batches of batching_parameters.txt are small and wait only briefly.
FILES = ("models.config", "batching_parameters.txt", "monitoring.config", "docker-compose.yml")


def write_serving_files(folder: Union[str, Path], name: str) -> list:
    """Write `FILES` into `folder`, which holds the model's folder `name`; return the paths written.

    Existing files that differ are kept.
    """
    written = []
    for file in FILES:
        path, template = Path(folder) / file, (TEMPLATES / file).read_text(encoding="utf-8")
        text = Template(template).substitute(name=name, image=IMAGE)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            continue
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def docker_command(folder: Union[str, Path], name: str) -> str:
    """Return the command that serves an exported model."""
    return (f'docker run --rm -p 8500:8500 -p 8501:8501 -v "{Path(folder).resolve() / name}:'
            f'/models/{name}" -e MODEL_NAME={name} {IMAGE}')
