"""Averaged weights: what is scored and kept, and that training goes on from its own."""
import keras
import numpy as np
import pytest

from keras_saliency.training.run import averaged


def trained(**options):
    keras.utils.set_random_seed(4)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.1, **options)
    model.compile(optimizer, "mse")
    return model, optimizer


def batch(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(4, 1)).astype(np.float32)


def test_the_average_is_that_of_the_weights_after_each_step():
    model, optimizer = trained(use_ema=True, ema_momentum=0.5)
    average = None
    for step in range(5):
        start = model.get_weights()
        model.train_on_batch(*batch(step))
        own = model.get_weights()
        if average is None:  # Keras 2 begins at the weights before the first step, Keras 3 after
            with averaged(model, optimizer):
                average = model.get_weights()
            for value, before, after in zip(average, start, own):
                assert np.allclose(value, after) or np.allclose(value, (before + after) / 2)
        else:
            average = [0.5 * a + 0.5 * o for a, o in zip(average, own)]
    with averaged(model, optimizer):
        for value, expected in zip(model.get_weights(), average):
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-7)
    for value, expected in zip(model.get_weights(), own):
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("options, steps", [({}, 2), ({"use_ema": True}, 0)])
def test_without_averages_nothing_changes(options, steps):
    model, optimizer = trained(**options)
    for step in range(steps):
        model.train_on_batch(*batch(step))
    own = model.get_weights()
    with averaged(model, optimizer):
        for value, expected in zip(model.get_weights(), own):
            np.testing.assert_array_equal(value, expected)


def test_own_weights_come_back_after_an_error():
    model, optimizer = trained(use_ema=True)
    for step in range(3):
        model.train_on_batch(*batch(step))
    own = model.get_weights()
    with pytest.raises(RuntimeError), averaged(model, optimizer):
        raise RuntimeError("scoring failed")
    for value, expected in zip(model.get_weights(), own):
        np.testing.assert_array_equal(value, expected)
