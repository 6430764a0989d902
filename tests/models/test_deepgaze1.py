"""DeepGaze I and its layers against scipy, closed forms and the paper's count of units."""
import keras
import numpy as np
import pytest
import scipy.ndimage
import scipy.special
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.models.backbones import alexnet, vgg16
from keras_saliency.models.deepgaze1 import receptive_field
from keras_saliency.models.density_layers import AddCenterBias, GaussianBlur, LogSoftmax
from keras_saliency.models.layers import GroupedConv2D

SMALL = dict(width_multiplier=0.03)


def readouts(model):
    return [layer.name for layer in model.layers if layer.name.endswith("_readout")]


def test_alexnet_has_as_many_units_as_the_paper_counts():
    model = ks.build_model("deepgaze1", backbone="alexnet", layer_subset={"from": 1})
    assert sum(model.get_layer(name).kernel.shape[2] for name in readouts(model)) == 3712


def test_parameters_are_the_backbones_and_a_few():
    """Weight and deviation of 1,536 units, blur, weight of the center_bias and its 64x64 cells."""
    assert ks.build_model("deepgaze1").count_params() == 14714688 + 2 * 1536 + 2 + 64 * 64


@pytest.mark.parametrize("subset, expected", [
    (None, ["block5_conv1", "block5_conv2", "block5_conv3"]),
    ({"from": 4, "to": 5, "type": "pool"}, ["block4_pool", "block5_pool"]),
    ({"to": 1}, ["block1_conv1", "block1_relu1", "block1_conv2", "block1_relu2", "block1_pool"]),
    (["block5_conv3", "block4_relu1"], ["block4_relu1", "block5_conv3"]),
])
def test_layers_are_chosen_by_depth_and_type(subset, expected):
    model = ks.build_model("deepgaze1", layer_subset=subset, **SMALL)
    assert readouts(model) == [f"{name}_readout" for name in expected]


@pytest.mark.parametrize("options, message", [
    (dict(backbone="resnet"), "backbone 'resnet'; choose from alexnet, vgg16"),
    (dict(layer_subset={"of": 6}), "matches no layer; the layers are block1_conv1"),
    (dict(layer_subset={"off": 5}), "no key 'off'; its keys are from, to, of, type"),
    (dict(layer_subset={"of": 5, "to": 3}), "use .of. for one depth, or .from. and"),
    (dict(layer_subset=["block6_conv1"]), "no layer 'block6_conv1'; the layers are block1_conv1"),
    (dict(layer_subset=[]), "no layer given"),
    (dict(backbone=["vgg16"]), "choose from alexnet, vgg16"),
    (dict(layer_subset=5), "names of layers, or from, to, of, type with their values, not 5"),
    (dict(layer_subset={"from": "a"}), "from must be a whole number, not 'a'"),
    (dict(layer_subset={"of": None}), "of must be a whole number, not None"),
])
def test_wrong_choices_list_the_valid_ones(options, message):
    with pytest.raises(ValueError, match=message):
        ks.build_model("deepgaze1", **options, **SMALL)


def test_the_output_is_a_density_and_has_a_logarithm():
    model = ks.build_model("deepgaze1", **SMALL)
    image = np.random.default_rng(0).uniform(0, 255, (2, 64, 96, 3)).astype(np.float32)
    both = keras.Model(model.inputs[0], [model.outputs[0], model.get_layer("log_density").output])
    density, log_density = (np.asarray(t) for t in both(image))
    np.testing.assert_allclose(density.sum(axis=(1, 2, 3)), 1, rtol=1e-5)
    np.testing.assert_allclose(np.log(density), log_density, atol=1e-4)


def test_blur_is_scipys_gaussian_away_from_the_border():
    layer = GaussianBlur()
    maps = np.random.default_rng(0).random((2, 40, 50, 1)).astype(np.float32)
    layer(maps)
    layer.log_sigma.assign(np.log(1.7))
    expected = scipy.ndimage.gaussian_filter(maps[1, ..., 0], 1.7, truncate=8)
    np.testing.assert_allclose(layer(maps)[1, 14:-14, 14:-14, 0], expected[14:-14, 14:-14],
                               atol=1e-5)
    np.testing.assert_allclose(layer(np.full((1, 9, 7, 1), 3, np.float32)), 3, rtol=1e-5)


def test_center_bias_alone_gives_the_prior():
    layer = AddCenterBias()
    zeros = np.zeros((1, 64, 64, 1), np.float32)
    layer(zeros)
    prior = scipy.special.log_softmax(np.random.default_rng(0).random((64, 64)))
    layer.log_density.assign(prior)
    np.testing.assert_allclose(LogSoftmax()(layer(zeros))[0, ..., 0], prior, atol=1e-5)
    layer.alpha.assign(0.0)
    np.testing.assert_allclose(LogSoftmax()(layer(zeros)), -np.log(64 * 64), atol=1e-5)


def test_groups_do_not_see_each_other():
    layer = GroupedConv2D(6, 3)
    inputs = np.random.default_rng(0).random((1, 7, 8, 4)).astype(np.float32)
    outputs = np.asarray(layer(inputs))
    kernel, bias = (np.asarray(w) for w in layer.get_weights())
    for group, (low, high) in enumerate(((0, 2), (2, 4))):
        expected = tf.nn.conv2d(inputs[..., low:high], kernel[..., 3 * group:3 * group + 3], 1,
                                "SAME")
        np.testing.assert_allclose(outputs[..., 3 * group:3 * group + 3],
                                   expected + bias[3 * group:3 * group + 3], atol=1e-6)


@pytest.mark.parametrize("backbone, layer", [(alexnet, "alexnet_conv5"), (vgg16, "block5_conv3")])
@pytest.mark.parametrize("place", [(90, 118), (104, 150)])
def test_a_cell_sees_what_lies_around_its_place(backbone, layer, place):
    """The response to a blob is centered on the blob."""
    image = keras.Input((None, None, 3))
    model = keras.Model(image, backbone(image, width_multiplier=0.03)[layer])
    for weight in model.weights:  # a low-pass
        weight.assign(np.full(weight.shape, 1e-2 if len(weight.shape) == 4 else 0, np.float32))
    y, x = np.mgrid[:208, :256] + 0.5
    blob = np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / (2 * 12 ** 2))
    maps = np.asarray(model(np.repeat(blob[None, ..., None], 3, -1).astype(np.float32)))[0, ..., 0]
    assert maps.shape == (13, 16)
    centers = [(np.arange(n) + 0.5) * 16 for n in maps.shape]
    found = [(maps.sum(axis=1 - axis) @ centers[axis]) / maps.sum() for axis in (0, 1)]
    np.testing.assert_allclose(found, place, atol=3)


@pytest.mark.parametrize("name, size, stride", [
    ("block1_conv1", 3, 1), ("block1_pool", 6, 2), ("block5_conv3", 196, 16),
    ("block5_pool", 212, 32), ("alexnet_conv1", 11, 4), ("alexnet_conv5", 163, 16)])
def test_receptive_fields_are_the_known_ones(name, size, stride):
    assert receptive_field(name) == (size, stride)
