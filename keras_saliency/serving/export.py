"""Export of a model with the settings files that TensorFlow Serving reads beside it."""
from functools import partial
from pathlib import Path
from string import Template
from typing import Callable

import keras

from keras_saliency.export import tflite
from keras_saliency.export.frozen import measured
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.export.saved_model import open_canvas, save
from keras_saliency.files import AnyPath, write_whole

IMAGE = "tensorflow/serving:2.19.1"
TEMPLATES = Path(__file__).parent / "templates"
# The network takes its pictures one after the other, so a batch saves only the overhead of
# requests: the batches of batching_parameters.txt are small and wait only briefly.
FILES = ("models.config", "batching_parameters.txt", "monitoring.config", "docker-compose.yml")


def export_all(model: keras.Model, path: AnyPath, version: int = 1, float16: bool = False,
               lite: bool = False, quantize: str = "none", limit: int = LIMIT,
               dynamic_canvas: bool = False, log: Callable = print) -> Path:
    """Export a model and log the files' sizes and their differences from the model.

    Args:
        path: folder of the model; its name is the name to serve it under.
        lite: also write `<path>/../<name>_v<version>.tflite`, with `quantize`, `dynamic_canvas`.
        version, limit, float16: as in `export.save`, whose folder is returned.
    """
    path = Path(path)
    target = save(model, path, version, limit, float16)
    log(f"{target}: {measured(target, model, open_canvas(target))}")
    if lite:
        file = path.with_name(f"{path.name}_v{version}.tflite")
        tflite.save_tflite(model, file, quantize, dynamic_canvas)
        log(f"{file}: {measured(file, model, partial(tflite.run_tflite, file))}")
    files = write_serving_files(path.parent, path.name)
    log(f"{', '.join(file.name for file in files) or 'no new settings'} in {path.parent}; serve "
        f'with\n  docker run --rm -p 8500:8500 -p 8501:8501 -v "{path.parent.resolve() / path.name}'
        f':/models/{path.name}" -e MODEL_NAME={path.name} {IMAGE}')
    return target


def write_serving_files(folder: AnyPath, name: str) -> list:
    """Write `FILES` into `folder`, which holds the model's folder `name`; return the paths written.

    Existing files that differ are kept.
    """
    written = []
    for file in FILES:
        path, template = Path(folder) / file, (TEMPLATES / file).read_text(encoding="utf-8")
        text = Template(template).substitute(name=name, image=IMAGE)
        if not path.exists() or path.read_text(encoding="utf-8") == text:
            written.append(write_whole(path, text))
    return written
