"""Packages of other programs that run exported networks without TensorFlow.

Each `open_...` gives an `Opened`. Its function may be called from several threads, which take
turns: one image at a time has all cores, unless more `at_once` are asked for.
"""
import io
import os
import re
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any, Callable, NamedTuple, Optional, Union

import numpy as np

from keras_saliency.config.sections import PRECISIONS as TRAINED
from keras_saliency.files import AnyPath, InputError, import_optional, require
from keras_saliency.lazy import without_lines

INT8 = "int8"  # for engines alone: nothing trains in it, and "auto" never takes it
PRECISIONS = (*TRAINED, INT8)
OPENVINO_EXTRA, ONNX_EXTRA, LITERT_EXTRA = "fast", "onnx", "litert"
# OpenVINO must be given its precision: by default it computes in bfloat16 where the processor can.
HINTS = {"float32": "f32", "bfloat16": "bf16"}
# What `frozen.describe` says of the network: the key of it in .onnx and .xml files, and a file
# in an archive at the end of a .tflite, where TensorFlow Lite's tools look for such files.
KEY, MEMBER = "keras_saliency", "keras_saliency.json"
LOSSES = "keras_saliency_losses"  # the key, in .xml files, of what int8 loses
LONGEST = 2 ** 16  # bytes of it

_XNNPACK = re.compile(rb"INFO: Created TensorFlow Lite XNNPACK delegate")  # by LiteRT, each time


class Opened(NamedTuple):
    """A network that is ready to run.

    Attributes:
        run: function of images float32 [B, h, w, 3] that gives maps [B, h, w, 1]; InputError for
            images whose shape it cannot take.
        shape: of its images, None where any number will do.
        description: text of `frozen.describe`; None in a file that has none.
        losses: JSON of what int8 loses; None of a network that is not in int8.
    """

    run: Callable
    shape: tuple
    description: Optional[str] = None
    losses: Optional[str] = None


def import_openvino(module: str = "openvino") -> ModuleType:
    """The package openvino, or nncf, which take their stub for the package that reports over the
    network that they were imported: without asking they would.
    """
    reporter = "openvino_telemetry"
    hidden = reporter not in sys.modules
    if hidden:
        sys.modules[reporter] = None
    try:
        return import_optional(module, OPENVINO_EXTRA)
    finally:
        if hidden:
            del sys.modules[reporter]


def native_bfloat16() -> bool:
    """Return True if OpenVINO finds bfloat16 in this processor."""
    openvino = import_openvino()
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def run_openvino(model: Any, name: AnyPath, precision: str = "float32",
                 at_once: int = 1) -> Callable:
    """Return the `run` of `Opened` for an `openvino.Model` on the processor.

    Args:
        name: file or model, for messages.
        precision: "float32", "bfloat16", or "int8" for a model in it, the rest of which is computed
            in bfloat16 where the processor has it.
        at_once: number of images to compute at the same time, each on a part of the cores.
    """
    openvino = import_openvino()
    if precision == "int8":
        precision = "bfloat16" if native_bfloat16() else "float32"
    compiled = openvino.Core().compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": HINTS[precision], "NUM_STREAMS": at_once})
    requests = [compiled.create_infer_request() for _ in range(at_once)]
    return _in_turns(name, *(lambda images, request=request: request.infer([images])[0]
                             for request in requests))


def open_openvino(path: AnyPath, precision: str = "float32", at_once: int = 1) -> Opened:
    """Open an .xml file and the .bin file beside it.

    Args:
        precision: "float32" or "bfloat16", for a network that is not in int8.
        at_once: largest number of images at the same time. In float32 it is 1: the values of
            several images do not fit into the cache together.
    """
    with open(path, "rb") as file:
        if b"<net" not in file.read(200):  # OpenVINO would try readers of other formats
            raise InputError(f"{path}: not a network for OpenVINO")
    openvino = import_openvino()
    try:
        model = openvino.Core().read_model(path)
        said = {key: model.get_rt_info([key]).astype(str) if model.has_rt_info([key]) else None
                for key in (KEY, LOSSES)}
        shape = tuple(None if side.is_dynamic else side.get_length()
                      for side in model.input(0).partial_shape)
        precision = "int8" if said[LOSSES] else precision
        at_once = 1 if precision == "float32" else min(at_once, os.cpu_count() or 1)
        run = run_openvino(model, path, precision, at_once)
    except RuntimeError as error:
        raise _unreadable(path, "OpenVINO", error) from error
    return Opened(run, shape, said[KEY], said[LOSSES])


def open_onnx(contents: Union[bytes, str], name: AnyPath) -> Opened:
    """Open an .onnx file, given its contents or path; `name` is for messages."""
    onnxruntime = import_optional("onnxruntime", ONNX_EXTRA)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; what it warns of has no remedy here
    try:
        session = onnxruntime.InferenceSession(
            contents, options, providers=["CPUExecutionProvider"])
        (images,) = session.get_inputs()
    except Exception as error:  # its own are of no other kind
        raise _unreadable(name, "ONNX Runtime", error) from error
    return Opened(_in_turns(name, lambda values: session.run(None, {images.name: values})[0]),
                  tuple(side if isinstance(side, int) else None for side in images.shape),
                  session.get_modelmeta().custom_metadata_map.get(KEY))


def open_tflite(path: AnyPath, interpreter: Optional[type] = None) -> Opened:
    """Open a .tflite file; otherwise as `open_litert`."""
    contents = Path(path).read_bytes()
    opened = open_litert(contents, path, interpreter)
    # any of a dozen types is raised where it is not described, or not by this package
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(contents)) as archive:
        if archive.getinfo(MEMBER).file_size <= LONGEST:
            opened = opened._replace(description=archive.read(MEMBER).decode())
    return opened


def open_litert(contents: bytes, name: AnyPath,
                interpreter: Optional[type] = None) -> Opened:
    """Open the contents of a .tflite file with a class `interpreter`, by default LiteRT's."""
    interpreter = interpreter or import_optional(
        "ai_edge_litert.interpreter", LITERT_EXTRA).Interpreter
    try:
        with without_lines(_XNNPACK):
            running = interpreter(model_content=contents, num_threads=os.cpu_count())
        (given,), (made,) = running.get_input_details(), running.get_output_details()
    except (ValueError, RuntimeError) as error:
        raise _unreadable(name, "LiteRT", error) from error
    prepared = None

    def run(images):
        nonlocal prepared
        if images.shape != prepared:  # takes some milliseconds, when the canvas turns
            prepared = None
            running.resize_tensor_input(given["index"], images.shape, strict=True)
            with without_lines(_XNNPACK):
                running.allocate_tensors()
            prepared = images.shape
        running.set_tensor(given["index"], images)
        running.invoke()
        return running.get_tensor(made["index"])

    shape = tuple(None if side < 0 else int(side) for side in given["shape_signature"])
    return Opened(_in_turns(name, run), shape)


def _in_turns(name, *runs):
    """Return a function of images that calls each of `runs` from one thread at a time."""
    free = SimpleQueue()
    for run in runs:
        free.put(run)

    def run_one(images):
        images = np.asarray(images, np.float32)
        run = free.get()
        try:
            made = run(images)
        except MemoryError:
            raise
        except Exception as error:  # of its own kind in each engine
            raise InputError(f"{name}: cannot run images of {list(images.shape)}: "
                             f"{_shortened(error)}") from error
        finally:
            free.put(run)
        require(np.isfinite(made).all(), f"{name} gives maps with NaN or infinity: its weights are "
                "not finite, or its precision is too small for them; export the network again")
        return made

    return run_one


def _unreadable(name, engine, error) -> InputError:
    return InputError(f"{name}: {engine} cannot open it: {_shortened(error)}")


def _shortened(error, most: int = 200) -> str:
    """Return an engine's message as one line."""
    text = " ".join(str(error).split())
    return text if len(text) <= most else f"{text[:most]} ..."
