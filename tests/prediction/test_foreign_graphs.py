"""Toy SavedModels that read and write files, and our own, which do not."""
import re
import sys

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from keras_saliency import build_model, export
from keras_saliency.datasets import popout
from keras_saliency.evaluation.sources import predictions
from keras_saliency.files import InputError
from keras_saliency.prediction.saved_model import (
    _REACHES_OUT,
    SavedModelPredictor,
    require_harmless,
)

FIRST = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")


def save(folder, function):
    """A SavedModel whose map is `function` of the images, with a variable of its own."""
    module = tf.Module()
    module.scale = tf.Variable(2.0)

    @tf.function(input_signature=[FIRST])
    def serve(images):
        return {"saliency": function(tf.cast(images, tf.float32)[..., :1] * module.scale)}

    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
    return folder


def edit(folder, change):
    """Apply `change` to the MetaGraphDef on disk."""
    path = folder / "saved_model.pb"
    description = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    change(description.meta_graphs[0])
    path.write_bytes(description.SerializeToString())
    return folder


def traced(graph, what):
    return next(f for f in graph.graph_def.library.function if f"traced_{what}" in
                f.signature.name)


def reader(path):
    return lambda maps: maps + tf.cast(tf.strings.length(tf.io.read_file(path)), tf.float32)


def writer(path):
    def function(maps):
        with tf.control_dependencies([tf.io.write_file(path, "written")]):
            return tf.identity(maps)
    return function


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=2, size=(96, 128))


def test_a_model_that_reads_a_file_needs_trust(dataset, tmp_path):
    (tmp_path / "secret").write_text("x" * 1000)
    folder = save(tmp_path / "m", reader(str(tmp_path / "secret")))
    with pytest.raises(InputError, match=r"m: its graph .* \(ReadFile\), .* trust$"):
        SavedModelPredictor(folder)
    assert next(predictions(SavedModelPredictor(folder, trust=True), dataset)).min() >= 1000


def test_a_model_that_writes_a_file_never_ran(dataset, tmp_path):
    folder = save(tmp_path / "m", writer(str(tmp_path / "there")))
    with pytest.raises(InputError, match=r"\(WriteFile\)"):
        SavedModelPredictor(folder)
    assert not (tmp_path / "there").exists()
    next(predictions(SavedModelPredictor(folder, trust=True), dataset))
    assert (tmp_path / "there").exists()


def test_operations_are_found_wherever_they_hide(tmp_path):
    """In a branch, a loop and the function of a dataset."""
    read = reader("secret")
    hidden = {
        "branch": lambda maps: tf.cond(tf.reduce_max(maps) > 5, lambda: read(maps), lambda: maps),
        "loop": lambda maps: tf.while_loop(lambda m: tf.reduce_max(m) < 5, read, [maps])[0],
        "dataset": lambda maps: tf.data.Dataset.from_tensors(maps).map(read).reduce(
            maps, lambda a, b: a + b),
    }
    for name, function in hidden.items():
        with pytest.raises(InputError, match=r"\(ReadFile\)"):
            require_harmless(save(tmp_path / name, function))


@pytest.mark.parametrize("function, operation", [
    (lambda m: m + float("0") * tf.cast(tf.shape(tf.io.matching_files("/*"))[0], tf.float32),
     "MatchingFiles"),
    (lambda m: tf.numpy_function(np.negative, [m], tf.float32), "PyFunc|EagerPyFunc"),
    (lambda m: tf.data.TextLineDataset("a").reduce(m, lambda a, b: a), "TextLineDataset"),
    (lambda m: tf.data.Dataset.from_tensors(m).cache("there").reduce(m, lambda a, b: a),
     "CacheDataset"),
    (lambda m: m + tf.raw_ops.ImmutableConst(dtype=tf.float32, shape=[], memory_region_name="a"),
     "ImmutableConst"),
    (lambda m: m + tf.raw_ops.RestoreV2(prefix="other", tensor_names=["a"], shape_and_slices=[""],
                                        dtypes=[tf.float32])[0], "RestoreV2"),
    (lambda m: tf.raw_ops.DebugIdentity(input=m, debug_urls=["file:///there"]), "DebugIdentity")])
def test_other_operations_that_reach_out(tmp_path, function, operation):
    with pytest.raises(InputError, match=rf"\(.*({operation})"):
        require_harmless(save(tmp_path, function))


def test_printing_into_a_file(tmp_path):
    def printing(stream):
        def function(maps):
            with tf.control_dependencies([tf.print("map", output_stream=stream)]):
                return tf.identity(maps)
        return function

    require_harmless(save(tmp_path / "a", printing(sys.stderr)))
    with pytest.raises(InputError, match="PrintV2"):
        require_harmless(save(tmp_path / "b", printing("file:///there")))


@pytest.mark.parametrize("float16", [False, True])
def test_our_own_need_no_trust(tmp_path, float16):
    model = build_model("ead", input_shape=(48, 64, 3), width_multiplier=0.05)
    require_harmless(export.save(model, tmp_path / "m", float16=float16))


def run_the_saver(graph):
    """The function that serves now also calls the one that restores the variables."""
    served = next(f for f in graph.graph_def.library.function
                  if any(n.op == "ReadVariableOp" for n in f.node_def)
                  and "traced" not in f.signature.name)
    served.node_def.add(name="more", op="StatefulPartitionedCall").attr["f"].func.name = (
        traced(graph, "restore").signature.name)


def serve_the_saver(graph):
    name = traced(graph, "save").signature.name
    node = graph.object_graph_def.nodes.add()
    node.bare_concrete_function.concrete_function_name = name


def replaceable(graph):
    traced(graph, "save").attr["api_implements"].s = b"lstm"


def hide_in_the_saver(graph):
    traced(graph, "restore").node_def.add(name="more", op="ReadFile")


def without_objects(graph):
    graph.ClearField("object_graph_def")


@pytest.mark.parametrize("change, operations", [
    (run_the_saver, "RestoreV2"), (serve_the_saver, "MergeV2Checkpoints, SaveV2, ShardedFilename"),
    (replaceable, "MergeV2Checkpoints, SaveV2, ShardedFilename"), (hide_in_the_saver, "ReadFile"),
    (without_objects, "MergeV2Checkpoints, RestoreV2, SaveV2, ShardedFilename")])
def test_what_saves_the_variables_may_do_nothing_else(tmp_path, change, operations):
    folder = save(tmp_path, tf.identity)
    require_harmless(folder)
    with pytest.raises(InputError, match=re.escape(f"({operations})")):
        require_harmless(edit(folder, change))


def test_no_operation_of_this_tensorflow_takes_a_file_unseen():
    """By the names of arguments: an operation that a later release adds shows here."""
    places = re.compile("file|path|(^|_)dir(_|$)|prefix|address|url|graph_def|module$"
                        "|memory_region|token|descriptor_source|logdir|db_uri|output_stream")
    known = {"PrintV2",                                    # looked at by itself
             "ExperimentalSetStatsAggregatorDataset", "SetStatsAggregatorDataset"}  # of a counter
    unseen = []
    for name in dir(tf.raw_ops):
        definition = op_def_registry.get(name)
        if definition is None or _REACHES_OUT.search(name) or name in known:
            continue
        texts = [a.name for a in definition.input_arg if a.type == tf.string.as_datatype_enum]
        texts += [a.name for a in definition.attr if a.type in ("string", "list(string)")]
        if any(map(places.search, texts)):
            unseen.append(name)
    assert not unseen


def test_the_script_says_and_asks(run, tmp_path):
    folder = save(tmp_path / "m", reader("/etc/hostname"))
    given = ["--weights", folder, "--set", "data.options={count: 20, size: [96, 128]}",
             "evaluation.metrics=[nss]"]
    code, said = run("evaluate", *given)
    assert code == 2 and "Traceback" not in said and "(ReadFile)" in said and "--trust" in said
    code, said = run("evaluate", *given, "--trust")
    assert code == 0 and "nss (higher)" in said, said
