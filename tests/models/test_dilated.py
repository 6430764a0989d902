"""The direct dilated convolution is Keras' own, in values, gradients and weights."""
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency.models.dilated import DilatedConv2D


def pair(rate, size=3, channels=5, filters=4):
    """Return (our layer, Keras' layer) with the same weights."""
    layers = []
    for kind in (DilatedConv2D, keras.layers.Conv2D):
        layer = kind(filters, size, padding="same", dilation_rate=rate, activation="relu",
                     bias_initializer="random_normal")
        layer.build((None, None, None, channels))
        layers.append(layer)
    layers[0].set_weights(layers[1].get_weights())
    return layers


@pytest.mark.parametrize("rate, size, shape", [
    (2, 3, (15, 20)), (4, 3, (9, 7)), (12, 3, (5, 30)), (3, 5, (11, 11)), (2, 1, (4, 4))])
def test_values_and_gradients_are_kerases(rate, size, shape):
    maps = np.random.default_rng(0).normal(size=(2, *shape, 5)).astype(np.float32)
    weights = np.random.default_rng(1).normal(size=(2, *shape, 4)).astype(np.float32)
    found, both = [], pair(rate, size)
    ours = both[0]
    for layer in both:
        @tf.function
        def slopes(inputs, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = layer(inputs, **({"training": True} if layer is ours else {}))
                loss = tf.reduce_sum(outputs * weights)
            variables = [v.value if hasattr(v, "value") and not callable(v.value) else v
                         for v in layer.trainable_variables]
            return outputs, tape.gradient(loss, [inputs, *variables])

        outputs, gradients = slopes(tf.constant(maps))
        found.append([outputs, *gradients])
    for own, theirs in zip(*found):
        assert own.shape == theirs.shape
        np.testing.assert_allclose(own, theirs, atol=2e-4)
    np.testing.assert_allclose(ours(maps, training=False), found[1][0], atol=2e-4)


def test_one_place_by_hand():
    """A point spreads to nine places, two cells apart; the border cuts three off."""
    layer = DilatedConv2D(1, 3, padding="same", dilation_rate=2, use_bias=False)
    maps = np.zeros((1, 5, 5, 1), np.float32)
    maps[0, 1, 2] = 1
    layer.build(maps.shape)
    layer.set_weights([np.arange(1.0, 10).reshape(3, 3, 1, 1)])
    expected = np.zeros((5, 5))
    expected[1, ::2], expected[3, ::2] = (6, 5, 4), (3, 2, 1)
    np.testing.assert_array_equal(layer(maps)[0, ..., 0], expected)


def test_its_config_makes_it_again():
    layer, _ = pair(4)
    again = DilatedConv2D.from_config(layer.get_config())
    assert again.dilation_rate == (4, 4) and again.get_config() == layer.get_config()


def test_outside_a_graph_there_is_a_gradient_without_training():
    """As attribution needs it; the values are those of inference."""
    ours, theirs = pair(4)
    maps = tf.constant(np.random.default_rng(0).normal(size=(1, 9, 7, 5)), tf.float32)
    slopes = []
    for layer in (ours, theirs):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            total = tf.reduce_sum(layer(maps) ** 2)
        slopes.append(tape.gradient(total, maps))
    np.testing.assert_allclose(*slopes, atol=2e-4)
    in_graph = tf.function(lambda given: ours(given, training=False))(maps)
    np.testing.assert_array_equal(ours(maps, training=False), in_graph)
