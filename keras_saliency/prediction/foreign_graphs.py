"""Check of a SavedModel from elsewhere for operations that do more than compute.

A SavedModel is a program: its operations may read and write any file that the user may, and some
run code outside the graph. Only its description is read here; nothing is run.
"""
import re
from pathlib import Path
from typing import Union

from tensorflow.python.saved_model import loader_impl

from keras_saliency.files import InputError, NotTrusted, list_some, require

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


def require_harmless(folder: Union[str, Path]) -> None:
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
