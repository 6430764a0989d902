"""Formats that a network can be written in, and the engines that run them, by name.

The functions of a format import the packages that it needs; this module imports none of them.
"""
from dataclasses import dataclass
from importlib import import_module
from typing import Callable, Optional

from keras_saliency.prediction import runtimes
from keras_saliency.prediction.exported import load_exported
from keras_saliency.prediction.runtimes import INT8, PRECISIONS

AUTO = "auto"


@dataclass(frozen=True)
class Format:
    """A format of a network.

    Attributes:
        save: function (model, path, **options) that writes it; the options are its own. It raises
            InputError for a model that it cannot convert, without a canvas or with weights that
            are not finite, FileExistsError for a folder that exists, and MissingPackage.
        load: function (path) that opens it as a `Predictor`; None if only other programs open it.
        engine: name of the engine that runs it instead of Keras, for `accelerate`; "" for none.
        run: (model, "float32" or "bfloat16") -> function of images float32 [B, h, w, 3] that
            gives maps [B, h, w, 1]; arrays or tensors. May be called from several threads.
        packages: that must be installed. extra: of this package, which brings them.
        native_bfloat16: function: whether this machine computes bfloat16 natively; None for an
            engine that does not offer it.
        run_int8: (model, images [H, W, 3] or None, log) -> (a function as of `run`,
            {metric: loss}), see `int8.quantize`; None for an engine that does not offer it.
        int8_packages: that it needs beside `packages`.
    """

    save: Optional[Callable] = None
    load: Optional[Callable] = None
    engine: str = ""
    run: Optional[Callable] = None
    packages: tuple = ()
    extra: str = ""
    native_bfloat16: Optional[Callable] = None
    run_int8: Optional[Callable] = None
    int8_packages: tuple = ()

    @property
    def precisions(self) -> tuple:
        """The precisions that its engine offers."""
        offered = {"bfloat16": self.native_bfloat16, INT8: self.run_int8}
        return tuple(p for p in PRECISIONS if offered.get(p, True))


def _late(module: str, name: str) -> Callable:
    """Return a function of the package that is imported when it is first called."""
    return lambda *given, **options: getattr(
        import_module(f"keras_saliency.{module}"), name)(*given, **options)


FORMATS = {  # engines from the fastest on
    "openvino": Format(
        _late("export.openvino_model", "save_openvino"), load_exported, "openvino",
        _late("export.openvino_model", "run"), ("openvino",), runtimes.OPENVINO_EXTRA,
        runtimes.native_bfloat16, _late("export.openvino_model", "run_int8"), ("nncf",)),
    "onnx": Format(
        _late("export.onnx_model", "save_onnx"), load_exported, "onnxruntime",
        _late("export.onnx_model", "run"), ("onnxruntime", "onnx", "tf2onnx"), runtimes.ONNX_EXTRA),
    "saved_model": Format(
        _late("export.saved_model", "save"), _late("prediction.saved_model", "SavedModelPredictor"),
        "tensorflow", _late("export.frozen", "run"),
        native_bfloat16=_late("models.precision", "native_bfloat16")),
    "tflite": Format(
        _late("export.tflite", "save_tflite"), load_exported, "litert",
        _late("export.tflite", "run"), ("ai_edge_litert",), runtimes.LITERT_EXTRA),
    "keras": Format(_late("models", "save"), _late("prediction.predictor", "predictor")),
    "web": Format(_late("export.web_page", "export_web")),
}


def engines() -> dict:
    """Return the formats that have an engine, by its name, the fastest first."""
    return {format.engine: format for format in FORMATS.values() if format.engine}
