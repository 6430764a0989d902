"""What the tests of engines share."""
import pytest

from keras_saliency.export.formats import engines


@pytest.fixture(params=engines())
def engine(request):
    """The name of an engine that is installed."""
    for package in engines()[request.param].packages:
        pytest.importorskip(package)
    return request.param
