"""Export of a model with the files that TensorFlow Serving needs beside it."""
from functools import partial
from pathlib import Path
from typing import Callable, Union

import keras

from keras_saliency.export import tflite
from keras_saliency.export.frozen import measured
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.export.saved_model import open_canvas, save
from keras_saliency.serving.files import docker_command, write_serving_files


def export_all(model: keras.Model, path: Union[str, Path], version: int = 1, float16: bool = False,
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
        f"with\n  {docker_command(path.parent, path.name)}")
    return target
