"""A network for OpenVINO, Intel's engine for its processors and others: .xml and .bin files."""
import json
import tempfile
from pathlib import Path
from typing import Any, Callable, Optional, Sequence, Union

import keras
import numpy as np

from keras_saliency.export import int8
from keras_saliency.export.description import prepare
from keras_saliency.export.frozen import freeze, largest_difference, megabytes
from keras_saliency.files import InputError, atomic_folder, require_writable
from keras_saliency.prediction import runtimes

WEIGHTS = ("float32", "float16", "int8")


def convert(model: keras.Model, shape: Sequence) -> Any:
    """An `openvino.Model` of a network.

    Args:
        shape: of its images, None where any number will do.
    """
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


def save_openvino(model: keras.Model, path: Union[str, Path], dynamic_batch: bool = False,
                  weights: str = "float32", dynamic_canvas: bool = False,
                  pictures: Optional[Sequence] = None, log: Callable = print) -> Path:
    """Write a new folder `path` with `<model>.xml` and `<model>.bin`.

    `images` float32 [1, h, w, 3] RGB 0..255 on the model's canvas -> the model's own `saliency`
    [1, h, w, 1]; the preprocessing is inside.

    Args:
        dynamic_batch: any number of images instead of one.
        weights: "float32"; "float16", kept in half precision; or "int8", see `int8.quantize`: what
            it loses is kept in the file.
        dynamic_canvas: images of any size that the model takes; `load_exported` then turns the
            canvas for portrait pictures.
        pictures: images [H, W, 3] to calibrate int8 with; default: generated ones.
        log: told what int8 loses.

    Returns:
        Path of the .xml file.

    Raises:
        FileExistsError: `path` is there already.
        InputError: another word for `weights`; a model that cannot be converted or described, whose
            canvas is unknown or does not fit its strides, or whose weights are not finite.
        MissingPackage: OpenVINO is not installed.
    """
    if weights not in WEIGHTS:
        raise InputError(f"no weights in {weights!r}; choose from {', '.join(WEIGHTS)}")
    openvino = runtimes.import_openvino()
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another folder")
    require_writable(path)
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


def run_openvino(path: Union[str, Path], images: np.ndarray) -> np.ndarray:
    """Outputs of an .xml file for images [B, h, w, 3], one after the other, in float32."""
    run = runtimes.open_openvino(path).run
    return np.concatenate([run(image[np.newaxis]) for image in images])


def export_openvino(model: keras.Model, path: Union[str, Path], dynamic_batch: bool = False,
                    weights: str = "float32", dynamic_canvas: bool = False,
                    pictures: Optional[Sequence] = None, log: Callable = print) -> Path:
    """`save_openvino`, and say how large the files are and how close to the model."""
    file = save_openvino(model, path, dynamic_batch, weights, dynamic_canvas, pictures, log)
    differs = largest_difference(model, lambda images: run_openvino(file, images))
    log(f"{file}: {megabytes(file.parent):.1f} MB with its .bin; largest difference from the "
        f"model in memory {differs:.1e} of its range")
    return file
