"""A network as ONNX, the format that most engines read."""
from pathlib import Path
from typing import Any, Callable, Optional, Sequence

import keras

from keras_saliency.export.frozen import freeze, measured, new_path, prepare, quiet
from keras_saliency.files import AnyPath, InputError, import_optional, require_writable, write_whole
from keras_saliency.models import facts_of
from keras_saliency.prediction import runtimes
from keras_saliency.prediction.runtimes import ONNX_EXTRA

OPSET = 17  # of ONNX 1.12 (2022), which everything in use reads
# Batches are small and wait briefly, as in serving.export: they save little but overhead.
TRITON = """backend: "onnxruntime"
max_batch_size: 4
dynamic_batching {{ max_queue_delay_microseconds: 2000 }}
input [ {{ name: "images" data_type: TYPE_FP32 dims: [ {height}, {width}, 3 ] }} ]
output [ {{ name: "saliency" data_type: TYPE_FP32 dims: [ {height}, {width}, 1 ] }} ]
"""


def convert(model: keras.Model, shape: Optional[Sequence] = None) -> Any:
    """Return a network as an `onnx.ModelProto`: `images` -> `saliency`; `shape` as of `freeze`."""
    onnx = import_optional("onnx", ONNX_EXTRA)
    tf2onnx = import_optional("tf2onnx", ONNX_EXTRA)
    frozen = freeze(model, shape)
    images, saliency = frozen.inputs[0], frozen.outputs[0]
    shape = images.shape.as_list()
    with quiet("tensorflow", "tf2onnx"):
        try:
            converted, _ = tf2onnx.convert.from_graph_def(
                frozen.graph.as_graph_def(), name=model.name, opset=OPSET,
                input_names=[images.name], output_names=[saliency.name])
        except Exception as error:  # of many kinds
            raise InputError(f"tf2onnx {tf2onnx.__version__} cannot convert {model.name}: "
                             f"{error}") from error
    unknown = sorted({node.op_type for node in converted.graph.node if node.domain == "" and
                      not onnx.defs.has(node.op_type)})
    if unknown:
        raise InputError(f"ONNX has no {', '.join(unknown)}, which {model.name} needs")
    _pad_explicitly(converted.graph)
    _rename(converted.graph, {images.name: "images", saliency.name: "saliency"})
    made = [shape[0], *model.compute_output_shape((1, *shape[1:]))[1:]]
    for values, sizes in ((converted.graph.input, shape), (converted.graph.output, made)):
        named = zip(sizes, ("batch", "height", "width", "channels"))
        values[0].CopyFrom(onnx.helper.make_tensor_value_info(
            values[0].name, onnx.TensorProto.FLOAT, [size or name for size, name in named]))
    return converted


def run(model: keras.Model, precision: str) -> Callable:
    """Return the function of `formats.Format.run`."""
    return runtimes.open_onnx(convert(model).SerializeToString(), model.name).run


def save_onnx(model: keras.Model, path: AnyPath, dynamic_batch: bool = False,
              dynamic_canvas: bool = False) -> Path:
    """Write a network as an .onnx file.

    It maps `images` float32 [1, h, w, 3] RGB 0..255 on the model's canvas to the model's own
    `saliency` [1, h, w, 1]; the preprocessing is inside.

    `dynamic_batch` and `dynamic_canvas` are as of `frozen.prepare`.
    """
    require_writable(path)
    shape, description = prepare(model, dynamic_batch, dynamic_canvas)
    converted = convert(model, shape)
    converted.metadata_props.add(key=runtimes.KEY, value=description)
    return write_whole(path, converted.SerializeToString())


def export_triton(model: keras.Model, path: AnyPath, log: Callable = print) -> Path:
    """Write `path`, a new model folder for NVIDIA's Triton: `config.pbtxt` and `1/model.onnx`.

    The file is that of `save_onnx` for any number of images; Triton serves it under the folder's
    name.
    """
    path = new_path(path)
    export_onnx(model, path / "1" / "model.onnx", dynamic_batch=True, log=log)
    height, width = facts_of(model).require_canvas()
    settings = write_whole(path / "config.pbtxt", TRITON.format(height=height, width=width))
    log(f"{settings}: serve {path.parent.resolve()} with\n  tritonserver --model-repository="
        f"{path.parent.resolve()}")
    return path


def export_onnx(model: keras.Model, path: AnyPath, log: Callable = print,
                **options: bool) -> Path:
    """Do as `save_onnx`, and log how large the file is and how close to the model."""
    import_optional("onnxruntime", ONNX_EXTRA)  # before the work
    file = save_onnx(model, path, **options)
    log(f"{file}: {measured(file, model, runtimes.open_onnx(str(file), file).run)}")
    return file


def _pad_explicitly(graph) -> None:
    """Write out the padding of "same" convolutions of stride 1: ONNX Runtime dilates no others."""
    for node in graph.node:
        found = {attribute.name: attribute for attribute in node.attribute}
        if (node.op_type != "Conv" or "auto_pad" not in found
                or not found["auto_pad"].s.startswith(b"SAME") or max(found["strides"].ints) > 1):
            continue
        margins = [rate * (size - 1) for rate, size in
                   zip(found["dilations"].ints, found["kernel_shape"].ints)]
        padding = node.attribute.add(name="pads", type=found["strides"].type)
        padding.ints.extend([m // 2 for m in margins] + [m - m // 2 for m in margins])
        node.attribute.remove(found["auto_pad"])


def _rename(graph, names: dict) -> None:
    """Call values of a graph by other names."""
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(value, value) for value in values]
    for value in (*graph.input, *graph.output):
        value.name = names.get(value.name, value.name)
