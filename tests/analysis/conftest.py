"""Stimuli whose colours are planted activation_maps, and a model whose units are the colours."""
import cv2
import keras
import numpy as np
import pytest

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.fixations import Fixations

SIZE = (64, 96)
COUNT = 12


def blob(center, sigma=7.0):
    """[H, W], peak 255 at (x, y)."""
    y, x = np.mgrid[:SIZE[0], :SIZE[1]]
    return 255 * np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * sigma ** 2))


@pytest.fixture(scope="session")
def planted():
    """Red is a blob where people look (a third of the images is the middle), green the negative
    of a blob in the middle, blue noise."""
    rng = np.random.default_rng(7)
    stimuli, points = [], []
    for index in range(COUNT):
        center = np.array([48, 32]) if index % 3 == 0 else rng.uniform((15, 15), (80, 50))
        image = np.stack([rng.uniform(0, 255, SIZE), 255 - blob((48, 32), 20), blob(center)], -1)
        stimuli.append(cv2.imencode(".png", image.astype(np.uint8))[1].tobytes())  # BGR
        points.append(np.clip(rng.normal(center, 5, (30, 2)), 0, np.array(SIZE[::-1]) - 1))
    xy = np.concatenate(points)
    return SaliencyDataset(
        name="planted", names=tuple(f"p{i:02d}" for i in range(COUNT)), stimuli=tuple(stimuli),
        sizes=np.array([SIZE] * COUNT, np.int32), pixels_per_dva=8.0,
        fixations=Fixations.build(xy[:, 0], xy[:, 1], np.repeat(np.arange(COUNT), 30),
                                  [SIZE] * COUNT, observer=np.tile(np.arange(30) % 3, COUNT)))


@pytest.fixture(scope="session")
def color_model():
    """Layer `colors`: units red, green, blue and a constant one, on a grid of 16x24 cells; the
    output is red."""
    image = keras.Input((*SIZE, 3), name="image")
    cells = keras.layers.AveragePooling2D(4, name="cells")(image)
    colors = keras.layers.Conv2D(4, 1, use_bias=False, name="colors")(cells)
    red = keras.layers.Conv2D(1, 1, use_bias=False, name="red")(colors)
    output = keras.layers.UpSampling2D(4, interpolation="bilinear", name="saliency")(red)
    model = keras.Model(image, output, name="planted_model")
    model.get_layer("colors").set_weights([np.eye(3, 4, dtype=np.float32)[None, None]])
    model.get_layer("red").set_weights([np.eye(4, 1, dtype=np.float32)[None, None]])
    return model
