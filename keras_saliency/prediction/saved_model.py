"""SavedModels as predictors: those of `export.save`, and of plain Keras or TensorFlow.

A SavedModel is a program: its operations may read and write any file that the user may, and some
run code outside the graph. So the description of one from elsewhere is checked before it is loaded.
"""
import re
from pathlib import Path
from typing import Optional, Union

import numpy as np
import tensorflow as tf
from tensorflow.python.saved_model import loader_impl

from keras_saliency.config import check_size
from keras_saliency.files import AnyPath, InputError, NotTrusted, first_line, list_some, require
from keras_saliency.maps.facts import Facts
from keras_saliency.prediction.keras_predictor import predict_on_canvas

SIGNATURE = "serving_default"
# Operations, by parts of their names, that open files or addresses, or run code that cannot be
# inspected: Python, other graphs as bytes, compiled code.
_REACHES_OUT = re.compile(
    r"File|Save|Restore|Checkpoint|Reader|Writer|^Write|ImportEvent|TextLine|Record|CSVDataset"
    r"|LoadDataset|CacheDataset|Snapshot|Sql|LMDB|Skipgram|Vocab|FixedUnigram|LoadAndRemap"
    r"|ImmutableConst|Debug|Dump|codeProto|CustomAggregator|InFdo"
    r"|Rpc|DataService|RegisterDataset|RemoteCall|Gcs|BigQuery"
    r"|PyFunc|DatasetFromGraph|Xla|Mlir|TRT|TPU")
# The functions that write and restore a model's own variables may use these, and no others.
_SAVING = frozenset({"SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"})
_CONSOLE = (b"stdout", b"stderr", b"log(info)", b"log(warning)", b"log(error)")


def find_saved_model(path: AnyPath) -> Optional[Path]:
    """Return the folder of `path` or of its highest version with `saved_model.pb`, or None."""
    path = Path(path).expanduser()
    if (path / "saved_model.pb").is_file():
        return path
    versions = [p for p in path.glob("[0-9]*") if p.name.isdigit()
                and (p / "saved_model.pb").is_file()]
    return max(versions, key=lambda p: int(p.name), default=None)


class SavedModelPredictor:
    """A SavedModel through its signature `serving_default`; see `predictor.Predictor`.

    One of `export.save` takes uint8 RGB of any size and gives `saliency` in the same size. Another
    one, such as Keras' `model.export` writes, takes float32 RGB 0..255 [B, h, w, 3] and gives one
    map [B, h, w, 1]: its canvas is the size in the signature, pictures are padded.

    Args:
        folder: with `saved_model.pb`. trust: run it though its graph could read or write files.
    """

    def __init__(self, folder: AnyPath, trust: bool = False):
        if not trust:
            require_harmless(folder)
        try:
            signatures = tf.saved_model.load(str(folder)).signatures
        except Exception as error:  # a damaged one makes TensorFlow raise any of a dozen types
            raise InputError(f"{folder}: TensorFlow {tf.__version__} cannot load this SavedModel "
                             f"({first_line(error)})") from error
        self.folder, self._signature = folder, signatures.get(SIGNATURE)
        inputs = (list(self._signature.structured_input_signature[1].values())
                  if self._signature else [])
        outputs = list(self._signature.structured_outputs) if self._signature else []
        self._whole = [i.dtype for i in inputs] == [tf.uint8] and "saliency" in outputs
        if not self._whole and ([(i.dtype, i.shape.rank) for i in inputs] != [(tf.float32, 4)]
                                or len(outputs) != 1):
            raise InputError(f"{folder}: no signature {SIGNATURE} from uint8 images to "
                             f"`saliency`, or from float32 images to one map (it has "
                             f"{', '.join(signatures) or 'none'}); export the model with "
                             "keras_saliency.export.save")
        self._input, self._output = inputs[0].name, "saliency" if self._whole else outputs[0]
        self._one_at_a_time = inputs[0].shape[0] == 1
        size = tuple(inputs[0].shape[1:3])
        canvas = None if self._whole or None in size else check_size(size)
        self.facts = Facts(Path(folder).resolve().name, canvas, turns=False,
                           about={"file": str(folder)})

    def maps(self, batch: Union[np.ndarray, tf.Tensor]) -> tf.Tensor:
        """Return maps [B, h, w, 1] of images [B, h, w, 3], on the canvas if it has one."""
        step = 1 if self._one_at_a_time else len(batch)
        return tf.concat([self._run(batch[start:start + step])
                          for start in range(0, len(batch), step)], axis=0)

    def _run(self, batch):
        try:
            maps = self._signature(**{self._input: tf.convert_to_tensor(batch)})[self._output]
        except (tf.errors.OpError, ValueError) as error:
            raise InputError(f"{self.folder} fails: {first_line(error)}") from error
        require(maps.shape.rank == 4 and maps.shape[-1] == 1, f"{self.folder}: `{self._output}` "
                f"must be [B, H, W, 1]; it is {list(maps.shape)}")
        return maps

    def predict(self, image: np.ndarray, canvas: Optional[tuple] = None) -> np.ndarray:
        """Return the map float32 [H, W] of an image [H, W, 3]."""
        if self._whole:
            levels = np.clip(np.rint(image), 0, 255).astype(np.uint8)
            return self.maps(levels[np.newaxis])[0, ..., 0].numpy()
        return predict_on_canvas(self, self.maps, image, canvas)

    def check_canvas(self, canvas: tuple) -> None:
        """Raise `InputError` for another canvas than the one in the signature."""
        require(self.facts.canvas is None or tuple(canvas) == self.facts.canvas,
                f"{self.folder} takes a canvas of {self.facts.canvas} alone, not {tuple(canvas)}")


def require_harmless(folder: AnyPath) -> None:
    """Raise `InputError` if a SavedModel's graph holds operations that reach beyond it.

    The operations that every SavedModel has for writing and restoring its variables are allowed if
    nothing but a saver could run them: TensorFlow's loader does not use the saver.
    """
    try:
        description = loader_impl.parse_saved_model(str(folder))  # as `tf.saved_model.load` does
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: not a SavedModel ({error})") from error
    found = sorted({operation for graph in description.meta_graphs
                    for operation in _reaching_out(graph, len(description.meta_graphs) == 1)})
    require(not found, f"{folder}: its graph has operations that can read or write files or run "
            f"other code ({list_some(found)}), which no model needs to make a map; if you trust "
            "whoever made it, load it with trust", NotTrusted)


def _reaching_out(graph, alone: bool) -> set:
    """Return the operations of a MetaGraphDef that are not allowed."""
    savers = _savers(graph) if alone and graph.HasField("object_graph_def") else set()
    found = {node.op for node in graph.graph_def.node if _reaches_out(node)}
    for function in graph.graph_def.library.function:
        operations = {node.op for node in function.node_def if _reaches_out(node)}
        found |= operations - (_SAVING if function.signature.name in savers else set())
    return found


def _savers(graph) -> set:
    """Return the functions that only the saver's nodes call; nothing else names them."""
    own = {graph.saver_def.save_tensor_name.partition(":")[0], graph.saver_def.restore_op_name}
    names = {node.attr["f"].func.name for node in graph.graph_def.node if node.name in own}
    rest = type(graph)()
    rest.CopyFrom(graph)
    del rest.graph_def.node[:]
    rest.graph_def.node.extend(node for node in graph.graph_def.node if node.name not in own)
    del rest.graph_def.library.function[:]
    rest.graph_def.library.function.extend(
        function for function in graph.graph_def.library.function
        # the optimizer may put one implementation of an interface in another's place
        if function.signature.name not in names or "api_implements" in function.attr)
    elsewhere = rest.SerializeToString()
    return {name for name in names if name and name.encode() not in elsewhere}


def _reaches_out(node) -> bool:
    if node.op == "PrintV2":  # it may append to a file
        return node.attr["output_stream"].s not in (b"", *_CONSOLE)
    return bool(_REACHES_OUT.search(node.op))
