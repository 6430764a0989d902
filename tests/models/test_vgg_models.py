"""SalGAN, the VGG readout and OpenSALICON: layers and numbers of their papers."""
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.models.salgan import salgan_discriminator


def names(model):
    return [layer.name for layer in model.layers]


def test_salgan_mirrors_its_encoder():
    model = ks.build_model("salgan")
    assert model.count_params() == 31_787_009
    decoder = [n for n in names(model) if n.startswith("uconv")]
    assert decoder == [f"uconv{b}_{c}" for b, n in ((5, 3), (4, 3), (3, 3), (2, 2), (1, 2))
                       for c in range(n, 0, -1)]
    assert model.compute_output_shape((1, 192, 256, 3)) == (1, 192, 256, 1)


def test_discriminator_sees_picture_and_map():
    model = salgan_discriminator((48, 64, 3), width_multiplier=0.1)
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    maps = rng.uniform(0, 1, (2, 48, 64, 1)).astype(np.float32)
    answer = model([image, maps]).numpy()
    assert answer.shape == (2, 1) and (answer > 0).all() and (answer < 1).all()
    assert np.abs(answer - model([image, 1 - maps])).max() > 0
    with pytest.raises(ValueError, match="multiples of 16, not 50x64"):
        salgan_discriminator((50, 64, 3))


def test_readout_of_ones_is_the_sum_of_the_units():
    model = ks.build_model("vgg_linear")
    assert model.count_params() == 14_715_200
    weights, = model.get_layer("readout").get_weights()
    assert weights.shape == (1, 1, 512, 1) and (weights == 1).all()
    assert model.compute_output_shape((1, 224, 224, 3)) == (1, 224, 224, 1)


def test_opensalicon_begins_with_a_map_of_one_half():
    model = ks.build_model("opensalicon", width_multiplier=0.05)
    image = np.random.default_rng(0).uniform(0, 255, (1, 128, 192, 3)).astype(np.float32)
    output = model(image).numpy()
    assert output.shape == (1, 128, 192, 1) and (output == 0.5).all()
    assert {"fine_block1_conv1", "coarse_block5_conv3"} <= set(names(model))
    assert ks.build_model("opensalicon").count_params() == 2 * 14_714_688 + 1025
