"""The batches of `ks.datasets.training_data`, and `model.fit` on them."""
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.datasets import orders, pipeline, popout
from keras_saliency.datasets.dataset import DatasetError

CANVAS = (96, 128)


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=10, size=CANVAS)


def network():
    image = keras.layers.Input((*CANVAS, 3))
    gray = keras.layers.Rescaling(1 / 255)(image)
    return keras.Model(image, keras.layers.Conv2D(1, 3, padding="same",
                                                  activation="softplus")(gray))


def test_a_network_of_the_users_own_is_fitted(dataset):
    keras.utils.set_random_seed(0)
    data = ks.datasets.training_data(dataset, CANVAS, 4, mirror=True, epochs=3)
    validation = ks.datasets.training_data(dataset, CANVAS, 4, shuffle=False)
    model = network()
    model.compile(keras.optimizers.Adam(0.05), loss=ks.losses.kld)
    before = model.evaluate(validation, verbose=0)
    history = model.fit(data, epochs=3, steps_per_epoch=len(data) // 3, verbose=0,
                        validation_data=validation).history
    assert len(data) == 6 and len(history["loss"]) == 3
    assert history["val_loss"][-1] < before


def test_batches_are_those_of_our_own_training(dataset):
    data = list(ks.datasets.training_data(dataset, CANVAS, 4, seed=3, mirror=True, crop=0.8,
                                          color=0.2, epochs=2))
    load = pipeline.example_loader(dataset, pipeline.CanvasSpec(CANVAS, 6.4),
                                   pipeline.Augmentation(0.8, 0.2))
    drawn = orders.epoch_orders([orders.Share(10)], 4, 3, True, range(2))
    expected = pipeline.training_stream(drawn.map(lambda share, *example: example), load, 4)
    assert len(data) == 4
    for ours, theirs in zip(data, expected):
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(data[0][0], data[2][0])  # another epoch, another order


def test_validation_sees_every_stimulus_once_and_counts_where_asked(dataset):
    data = ks.datasets.training_data(dataset, CANVAS, 4, target="fixation_map", shuffle=False)
    images, counts = (tf.concat(part, 0) for part in zip(*data))
    assert images.shape == (10, *CANVAS, 3) and counts.shape == (10, *CANVAS, 1)
    found = [int(n) for n in tf.reduce_sum(counts, (1, 2, 3))]
    assert found == np.bincount(dataset.fixations.image).tolist()


def test_what_cannot_be_made_is_refused(dataset):
    with pytest.raises(DatasetError, match="10 training stimuli do not fill one batch of 11"):
        ks.datasets.training_data(dataset, CANVAS, 11)
    with pytest.raises(DatasetError, match="target must be 'fixation_density_map' or"):
        ks.datasets.training_data(dataset, CANVAS, 4, target="saliency")


def test_names_of_datasets_come_without_tensorflow():
    code = ("import sys, keras_saliency.datasets as d; "
            "assert 'training_data' in dir(d) and 'tensorflow' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)
