"""Two workers on this machine, for all tests of a process."""
import pytest

distributed = pytest.importorskip("distributed", reason="needs keras_saliency[cluster]")


@pytest.fixture(scope="session")
def workers():
    """A `Cluster` of two workers that keeps nothing."""
    from keras_saliency import cluster

    with cluster.connect("local:2") as client:
        yield client
