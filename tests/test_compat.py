"""The differences between Keras 2 and Keras 3 that `compat` hides."""
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import compat


def test_keras_3_matches_the_installed_keras():
    assert compat.KERAS_3 == (keras.__version__[0] >= "3")


def test_register_names_the_package():
    @compat.register
    class Marker(keras.layers.Layer):
        pass
    assert keras.saving.get_registered_name(Marker) == "keras_saliency>Marker"


def test_importing_models_registers_the_layers_of_saved_models():
    """As the model card of a package says, in a program of the user's own."""
    code = ("import keras, keras_saliency.models; from keras.saving import get_custom_objects;"
            "print({'keras_saliency>Preprocess', 'keras_saliency>AddCenterBias',"
            "'keras_saliency>CarriedFacts'} <= set(get_custom_objects()))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          cwd=Path(__file__).parents[1])
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("nesterov", [False, True])
def test_ramped_sgd_by_hand(nesterov):
    """Sutskever et al. (2013): v <- mu v - rate g; w += v, or mu v - rate g with Nesterov's."""
    variable = keras.Variable(np.zeros(2, np.float32)) if compat.KERAS_3 else tf.Variable(
        np.zeros(2, np.float32))
    optimizer = compat.RampedSGD(0.1, momentum=0.5, nesterov=nesterov, end_momentum=0.9, steps=4)
    rng, weights, velocity = np.random.default_rng(0), np.zeros(2), np.zeros(2)
    for momentum in (0.5, 0.6, 0.7, 0.8, 0.9, 0.9):
        gradient = rng.normal(size=2)
        assert float(optimizer.current_momentum()) == pytest.approx(momentum)
        optimizer.apply_gradients([(tf.constant(gradient, tf.float32), variable)])
        velocity = momentum * velocity - 0.1 * gradient
        weights = weights + (momentum * velocity - 0.1 * gradient if nesterov else velocity)
        np.testing.assert_allclose(tf.convert_to_tensor(variable).numpy(), weights, atol=1e-6)


def test_ramped_sgd_without_a_ramp_is_keras_own():
    def trained(build):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        model.compile(build(0.05, momentum=0.8, nesterov=True, weight_decay=0.01), "mse")
        x = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
        model.fit(x, x[:, :2] * 3, epochs=3, batch_size=8, shuffle=False, verbose=0)
        return model.get_weights()

    for ours, theirs in zip(trained(lambda *a, **k: compat.RampedSGD(*a, **k, end_momentum=0.8)),
                            trained(keras.optimizers.SGD)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    again = compat.RampedSGD.from_config(compat.RampedSGD(0.1, 0.5, 0.9, 7).get_config())
    assert (again.momentum, again.end_momentum, again.steps) == (0.5, 0.9, 7)
