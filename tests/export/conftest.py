"""What the tests of engines share."""
import pytest

from keras_saliency.export.engines import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request):
    """The name of an engine that is installed."""
    for package in ENGINES[request.param].packages:
        pytest.importorskip(package)
    return request.param
