"""Weights of TensorFlow graphs: frozen `.pb`, checkpoints, SavedModel folders. Nothing is run."""
import re
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from keras_saliency.models.weights_file import WeightsError

OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
FLOATS = {tf.float32.as_datatype_enum, tf.float16.as_datatype_enum, tf.float64.as_datatype_enum}


def read_graph(data: bytes) -> dict:
    """{node: array} of the float constants of a frozen GraphDef.

    Raises:
        WeightsError: no such graph, or one without constants.
    """
    graph = tf.compat.v1.GraphDef.FromString(data)
    return _constants(graph.node, len(data)) or _no_weights(
        "it has no constants: freeze the graph, or give its checkpoint")


def _constants(nodes, size) -> dict:
    """{node: array}; a constant of more numbers than the file has bytes is no weight.

    A few bytes can ask for any number of equal numbers; they would be written out.
    """
    arrays = {}
    for node in nodes:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is not None and tensor.dtype in FLOATS:
            lengths = [int(dim.size) for dim in tensor.tensor_shape.dim]
            if lengths and 0 < int(np.prod(lengths, dtype=object)) <= size:
                arrays[node.name] = tf.make_ndarray(tensor)
    return arrays


def _no_weights(message):
    raise WeightsError(message)


def checkpoint_prefix(path) -> Path:
    """`model.ckpt` for `model.ckpt.index`, `model.ckpt.data-00000-of-00001` and itself."""
    path = Path(path)
    return path.with_name(re.sub(r"\.(index|data-\d+-of-\d+)$", "", path.name))


def read_checkpoint(prefix) -> dict:
    """{variable: array} of the float variables of a checkpoint, by the names of its graph.

    Raises:
        WeightsError: no variables. What TensorFlow raises: files that are missing or damaged.
    """
    reader = tf.train.load_checkpoint(str(prefix))
    types = reader.get_variable_to_dtype_map()
    names = {key: key for key, dtype in types.items() if dtype.is_floating}
    if OBJECT_GRAPH in types:  # TensorFlow 2: keys are paths of attributes, names lie beside them
        graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(
            reader.get_tensor(OBJECT_GRAPH))
        full = {a.checkpoint_key: a.full_name for n in graph.nodes for a in n.attributes}
        counts = Counter(full[key] for key in names if key in full)
        names.update({key: full[key] for key in names if counts[full.get(key)] == 1})
    return {name: reader.get_tensor(key) for key, name in names.items()}


def read_saved_model(folder) -> dict:
    """{name: array} of the variables of a SavedModel and of the constants of its functions.

    The published MSI-Net is such a folder without variables: its weights are constants inside a
    function.
    """
    folder = Path(folder)
    data = (folder / "saved_model.pb").read_bytes()
    arrays = {}
    for meta in saved_model_pb2.SavedModel.FromString(data).meta_graphs:
        for nodes in (meta.graph_def.node, *(f.node_def for f in meta.graph_def.library.function)):
            arrays.update(_constants(nodes, len(data)))
    if (folder / "variables" / "variables.index").is_file():
        arrays.update(read_checkpoint(folder / "variables" / "variables"))
    return arrays or _no_weights("it has neither variables nor constants")
