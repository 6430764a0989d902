"""Authors' files for several tests."""
import numpy as np
import pytest
import tensorflow as tf
from writers import authors_msi_net


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture(scope="module")
def kroner(tmp_path_factory):
    """(folder with the authors' kinds of files, image, the authors' map of it)."""
    folder, v1 = tmp_path_factory.mktemp("kroner"), tf.compat.v1
    rng = np.random.default_rng(2)
    image = rng.uniform(0, 255, (1, 128, 192, 3)).astype(np.float32)  # beyond all dilations
    with tf.Graph().as_default() as graph, v1.Session() as session:
        placeholder = v1.placeholder(tf.float32, (None, None, None, 3), "input")
        output = authors_msi_net(placeholder, rng)
        session.run(v1.global_variables_initializer())
        expected = session.run(output, {placeholder: image})
        assert expected.std() > 0.03 and (expected > 0).mean() > 0.9  # the network is alive
        variables = {v.op.name: session.run(v) for v in v1.global_variables()}
        v1.train.Saver().save(session, str(folder / "model_osie_cpu.ckpt"), write_state=False)
        frozen = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), ["output"])
    (folder / "model_cat2000_cpu.pb").write_bytes(frozen.SerializeToString())

    module = tf.Module()  # keys are paths of attributes; only the names identify the variables
    module.parts = [tf.Variable(value, name=name) for name, value in variables.items()][::-1]
    tf.saved_model.save(module, str(folder / "variables_model"))

    module = tf.Module()  # as published: no variables, constants inside a function
    pruned = v1.wrap_function(
        lambda x: tf.graph_util.import_graph_def(frozen, {"input": x}, ["output:0"], name=""),
        [tf.TensorSpec((None, None, None, 3), tf.float32)])
    module.call = tf.function(lambda x: pruned(x), [tf.TensorSpec((None, None, None, 3))])
    tf.saved_model.save(module, str(folder / "constants_model"))
    return folder, image, expected
