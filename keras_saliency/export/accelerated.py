"""A network on an engine, taken wherever a Keras model is."""
from importlib.util import find_spec
from typing import Any, Callable, Mapping, Optional, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_saliency.export.formats import AUTO, engines
from keras_saliency.export.frozen import require_finite
from keras_saliency.files import MissingPackage, pip_command, require
from keras_saliency.models.facts_layer import require_network
from keras_saliency.models.precision import BFLOAT16, choose_precision, native_bfloat16
from keras_saliency.prediction.keras_predictor import KerasPredictor, predict_on_canvas
from keras_saliency.prediction.predictor import network_of
from keras_saliency.prediction.runtimes import INT8, PRECISIONS


class Accelerated(KerasPredictor):
    """A network that `accelerate` put on an engine; see `prediction.predictor.Predictor`.

    Attributes:
        facts: of the network. engine: its name. precision: "float32", "bfloat16" or "int8", what
            it computes in.
        losses: {metric: loss of int8 against float32, see `export.int8.losses`}; else empty.
    """

    def __init__(self, model: keras.Model, engine: str, precision: str, run: Callable,
                 losses: Mapping, made_of: tuple):
        super().__init__(model)
        self.engine, self.precision, self.losses = engine, precision, dict(losses)
        self._run, self._made_of = run, made_of

    def __reduce__(self):
        """Make another process put the same network on the engine."""
        return accelerate, self._made_of

    def maps(self, batch: Any) -> tf.Tensor:
        """Return maps float32 [B, h, w, 1] of images float32 [B, h, w, 3] on a canvas."""
        return tf.cast(self._run(batch), tf.float32)

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the published map float32 [H, W] of an image [H, W, 3]."""
        return predict_on_canvas(self, self.maps, image, canvas)

    def __str__(self):
        return f"{self.facts.name} on {self.engine} in {self.precision}"


def accelerate(model: Any, engine: str = AUTO, precision: str = "float32",
               calibration: Optional[Sequence] = None, log: Callable = print) -> Accelerated:
    """Run a network on another engine, with a copy of its weights as they are now.

    `predict`, `evaluation.evaluate` and the scripts take the result in the model's place.

    Args:
        model: of `build_model`, `load_pretrained` or `keras_saliency.facts`, or its predictor.
        engine: "openvino", "onnxruntime", "tensorflow" or "litert"; "auto" is the first of them
            that is installed and offers the precision.
        precision: "float32", whose maps are the model's but for rounding; "bfloat16", which some
            processors compute faster; "auto", which takes bfloat16 there; or "int8", which is
            faster again, takes some seconds to prepare, and loses a little (`Accelerated.losses`).
        calibration: for "int8": images [H, W, 3] RGB 0..255 such as will be predicted, 30 or more;
            default: generated ones.
        log: called where the processor has no bfloat16, and with what int8 loses.

    Raises:
        InputError: an unknown engine; a precision that it does not offer; a classical model; a
            network that the engine cannot run or whose weights are not finite; pictures for another
            precision than int8, or too few; a network that int8 harms.
        MissingPackage: the engine is not installed; with the pip command.
    """
    model = network_of(model)
    require_network(model)
    offered = engines()
    require(engine in (AUTO, *offered),
            f"no engine {engine!r}; choose from {AUTO}, {', '.join(offered)}")
    require(precision in PRECISIONS,
            f"no precision {precision!r}; choose from {', '.join(PRECISIONS)}")
    require(calibration is None or precision == INT8,
            f"pictures for calibration are for precision {INT8}, not {precision}")
    if engine == AUTO:
        # bfloat16, where the machine has it, gains more than another engine does
        needed = BFLOAT16 if precision == AUTO and native_bfloat16() else precision
        fitting = [name for name, its in offered.items() if needed in its.precisions]
        engine = next((name for name in fitting if not _missing(offered[name], needed)),
                      fitting[0])
    spec = offered[engine]
    require(precision in spec.precisions, f"{engine} has no precision {precision!r}; choose from "
            f"{', '.join(spec.precisions)}")
    missing = _missing(spec, precision)
    require(not missing, f"{engine} needs {', '.join(missing)}: {pip_command(spec.extra)}",
            MissingPackage)
    require_finite(model)
    made_of = (model, engine, precision, calibration)
    if precision == INT8:
        run, losses = spec.run_int8(model, calibration, log)
        return Accelerated(model, engine, INT8, run, losses, made_of)
    precision = choose_precision(precision, log, spec.native_bfloat16 or (lambda: False))
    return Accelerated(model, engine, precision, spec.run(model, precision), {}, made_of)


def _missing(spec, precision="float32") -> list:
    """Return the packages that are not installed; damaged ones fail when they are loaded."""
    needed = (*spec.packages, *(spec.int8_packages if precision == INT8 else ()))
    return [package for package in needed if find_spec(package) is None]
