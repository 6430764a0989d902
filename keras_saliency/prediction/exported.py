"""A file that `export` wrote, taken wherever a picture is predicted. TensorFlow is not needed.

To import it, to build a network and to convert that for an engine takes longer than many
predictions; all this is done once, when the file is written.
"""
import json
import reprlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np

from keras_saliency.config import check_size
from keras_saliency.files import AnyPath, InputError, first_line, printable, require
from keras_saliency.maps import arrays
from keras_saliency.maps.facts import Facts, check, provenance
from keras_saliency.maps.finish import DENSITY, Finish
from keras_saliency.prediction import runtimes
from keras_saliency.prediction.runtimes import INT8, PRECISIONS

ENDINGS = {".xml": "openvino", ".onnx": "onnxruntime", ".tflite": "litert"}
OLD_FINISHES = {
    "from_canvas": Finish(), "density_from_canvas": DENSITY, "ead": Finish(lower=0.0),
    "salnet_deep": Finish(128.0, 127.0, (0.0, 255.0), (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)),
    "salnet_shallow": Finish(blur=tuple(np.exp(-0.5 * (np.arange(-8, 9) / 2.0) ** 2).tolist()))}


class Exported:
    """A network of `load_exported`; see `predictor.Predictor`.

    Attributes:
        facts: of the network; the canvas is not turned where the file takes one size alone.
        file: its path. engine, precision: what runs it, and in which numbers.
        input_shape: of its images [B, h, w, 3], None where any number will do.
        losses: {metric: loss of int8, see `export.int8.losses`}; else empty.
    """

    def __init__(self, file: Path, engine: str, precision: str, opened: runtimes.Opened):
        self.file, self.engine = file, engine
        self.losses = _parsed(opened.losses or "{}", file, "its losses", lambda losses: {
            str(name): float(value) for name, value in losses.items()})
        self.precision = INT8 if self.losses else precision
        self.input_shape, self._run = opened.shape, opened.run
        require(opened.description is not None, f"{file} does not say how pictures come onto its "
                "canvas: it is of another program or an older version of this package; export it "
                "again")
        facts = _parsed(opened.description, file, "itself", lambda about: (
            _old_facts if "last_step" in about else Facts.from_dict)(about))
        self.facts = replace(facts, turns=facts.turns and None in self.input_shape[1:3])

    def __reduce__(self):
        """Make another process open the file again, by the same name."""
        return load_exported, (str(self.file.resolve()), self.precision)

    def maps(self, batch: np.ndarray) -> np.ndarray:
        """Return maps float32 [B, h, w, 1] of images float32 [B, h, w, 3] on a canvas."""
        if self.input_shape[0] == 1 and len(batch) > 1:
            return np.concatenate([self._run(image[np.newaxis]) for image in np.asarray(batch)])
        return self._run(batch)

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the published map float32 [H, W] of an image [H, W, 3]."""
        return predict_in_numpy(self, self.file, image, canvas)

    def check_canvas(self, canvas: tuple) -> None:
        """Raise `InputError` for a canvas (h, w) of another size than the file takes."""
        canvas, fixed = check_size(tuple(canvas)), self.input_shape[1:3]
        require(None in fixed or fixed == canvas,
                f"{self.file} takes a canvas of {fixed} alone, not {canvas}")

    def __str__(self):
        return printable(f"{self.file}: {provenance(self.facts)}; on {self.engine} in "
                         f"{self.precision}")


def predict_in_numpy(predictor: Any, name: str, image: np.ndarray,
                     canvas: Optional[tuple] = None) -> np.ndarray:
    """Predict a picture without TensorFlow: onto the canvas, through a `Predictor`, and back.

    `name` is for messages; `canvas` (h, w) is by default that of the predictor's facts.
    """
    facts, size = predictor.facts, image.shape[:2]
    canvas = facts.canvas_for(size) if canvas is None else check_size(tuple(canvas))
    canvas_map = predictor.maps(arrays.to_canvas(image, canvas, facts.fit)[np.newaxis])[0]
    require(canvas_map.shape == (*canvas, 1), f"{name}: makes a map of {canvas_map.shape} on a "
            f"canvas of {canvas}; its strides must divide the canvas")
    return arrays.finished(canvas_map, size, facts.fit, facts.finish)[..., 0]


def is_exported(path: AnyPath) -> bool:
    """Return True for a file with an ending of `ENDINGS`, and a folder with an .xml file."""
    return Path(path).suffix in ENDINGS or any(Path(path).glob("*.xml"))


def load_exported(path: AnyPath, precision: Optional[str] = None, log: Callable = print,
                  at_once: int = 1) -> Exported:
    """Open a network that was exported for an engine. It needs that engine, and no TensorFlow.

    Args:
        path: an .onnx or a .tflite file, an .xml file for OpenVINO, or the folder with it.
        precision: "int8" for files in it; else "float32" and for OpenVINO also "bfloat16", or
            "auto", which is bfloat16 where the processor has it. Default: "int8" or "float32".
        log: called if bfloat16 was asked for and the processor has none; float32 is taken.
        at_once: images that several threads will ask for at the same time. In bfloat16 and int8
            OpenVINO computes so many beside each other, each on its part of the cores.

    Returns:
        What `predict` takes in a model's place: the same maps to 1e-3 of their range. One that was
        exported without `dynamic_canvas` does not turn the canvas for portrait pictures.

    Raises:
        InputError: no such file; one that is damaged, of another program or of another version of
            this package; a precision that its engine does not offer.
        MissingPackage: the engine is not installed; with the pip command.
    """
    file = _find(Path(path))
    engine = ENDINGS[file.suffix]
    valid = [p for p in PRECISIONS if p not in ("bfloat16", INT8) or engine == "openvino"]
    require(precision in (None, *valid), f"{file}: {engine} has no precision {precision!r}; choose "
            f"from {', '.join(valid)}")
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
    """Return the file of a path that may be its folder."""
    require(path.exists(), f"{path}: no such file or folder")
    files = sorted(path.glob("*.xml")) if path.is_dir() else [path]
    if len(files) != 1 or files[0].suffix not in ENDINGS:
        raise InputError(f"{path}: {len(files)} .xml files in this folder; name one"
                         if path.is_dir() else f"{path}: not a file of {', '.join(ENDINGS)}")
    return files[0]


def _old_facts(about) -> Facts:
    """Return the facts of a file of version 0.1, which named its finish."""
    require(about["last_step"] in OLD_FINISHES, f"last_step {reprlib.repr(about['last_step'])} is "
            f"none of {', '.join(OLD_FINISHES)}")
    finish = OLD_FINISHES[about["last_step"]]
    return check(Facts(str(about["model"]), about["canvas"], about["fit"],
                       density=finish.normalise, finish=finish,
                       about={"provenance": str(about["provenance"])}))


def _parsed(text, file, subject, read):
    """Return what `read` makes of the JSON that the file holds."""
    try:
        return read(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(f"{file}: what it says of {subject} is damaged ({first_line(error)}); "
                         "export it again") from None
