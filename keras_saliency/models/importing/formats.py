"""Kinds of the authors' files: Caffe models, `.npz` archives, TensorFlow's graphs and checkpoints.

`detect` tells a kind by first bytes and ending; `read` gives {key: array}. No code of a file is
run, and nothing pickled is loaded.
"""
import glob
import math
import re
import zipfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from keras_saliency.files import InputError, require
from keras_saliency.files.protobuf_messages import message_classes, read_message
from keras_saliency.models.weights_file import WeightsError

# The few fields of `caffe.proto` that hold weights. Names are read as bytes, since a damaged one
# need not be UTF-8.
NetParameter = message_classes("caffe", {
    "NetParameter": {"layers": (2, ["V1LayerParameter"]), "layer": (100, ["LayerParameter"])},
    "V1LayerParameter": {"name": (4, "bytes"), "blobs": (6, ["BlobProto"])},  # until 2013
    "LayerParameter": {"name": (1, "bytes"), "blobs": (7, ["BlobProto"])},
    "BlobProto": {"num": (1, "int32"), "channels": (2, "int32"), "height": (3, "int32"),
                  "width": (4, "int32"), "data": (5, ["float"]), "shape": (7, "BlobShape"),
                  "double_data": (8, ["double"])},
    "BlobShape": {"dim": (1, ["int64"])},
})["NetParameter"]


def read_caffemodel(path: Path) -> dict:
    """Return {"<layer>/<number of the blob>": float array} of all layers with blobs."""
    net, arrays = read_message(path, NetParameter), {}
    for layer in (*net.layers, *net.layer):
        for index, blob in enumerate(layer.blobs):
            key = f"{layer.name.decode('utf-8', 'replace')}/{index}"
            arrays[key] = _array(blob, key)
    require(arrays, "no layer has weights")
    return arrays


def _array(blob, key) -> np.ndarray:
    if blob.HasField("shape"):
        shape = tuple(blob.shape.dim)
    else:
        shape = (blob.num, blob.channels, blob.height, blob.width)
        if shape[:3] == (1, 1, 1):  # old files write a bias so
            shape = shape[3:]
    values, dtype = (blob.data, "f4") if blob.data else (blob.double_data, "f8")
    require(values and min(shape, default=1) > 0 and math.prod(shape) == len(values),
            f"{key} has the shape {shape} and {len(values)} numbers")
    # number by number: np.array would make a list of Python numbers first
    return np.fromiter(values, dtype, len(values)).reshape(shape)


LIMIT = 1 << 30  # bytes of all arrays; the largest network, JuntingNet, takes 258 MB in float32
PLAIN = (1, 0)  # version of the format that numpy uses for arrays of numbers


def read_npz(path: Path) -> dict:
    """Return {name: array} of a `.npz` archive, "arr_2" before "arr_10".

    Sizes are checked before memory is taken: gigabytes of zeros fit into a small archive.
    """
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        require(size <= LIMIT, f"its arrays take {size / 1e9:.1f} GB, more than the "
                f"{LIMIT / 1e9:.1f} GB of any known weights")
        for member in archive.infolist():
            _check(archive, member)
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in sorted(arrays.files, key=_natural)}


def _check(archive, member) -> None:
    with archive.open(member) as file:
        require(np.lib.format.read_magic(file) == PLAIN, f"{member.filename} is not a plain array")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        size = member.file_size - file.tell()
    require(dtype.kind in "biuf", f"{member.filename} holds {dtype}: write only arrays of numbers")
    require(min(shape, default=0) >= 0 and math.prod(shape) * dtype.itemsize == size,
            f"{member.filename} has shape {shape} in {size} bytes")


def _natural(name: str) -> tuple:
    """Return a sort key with arr_2 before arr_10."""
    head, _, number = name.rpartition("_")
    return (head, int(number)) if number.isdecimal() else (name, -1)


OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
FLOATS = {tf.float32.as_datatype_enum, tf.float16.as_datatype_enum, tf.float64.as_datatype_enum}


def read_graph(path: Path) -> dict:
    """Return {node: array} of the float constants of a frozen GraphDef."""
    graph = read_message(path, tf.compat.v1.GraphDef)
    arrays = _constants(graph.node, path.stat().st_size)
    require(arrays, "it has no constants: freeze the graph, or give its checkpoint")
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
    # TensorFlow takes the memory before it reads
    require(needed <= size, f"its variables take {needed:,} bytes, its data files {size:,}")
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
    file, variables = Path(folder, "saved_model.pb"), Path(folder, "variables", "variables")
    graphs = [meta.graph_def for meta in read_message(file, saved_model_pb2.SavedModel).meta_graphs]
    nodes = [node for graph in graphs
             for part in (graph.node, *(f.node_def for f in graph.library.function))
             for node in part]
    arrays = _constants(nodes, file.stat().st_size)
    if _index(variables).is_file():
        arrays.update(read_checkpoint(variables))
    require(arrays, "it has neither variables nor constants")
    return arrays


# kind -> reader of a path
READERS = {"caffemodel": read_caffemodel, "graph": read_graph, "npz": read_npz,
           "checkpoint": read_checkpoint, "saved_model": read_saved_model}
# kind -> name in messages; the last three are never read
NAMES = {
    "caffemodel": "Caffe model", "graph": "frozen TensorFlow graph", "npz": ".npz archive",
    "checkpoint": "TensorFlow checkpoint", "saved_model": "TensorFlow SavedModel",
    "npy": ".npy file, which holds one array or a pickle",
    "pickle": "pickle, which can run any code and is never loaded",
    "torch": "torch file, which contains a pickle; that can run any code and is never loaded",
}
ENDINGS = {".caffemodel": "caffemodel", ".pb": "graph", ".npz": "npz"}
REFUSED_ENDINGS = {".npy": "npy", ".pickle": "pickle", ".pkl": "pickle", ".pth": "torch",
                   ".pt": "torch"}
MAGIC = {b"\x93NUMPY": "npy", **{bytes([0x80, version]): "pickle" for version in range(2, 6)}}
# first bytes of files given by mistake -> advice
MISTAKES = {
    b"\x89HDF": "is HDF5 already: give ours to load_pretrained, Keras' VGG16 as encoder_weights",
    b"<": "is a web page, not the file behind the link: download that by hand",
    b"version https://git-lfs": "is a pointer of Git LFS: fetch the file with `git lfs pull`",
    b"\x1f\x8b": "is compressed: unpack it first",
}


def detect(path: Path) -> str:
    """Return the kind of a file or folder: a key of `NAMES`."""
    require(path.name != "saved_model.pb",
            f"{path}: give its folder, whose other files are needed too", WeightsError)
    if (path / "saved_model.pb").is_file():
        return "saved_model"
    if checkpoint_prefix(path) != path or _index(path).is_file():
        return "checkpoint"
    require(not path.is_dir(), f"{path} is a folder without saved_model.pb; for a checkpoint, give "
            "the file that ends in .index", WeightsError)
    require(path.is_file(), f"no file {path}", WeightsError)
    with open(path, "rb") as file:
        head = file.read(32)
    require(head, f"{path} is empty: download it again", WeightsError)
    for start, mistake in MISTAKES.items():
        require(not head.startswith(start), f"{path} {mistake}", WeightsError)
    if head.startswith(b"PK"):
        with readable(path, "npz"), zipfile.ZipFile(path) as archive:
            pickled = any(name.endswith("data.pkl") for name in archive.namelist())
        return "torch" if pickled else "npz"
    ending = {**ENDINGS, **REFUSED_ENDINGS}.get(path.suffix.lower())
    kind = next((name for start, name in MAGIC.items() if head.startswith(start)), ending)
    require(kind, f"{path}: unknown kind of file; known are {', '.join(ENDINGS)}, checkpoints "
            "(.index) and SavedModel folders", WeightsError)
    return kind


def _index(path: Path) -> Path:
    return path.with_name(path.name + ".index")


def parts(path: Path, kind: str) -> list:
    """Return the files that `read` reads, in order."""
    if kind == "checkpoint":
        prefix = checkpoint_prefix(path)
        return [_index(prefix), *data_files(prefix)]
    if kind == "saved_model":
        return [path / "saved_model.pb", *sorted((path / "variables").glob("variables.*"))]
    return [path]


def read(path: Path, kind: str) -> dict:
    """Return {key: array} of a file of a `kind` of `READERS`, in the file's order."""
    with readable(path, kind):
        return READERS[kind](path)


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turn any error of the block into one `WeightsError` that names the file."""
    try:
        yield
    except InputError as error:
        raise WeightsError(f"{path}: {error}") from None
    except Exception as error:  # a damaged file can make any step of a reader fail
        raise WeightsError(f"{path} is not a readable {NAMES[kind]} ({type(error).__name__}: "
                           f"{str(error)[:200]}); it may be cut short or damaged: download it "
                           "again") from None
