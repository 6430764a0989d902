"""The EAD residual decoder."""
import keras
import numpy as np
import pytest

import keras_saliency as ks


def test_parameter_count_of_the_default_widths():
    encoder = 14_714_688

    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    decoder = sum(conv(3, a, b) + conv(3, b, b) + conv(2, b, b)
                  for a, b in ((512, 256), (256, 128), (128, 64), (64, 64))) + conv(3, 64, 1)
    assert ks.build_model("ead").count_params() == encoder + decoder == 17_473_409


def test_stable_layer_names():
    names = [layer.name for layer in ks.build_model("ead", width_multiplier=0.02).layers]
    for block in range(1, 5):
        for part in ("reduce", "conv", "up"):
            assert f"decoder{block}_{part}" in names
    assert names[-2:] == ["saliency", "facts"] and "block5_pool" not in names


@pytest.mark.parametrize("size", [(32, 48), (64, 16), (240, 320)])
def test_output_size_is_the_input_size(size):
    model = ks.build_model("ead", width_multiplier=0.02)
    assert model.predict(np.zeros((2, *size, 3)), verbose=0).shape == (2, *size, 1)


def test_each_block_adds_its_two_convolutions():
    model = ks.build_model("ead", width_multiplier=0.02)
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3)).astype(np.float32)
    parts = keras.Model(model.input, [model.get_layer(f"decoder2_{p}").output
                                      for p in ("reduce", "conv", "add")])
    reduced, conv, added = parts(image)
    np.testing.assert_allclose(added, reduced + conv, atol=1e-5)


def test_sigmoid_option_and_bad_widths():
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3))
    output = ks.build_model("ead", width_multiplier=0.02, sigmoid=True).predict(image, verbose=0)
    assert 0 < output.min() and output.max() < 1
    with pytest.raises(ValueError, match="widths must be 4 numbers, each a whole number from 1"):
        ks.build_model("ead", widths=(256, 128))
