"""Our own layers, as far as the models' tests do not cover them."""
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.models.layers import MapDropout, NearestUpsample


def test_dropout_silences_whole_maps_and_keeps_the_mean():
    inputs = np.random.default_rng(0).uniform(1, 2, (8, 3, 4, 500)).astype(np.float32)
    outputs = MapDropout(0.25)(inputs, training=True).numpy()
    silent = (outputs == 0).all(axis=(1, 2))
    np.testing.assert_array_equal(silent, (outputs == 0).any(axis=(1, 2)))  # whole maps
    np.testing.assert_allclose(outputs[outputs > 0], (inputs / 0.75)[outputs > 0], rtol=1e-6)
    assert abs(silent.mean() - 0.25) < 0.03 and len(np.unique(silent, axis=0)) == 8


def test_dropout_draws_from_its_inputs_and_its_seed():
    inputs = np.random.default_rng(1).uniform(1, 2, (2, 3, 4, 50)).astype(np.float32)
    first = MapDropout(0.5)(inputs, training=True)
    np.testing.assert_array_equal(first, MapDropout(0.5)(inputs, training=True))
    assert np.any(first != MapDropout(0.5, seed=1)(inputs, training=True))
    assert np.any((first.numpy() == 0) != (MapDropout(0.5)(inputs + 0.1, training=True) == 0))


def test_dropout_is_nothing_outside_of_training():
    inputs = tf.random.stateless_uniform([2, 3, 4, 5], [1, 2])
    np.testing.assert_array_equal(MapDropout(0.9)(inputs), inputs)
    np.testing.assert_array_equal(MapDropout(0.0)(inputs, training=True), inputs)
    same = MapDropout.from_config(MapDropout(0.3, seed=7).get_config())
    assert (same.rate, same.seed) == (0.3, 7)
    with pytest.raises(ValueError, match="below 1, not 1"):
        MapDropout(1)


def test_msi_net_with_dropout_has_the_same_weights_and_maps():
    plain = ks.build_model("msi_net", width_multiplier=0.05)
    dropping = ks.build_model("msi_net", width_multiplier=0.05, dropout=0.5)
    dropping.set_weights(plain.get_weights())
    image = np.random.default_rng(2).uniform(0, 255, (1, 48, 64, 3)).astype(np.float32)
    np.testing.assert_array_equal(plain(image), dropping(image))
    assert np.abs(dropping(image, training=True) - plain(image)).max() > 1e-3


def test_nearest_enlargement_repeats_each_cell():
    inputs = np.random.default_rng(2).uniform(0, 1, (2, 3, 5, 4)).astype(np.float32)
    layer = NearestUpsample.from_config(NearestUpsample(3).get_config())
    np.testing.assert_array_equal(layer(inputs), inputs.repeat(3, axis=1).repeat(3, axis=2))
    assert layer.compute_output_shape((None, None, 5, 4)) == (None, None, 15, 4)
