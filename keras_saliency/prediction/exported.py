"""A file that `export` wrote, taken wherever a picture is predicted. TensorFlow is not needed.

To import it, to build a network and to convert that for an engine takes longer than many
predictions; all this is done once, when the file is written.
"""
import json
import reprlib
from pathlib import Path

import numpy as np

from keras_saliency.config import FITS, check_size
from keras_saliency.files import InputError, printable
from keras_saliency.maps import arrays, geometry
from keras_saliency.prediction import runtimes
from keras_saliency.prediction.last_steps import LAST_STEPS
from keras_saliency.prediction.runtimes import INT8, PRECISIONS

ENDINGS = {".xml": "openvino", ".onnx": "onnxruntime", ".tflite": "litert"}
REMEDY = "export it again with scripts/export.py"


class Exported:
    """A network of `load_exported`; `predict` takes it in a model's place.

    Attributes:
        file: its path. engine, precision: what runs it, and in what. name: of the model.
        canvas: (h, w). canvas_fit: of pictures on it. input_shape: of its images [B, h, w, 3], None
            where any number will do. losses: {metric: what int8 loses, see `export.int8.losses`};
            else empty. provenance: what it was trained on, and its licence.
    """

    def __init__(self, file, engine, precision, opened):
        self.file, self.engine = file, engine
        self.losses = _read_losses(opened.losses, file)
        self.precision = INT8 if self.losses else precision
        self.input_shape, self._run = opened.shape, opened.run
        about = _read_description(opened.description, file)
        self.name, self.provenance = about["model"], about["provenance"]
        self.canvas, self.canvas_fit = about["canvas"], about["fit"]
        self._last_step = LAST_STEPS[about["last_step"]]

    def __reduce__(self):
        """Another process opens the file again; it must see it by the same name."""
        return load_exported, (str(self.file.resolve()), self.precision)

    def __call__(self, images) -> np.ndarray:
        """Maps float32 [B, h, w, 1] of images float32 [B, h, w, 3] on a canvas."""
        return self._run(images)

    def map_of(self, image, canvas=None) -> np.ndarray:
        """What `prediction.forward.predict` gives for an image that it has checked."""
        size, fit = image.shape[:2], self.canvas_fit
        if canvas is None:
            canvas = geometry.oriented_canvas(
                size, self.canvas, fit, turns=None in self.input_shape[1:3])
        canvas = check_size(tuple(canvas))
        canvas_map = self._run(arrays.to_canvas(image, canvas, fit)[np.newaxis])[0]
        if canvas_map.shape != (*canvas, 1):
            raise InputError(f"{self.file}: makes a map of {canvas_map.shape} on a canvas of "
                             f"{canvas}; its strides must divide the canvas")
        return self._last_step(canvas_map, size, fit)[..., 0]

    def __str__(self):
        return printable(f"{self.file}: {self.provenance}; on {self.engine} in {self.precision}")


def is_exported(path) -> bool:
    """Whether `load_exported` is for such a path: a file by its ending, or a folder with an .xml
    file."""
    path = Path(path)
    return path.suffix in ENDINGS or any(path.glob("*.xml"))


def load_exported(path, precision=None, log=print, at_once=1) -> Exported:
    """Open a network that was exported for an engine. It needs that engine, and no TensorFlow.

    Args:
        path: an .onnx or a .tflite file, an .xml file for OpenVINO, or the folder with it.
        precision: "int8" for files in it; else "float32" and for OpenVINO also "bfloat16", or
            "auto", which is bfloat16 where the processor has it. Default: "int8" or "float32".
        log: told if bfloat16 was asked for and the processor has none: float32 is taken.
        at_once: images that several threads will ask for at the same time. OpenVINO then computes
            so many beside each other, each on its part of the cores, where that is faster: in
            bfloat16 and int8. Otherwise one image at a time has all cores.

    Returns:
        What `predict` takes in a model's place: the same maps to 1e-3 of their range. A file that
        was exported for one canvas alone (without --dynamic-canvas) does not turn it for portrait
        pictures.

    Raises:
        InputError: no such file; one that is damaged, of another program or of another version of
            this package; a precision that its engine does not offer.
        MissingPackage: the engine is not installed; with the pip command.
    """
    file = _find(Path(path))
    engine = ENDINGS[file.suffix]
    valid = [p for p in PRECISIONS if p not in ("bfloat16", INT8) or engine == "openvino"]
    if precision not in (None, *valid):
        raise InputError(f"{file}: {engine} has no precision {precision!r}; choose from "
                         f"{', '.join(valid)}")
    if engine == "onnxruntime":
        return Exported(file, engine, "float32", runtimes.open_onnx(str(file), file))
    if engine == "litert":
        return Exported(file, engine, "float32", runtimes.open_tflite(file))
    native = precision in ("bfloat16", "auto") and runtimes.native_bfloat16()
    taken = "bfloat16" if native else "float32"
    exported = Exported(file, engine, taken, runtimes.open_openvino(file, taken, at_once))
    if precision not in (None, "auto") and (precision == INT8) != (exported.precision == INT8):
        raise InputError(f"{file} is {'' if exported.losses else 'not '}in int8: leave out the "
                         f"precision {precision}, or export the network again")
    if precision == "bfloat16" and not native:
        log("this processor has no bfloat16: computing in float32")
    return exported


def _find(path) -> Path:
    """The file of a path that may be its folder."""
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    files = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    if len(files) != 1 or files[0].suffix not in ENDINGS:
        raise InputError(f"{path}: {len(files)} .xml files in this folder; name one"
                         if path.is_dir() else
                         f"{path}: not a file of {', '.join(ENDINGS)}")
    return files[0]


def _read_description(text, file) -> dict:
    """What `description.describe` wrote, checked."""
    if text is None:
        raise InputError(f"{file} does not say how pictures come onto its canvas: it is of another "
                         f"program or an older version of this package; {REMEDY}")
    try:
        about = json.loads(text)
        about = {key: about[key] for key in ("model", "canvas", "fit", "last_step", "provenance")}
        about["canvas"] = check_size(about["canvas"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{file}: what it says of itself is damaged ({error}); {REMEDY}") from None
    for key, valid in (("fit", FITS), ("last_step", LAST_STEPS)):
        if not isinstance(about[key], str) or about[key] not in valid:
            raise InputError(f"{file}: {key} {reprlib.repr(about[key])} is none of "
                             f"{', '.join(valid)}; {REMEDY}")
    return {**about, "model": str(about["model"]), "provenance": str(about["provenance"])}


def _read_losses(text, file) -> dict:
    """What `openvino_model.save_openvino` wrote of int8, checked; empty for None."""
    try:
        return {str(name): float(value) for name, value in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: what it says of its losses is damaged ({error}); "
                         f"{REMEDY}") from None
