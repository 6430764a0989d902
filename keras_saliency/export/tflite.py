"""The network with its weights as constants: in half precision for a SavedModel, and as a
TensorFlow Lite model for phones and small boards."""
import io
import re
import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_saliency.export.frozen import freeze, prepare
from keras_saliency.files import AnyPath, InputError, require, write_whole
from keras_saliency.lazy import without_lines
from keras_saliency.prediction import runtimes

QUANTIZE = ("none", "dynamic")
SMALLEST = 1024  # values; smaller constants are shapes and biases, with little to gain


def half_precision(model: keras.Model) -> Callable:
    """Return a network as a graph function of float32 [B, h, w, 3], with float16 constants inside.

    It still computes in single precision. Other functions may call it; they share its weights.
    """
    frozen = freeze(model)
    graph = tf.compat.v1.GraphDef()
    for node in frozen.graph.as_graph_def().node:
        _copy_halved(node, graph)
    graph.library.CopyFrom(frozen.graph.as_graph_def().library)
    images, outputs = frozen.inputs[0].name, frozen.outputs[0].name
    halved = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph, name=""), [])
    return halved.prune(images, outputs)


def _copy_halved(node, graph) -> None:
    """Add `node` to `graph`; a large float32 constant as its half and a cast of the same name."""
    values = (tf.make_ndarray(node.attr["value"].tensor) if node.op == "Const"
              and node.attr["dtype"].type == tf.float32.as_datatype_enum else None)
    if values is None or values.size < SMALLEST:
        graph.node.add().CopyFrom(node)
        return
    if abs(values).max() > tf.float16.max:
        raise InputError(f"{node.name} has weights beyond float16; export it in float32")
    half = graph.node.add(op="Const", name=f"{node.name}/half")
    half.attr["dtype"].type = tf.float16.as_datatype_enum
    half.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values.astype("float16")))
    cast = graph.node.add(op="Cast", name=node.name, input=[half.name])
    cast.attr["SrcT"].type = tf.float16.as_datatype_enum
    cast.attr["DstT"].type = tf.float32.as_datatype_enum


def convert(model: keras.Model, shape: Optional[Sequence] = None, quantize: str = "none") -> bytes:
    """Convert a network to a .tflite model: `images` -> its map.

    TensorFlow's converter is the only one for its graphs: those of LiteRT's own packages take
    PyTorch models. `tf.lite`'s interpreter is on its way out of TensorFlow, its converter is not.
    `shape` is as of `freeze`, `quantize` as of `save_tflite`.
    """
    frozen = freeze(model, shape)
    # frozen, it holds all: the module is only there because the way without one is deprecated
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())
    if quantize == "dynamic":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return run_converter(converter, model.name)


def run(model: keras.Model, precision: str) -> Callable:
    """Return the function of `formats.Format.run`."""
    return runtimes.open_litert(convert(model), model.name).run


def run_converter(converter: Any, name: str) -> bytes:
    """Return the .tflite model of a converter; its own output is shown only if it fails."""
    try:
        with without_lines(re.compile(b"")):
            return converter.convert()
    except Exception as error:  # of several kinds
        raise InputError(f"TensorFlow {tf.__version__} cannot convert {name} to TensorFlow Lite: "
                         f"{error}") from error


def save_tflite(model: keras.Model, path: AnyPath, quantize: str = "none",
                dynamic_canvas: bool = False) -> Path:
    """Write a .tflite file: `images` float32 0..255 [1, h, w, 3] on the canvas -> [1, h, w, 1].

    Args:
        quantize: "dynamic" keeps the weights in 8 bits (a quarter of the size), "none" in 32.
        dynamic_canvas: as of `frozen.prepare`.
    """
    require(quantize in QUANTIZE, f"quantize {quantize!r}; choose {' or '.join(QUANTIZE)}")
    shape, description = prepare(model, dynamic_canvas=dynamic_canvas)
    contents = io.BytesIO(convert(model, shape, quantize))
    with zipfile.ZipFile(contents, "a") as archive:
        archive.writestr(runtimes.MEMBER, description)
    return write_whole(path, contents.getvalue())


def interpreter() -> type:
    """Return the class that runs .tflite models: LiteRT's if installed, else TensorFlow's."""
    if find_spec("ai_edge_litert"):
        from ai_edge_litert.interpreter import Interpreter
        return Interpreter
    return tf.lite.Interpreter


def run_tflite(path: AnyPath, images: np.ndarray) -> np.ndarray:
    """Return the maps of a .tflite file for images [B, h, w, 3], one after the other."""
    with warnings.catch_warnings():  # that TensorFlow's is going to leave
        warnings.simplefilter("ignore")
        run = runtimes.open_tflite(path, interpreter()).run
    return np.concatenate([run(image[np.newaxis]) for image in images])
