"""Generated eye-tracking data with observers, of stimuli of different sizes."""
import numpy as np
import pytest

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.fixations import Fixations


def build_dataset(images, observers, each, spread=0.15, seed=0, name="toy"):
    """`each` fixations per observer and image around three places of the image's own."""
    rng = np.random.default_rng(seed)
    sizes = np.array([(60, 80), (48, 36)])[np.arange(images) % 2]
    x, y, image, observer = [], [], [], []
    for i, (height, width) in enumerate(sizes):
        places = rng.normal(0.5, 0.2, (3, 2))
        count = observers * each
        points = places[rng.integers(0, 3, count)] + rng.normal(0, spread, (count, 2)) / 3
        x += list(np.clip(points[:, 0], 0, 0.999) * width)
        y += list(np.clip(points[:, 1], 0, 0.999) * height)
        image += [i] * count
        observer += list(np.repeat(np.arange(observers), each))
    return SaliencyDataset(
        name=name, names=[f"{name}{i}" for i in range(images)], stimuli=[b""] * images,
        sizes=sizes, fixations=Fixations.build(x, y, image, sizes, observer=observer))


@pytest.fixture
def make_dataset():
    """`build_dataset`, for tests that need another one."""
    return build_dataset


@pytest.fixture
def dataset():
    """Six stimuli of two sizes, four observers."""
    return build_dataset(images=6, observers=4, each=5)
