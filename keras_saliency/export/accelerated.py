"""A network on an engine, taken wherever predicting and evaluating take a Keras model."""
from importlib.util import find_spec

import keras
import tensorflow as tf

from keras_saliency.export.engine_spec import AUTO
from keras_saliency.export.engines import ENGINES
from keras_saliency.export.frozen import require_finite
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import fit_of
from keras_saliency.models.precision import BFLOAT16, choose_precision, native_bfloat16
from keras_saliency.prediction.runtimes import INT8, PRECISIONS


class Accelerated:
    """What `accelerate` makes of a network.

    Called with images float32 [B, h, w, 3] on a canvas it gives a float32 tensor of maps
    [B, h, w, 1], as the network does. It has what `predict` and `evaluate` ask a model for: name,
    sizes and fit of its canvas; the last step of the network follows as always.

    Attributes:
        engine: name in `ENGINES`. precision: "float32", "bfloat16" or "int8", what it computes in.
        losses: {metric: what int8 loses against float32, see `export.int8.losses`}; else empty.
    """

    def __init__(self, model, engine, precision, run, losses=(), made_of=()):
        self.name, self.input_shape = model.name, model.input_shape
        self.canvas, self.canvas_fit = getattr(model, "canvas", None), fit_of(model)
        self.compute_output_shape = model.compute_output_shape
        self.engine, self.precision, self.losses = engine, precision, dict(losses)
        self._run, self._made_of = run, made_of

    def __reduce__(self):
        """Another process makes it again, of the same network."""
        return accelerate, self._made_of

    def __call__(self, images, training=False):
        if training:
            raise InputError(f"{self} cannot be trained; train the Keras model")
        return tf.cast(self._run(images), tf.float32)

    def __str__(self):
        return f"{self.name} on {self.engine} in {self.precision}"


def accelerate(model, engine=AUTO, precision="float32", calibration=None,
               log=print) -> Accelerated:
    """Run a network on another engine, with a copy of its weights as they are now.

    Args:
        model: a network of `build_model` or `load_pretrained`.
        engine: "openvino", "onnxruntime", "tensorflow" or "litert"; "auto" is the first of them
            that is installed and offers the precision.
        precision: "float32", whose maps are the model's but for rounding; "bfloat16", which some
            processors compute faster; "auto", which takes bfloat16 there; or "int8", which is
            faster again, takes some seconds to prepare, and loses a little (`Accelerated.losses`).
        calibration: for "int8": images [H, W, 3] RGB 0..255 such as will be predicted, 30 or more;
            default: generated ones.
        log: told if bfloat16 was asked for and the processor has none: float32 is taken; and what
            int8 loses.

    Returns:
        What `predict`, `evaluation.evaluate` and the scripts take in the model's place.

    Raises:
        InputError: an unknown engine; a precision that it does not offer; a classical model; a
            network that the engine cannot run or whose weights are not finite; pictures for another
            precision than int8, or too few; a network that int8 harms.
        MissingPackage: the engine is not installed; with the pip command.
    """
    if not isinstance(model, keras.Model):
        raise InputError(f"{getattr(model, 'name', model)} is no Keras model: there is no network "
                         "that an engine could run")
    if engine not in (AUTO, *ENGINES):
        raise InputError(f"no engine {engine!r}; choose from {AUTO}, {', '.join(ENGINES)}")
    if precision not in PRECISIONS:
        raise InputError(f"no precision {precision!r}; choose from {', '.join(PRECISIONS)}")
    if calibration is not None and precision != INT8:
        raise InputError(f"pictures for calibration are for precision {INT8}, not {precision}")
    if engine == AUTO:
        # bfloat16, where the machine has it, gains more than another engine does
        needed = BFLOAT16 if precision == AUTO and native_bfloat16() else precision
        offering = [name for name, spec in ENGINES.items() if needed in spec.precisions]
        engine = next((name for name in offering if not _missing(ENGINES[name], needed)),
                      offering[0])
    spec = ENGINES[engine]
    if precision not in spec.precisions:
        raise InputError(f"{engine} has no precision {precision!r}; choose from "
                         f"{', '.join(spec.precisions)}")
    missing = _missing(spec, precision)
    if missing:
        raise MissingPackage(f"{engine} needs {', '.join(missing)}: python -m pip install "
                             f'"keras_saliency[{spec.extra}]"')
    require_finite(model)
    made_of = (model, engine, precision, calibration)
    if precision == INT8:
        run, losses = spec.load_int8(model, calibration, log)
        return Accelerated(model, engine, INT8, run, losses, made_of)
    precision = choose_precision(precision, log, spec.native_bfloat16 or (lambda: False))
    return Accelerated(model, engine, precision, spec.load(model, precision), (), made_of)


def _missing(spec, precision="float32") -> list:
    """The packages that are not there; what is damaged about others the loader says."""
    needed = (*spec.packages, *(spec.int8_packages if precision == INT8 else ()))
    return [package for package in needed if find_spec(package) is None]
