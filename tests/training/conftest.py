"""Training without a graph, for tests whose subject is not the graph."""
import pytest
import tensorflow as tf


@pytest.fixture(scope="module")
def op_by_op():
    """Run TensorFlow's functions op by op in a module, where a run spends most time on tracing.

    The numbers of a run are the same.
    """
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def in_a_graph(op_by_op):
    """Run them in a graph in one test of such a module."""
    tf.config.run_functions_eagerly(False)
    yield
    tf.config.run_functions_eagerly(True)
