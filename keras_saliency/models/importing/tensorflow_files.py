"""Weights of TensorFlow graphs: frozen `.pb`, checkpoints, SavedModel folders; nothing is run."""
import glob
import math
import re
from collections import Counter
from pathlib import Path
from typing import Union

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from keras_saliency.files.protobuf_messages import read_message
from keras_saliency.models.weights_file import WeightsError

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
FLOATS = {tf.float32.as_datatype_enum, tf.float16.as_datatype_enum, tf.float64.as_datatype_enum}


def read_graph(path: Path) -> dict:
    """Return {node: array} of the float constants of a frozen GraphDef."""
    graph = read_message(path, tf.compat.v1.GraphDef)
    arrays = _constants(graph.node, path.stat().st_size)
    if not arrays:
        raise WeightsError("it has no constants: freeze the graph, or give its checkpoint")
    return arrays


def _constants(nodes, size) -> dict:
    """Return {node: array}, without constants of more numbers than the file has bytes."""
    # A few bytes can declare any number of equal values, which would all take memory.
    arrays, room = {}, size
    for node in nodes:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is not None and tensor.dtype in FLOATS:
            lengths = [int(dim.size) for dim in tensor.tensor_shape.dim]
            if lengths and 0 < math.prod(lengths) <= room:
                room -= math.prod(lengths)
                arrays[node.name] = tf.make_ndarray(tensor)
    return arrays


def checkpoint_prefix(path: Union[str, Path]) -> Path:
    """Return `model.ckpt` for `model.ckpt.index`, `model.ckpt.data-00000-of-00001` and itself."""
    path = Path(path)
    return path.with_name(re.sub(r"\.(index|data-\d+-of-\d+)$", "", path.name))


def data_files(prefix: Path) -> list:
    """Return the files that hold the values of a checkpoint."""
    return sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.data-*"))


def read_checkpoint(path: Union[str, Path]) -> dict:
    """Return {variable: array} of the float variables of a checkpoint, by the graph's names."""
    prefix = checkpoint_prefix(path)
    reader = tf.train.load_checkpoint(str(prefix))
    types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    names = {key: key for key, dtype in types.items() if dtype.is_floating}
    needed = sum(math.prod(shapes[key]) * types[key].size for key in names)
    size = sum(file.stat().st_size for file in data_files(prefix))
    if needed > size:  # TensorFlow takes the memory before it reads
        raise WeightsError(f"its variables take {needed:,} bytes, its data files {size:,}")
    if shapes.get(OBJECT_GRAPH) == []:  # TensorFlow 2: keys are paths of attributes
        graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            reader.get_tensor(OBJECT_GRAPH))
        full = {a.checkpoint_key: a.full_name for n in graph.nodes for a in n.attributes}
        counts = Counter(full[key] for key in names if key in full)
        names.update({key: full[key] for key in names if counts[full.get(key)] == 1})
    return {name: reader.get_tensor(key) for key, name in names.items()}


def read_saved_model(folder: Union[str, Path]) -> dict:
    """Return {name: array} of a SavedModel's variables and the constants of its functions.

    The published MSI-Net is a folder without variables: its weights are constants in a function.
    """
    folder = Path(folder)
    file = folder / "saved_model.pb"
    graphs = [meta.graph_def for meta in read_message(file, saved_model_pb2.SavedModel).meta_graphs]
    nodes = [node for graph in graphs
             for part in (graph.node, *(f.node_def for f in graph.library.function))
             for node in part]
    arrays = _constants(nodes, file.stat().st_size)
    if (folder / "variables" / "variables.index").is_file():
        arrays.update(read_checkpoint(folder / "variables" / "variables"))
    if not arrays:
        raise WeightsError("it has neither variables nor constants")
    return arrays
