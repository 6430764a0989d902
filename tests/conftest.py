"""Paths and small helpers that the tests share."""
from pathlib import Path

import keras
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture
def golden():
    """Folder of the authors' reference values; the test is skipped where it is missing."""
    return _shared("golden")


@pytest.fixture
def osie_root():
    """Folder of the OSIE eye-tracking set; the test is skipped where it is missing."""
    return _shared("data/osie")


@pytest.fixture
def vgg16_file():
    """Keras' ImageNet VGG16 convolutions; the test is skipped where they are missing."""
    return _shared("data/vgg16/vgg16_imagenet_notop.h5")


@pytest.fixture
def osie_sr_sample():
    """Folder of the published OSIE-SR sample; the test is skipped where it is missing."""
    return _shared("data/osie_sr_sample")


def _shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared/{name} is not beside the repository")
    return path


@pytest.fixture(scope="module", autouse=True)
def seeded():
    """The same random weights in every run: at tiny widths some draws leave a network dead."""
    keras.utils.set_random_seed(1)
