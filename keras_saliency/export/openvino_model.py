"""A network for OpenVINO, Intel's engine for its processors and others: .xml and .bin files."""
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from keras_saliency.export.frozen import freeze, largest_difference, megabytes, require_finite
from keras_saliency.files import (
    InputError,
    import_optional,
    remove_abandoned,
    require_writable,
    temporary_path,
)
from keras_saliency.models import check_canvas
from keras_saliency.prediction.forward import canvas_of

EXTRA = "fast"


def import_openvino():
    """The package openvino, which takes its stub for the one that reports over the network that it
    was imported: without asking it would.

    Raises:
        MissingPackage: it is not installed.
    """
    reporter = "openvino_telemetry"
    hidden = reporter not in sys.modules
    if hidden:
        sys.modules[reporter] = None
    try:
        return import_optional("openvino", EXTRA)
    finally:
        if hidden:
            del sys.modules[reporter]


def convert(model, shape):
    """An `openvino.Model` of a network.

    Args:
        shape: of its images, None where any number will do.

    Raises:
        InputError: OpenVINO cannot convert the model. MissingPackage: it is not installed.
    """
    openvino = import_openvino()
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


def save_openvino(model, path, dynamic_batch=False, float16=False) -> Path:
    """Write a new folder `path` with `<model>.xml` and `<model>.bin`.

    `images` float32 [1, h, w, 3] RGB 0..255 on the model's canvas -> the model's own `saliency`
    [1, h, w, 1]; the preprocessing is inside.

    Args:
        dynamic_batch: any number of images instead of one. float16: weights in half precision.

    Returns:
        Path of the .xml file.

    Raises:
        FileExistsError: `path` is there already.
        InputError: a model that cannot be converted, whose canvas is unknown or does not fit its
            strides, or whose weights are not finite. MissingPackage: OpenVINO is not installed.
    """
    openvino = import_openvino()
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another folder")
    require_writable(path)
    require_finite(model)
    canvas = canvas_of(model)
    check_canvas(model, canvas)
    converted = convert(model, [None if dynamic_batch else 1, *canvas, 3])
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    temporary = temporary_path(path)
    try:
        openvino.save_model(converted, temporary / f"{model.name}.xml", compress_to_fp16=float16)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path / f"{model.name}.xml"


def run_openvino(path, images) -> np.ndarray:
    """Outputs of an .xml file for images [B, h, w, 3], one after the other, in float32."""
    openvino = import_openvino()
    compiled = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled(image[np.newaxis])[0] for image in images])


def export_openvino(model, path, dynamic_batch=False, float16=False, log=print) -> Path:
    """`save_openvino`, and say how large the files are and how close to the model."""
    file = save_openvino(model, path, dynamic_batch, float16)
    differs = largest_difference(model, lambda images: run_openvino(file, images))
    log(f"{file}: {megabytes(file.parent):.1f} MB with its .bin; largest difference from the "
        f"model in memory {differs:.1e} of its range")
    return file
