"""A network for OpenVINO, Intel's engine for its processors and others: .xml and .bin files."""
import json
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import keras

from keras_saliency.export import int8
from keras_saliency.export.frozen import freeze, measured, new_path, prepare
from keras_saliency.files import AnyPath, InputError, atomic_folder, require
from keras_saliency.prediction import runtimes

WEIGHTS = ("float32", "float16", "int8")


def convert(model: keras.Model, shape: Optional[Sequence] = None) -> Any:
    """Return a network as an `openvino.Model`; the shape of its images is as of `freeze`."""
    openvino = runtimes.import_openvino()
    frozen = freeze(model, shape)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frozen.pb"
        file.write_bytes(frozen.graph.as_graph_def().SerializeToString())
        try:
            converted = openvino.Core().read_model(file)
        except RuntimeError as error:
            raise InputError(f"OpenVINO {openvino.__version__} cannot convert {model.name}: "
                             f"{error}") from error
    converted.input(0).get_tensor().set_names({"images"})
    converted.output(0).get_tensor().set_names({"saliency"})
    return converted


def run(model: keras.Model, precision: str) -> Callable:
    """Return the function of `formats.Format.run`."""
    return runtimes.run_openvino(convert(model), model.name, precision)


def run_int8(model: keras.Model, pictures: Optional[Sequence], log: Callable) -> tuple:
    """Return what `formats.Format.run_int8` gives."""
    quantized, losses = int8.quantize(model, convert(model), pictures, log)
    return runtimes.run_openvino(quantized, model.name, runtimes.INT8), losses


def save_openvino(model: keras.Model, path: AnyPath, dynamic_batch: bool = False,
                  weights: str = "float32", dynamic_canvas: bool = False,
                  pictures: Optional[Sequence] = None, log: Callable = print) -> Path:
    """Write a new folder `path` with `<model>.xml` and `<model>.bin`.

    `images` float32 [1, h, w, 3] RGB 0..255 on the model's canvas -> the model's own `saliency`
    [1, h, w, 1]; the preprocessing is inside.

    Args:
        dynamic_batch, dynamic_canvas: as of `frozen.prepare`.
        weights: "float32"; "float16", kept in half precision; or "int8", see `int8.quantize`: what
            it loses is kept in the file.
        pictures: images [H, W, 3] to calibrate int8 with; default: generated ones.
        log: called with what int8 loses.

    Returns the path of the .xml file.
    """
    require(weights in WEIGHTS, f"no weights in {weights!r}; choose from {', '.join(WEIGHTS)}")
    openvino = runtimes.import_openvino()
    path = new_path(path)
    shape, description = prepare(model, dynamic_batch, dynamic_canvas)
    converted = convert(model, shape)
    if weights == "int8":
        converted, losses = int8.quantize(model, converted, pictures, log)
        converted.set_rt_info(json.dumps(losses), [runtimes.LOSSES])
    converted.set_rt_info(description, [runtimes.KEY])
    with atomic_folder(path) as temporary:
        openvino.save_model(converted, temporary / f"{model.name}.xml",
                            compress_to_fp16=weights == "float16")
    return path / f"{model.name}.xml"


def export_openvino(model: keras.Model, path: AnyPath, log: Callable = print,
                    **options: Any) -> Path:
    """Do as `save_openvino`, and log how large the files are and how close to the model."""
    file = save_openvino(model, path, log=log, **options)
    log(f"{file} and its .bin: {measured(file.parent, model, runtimes.open_openvino(file).run)}")
    return file
