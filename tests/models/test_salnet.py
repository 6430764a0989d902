"""SalNet against the published Caffe network, and JuntingNet's numbers."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.models.layers import CeilMaxPooling, LocalResponseNormalization
from keras_saliency.models.salnet_deep import CONVOLUTIONS, postprocess
from keras_saliency.models.salnet_shallow import blur


@pytest.mark.slow
def test_agrees_with_the_published_network(golden):
    reference = np.load(golden / "salnet_deep.npz")
    seed = int(reference["seed"])
    model = ks.build_model("salnet_deep")
    rng = np.random.RandomState(seed)
    for number in range(1, 10):
        kernel, bias = model.get_layer(f"conv{number}").weights
        size, _, inputs, outputs = kernel.shape
        values = rng.standard_normal((outputs, inputs, size, size)) * np.sqrt(
            2 / (inputs * size * size))
        kernel.assign(values.transpose(2, 3, 1, 0).astype(np.float32))
        bias.assign((rng.standard_normal(outputs) * 0.01).astype(np.float32))
    deconv = rng.standard_normal((1, 1, 8, 8)) * 0.1
    model.get_layer("deconv1").set_weights([deconv.transpose(2, 3, 1, 0).astype(np.float32)])
    names = [name for name in reference.files if name.startswith("map_")]
    assert len(names) > 1
    for name in names:
        height, width = map(int, name[4:].split("x"))
        prepared = np.random.RandomState(seed + 1).standard_normal((1, 3, height, width)) * 0.5
        bgr = prepared.transpose(0, 2, 3, 1) * 127.5 + (100, 110, 118)
        output = model(bgr[..., ::-1].astype(np.float32))[0, ..., 0]
        np.testing.assert_allclose(output, reference[name], atol=1e-3)


def test_parameter_counts_of_the_paper():
    inputs, total = 3, 8 * 8
    for filters, size in CONVOLUTIONS:
        total, inputs = total + (size * size * inputs + 1) * filters, filters
    assert ks.build_model("salnet_deep").count_params() == total and round(total / 1e5) == 258
    assert ks.build_model("salnet_shallow").count_params() == 64_392_512
    small = ks.build_model("salnet_shallow", filters=64)
    assert small.get_layer("conv3").output.shape[-1] == 64


def test_pools_round_up_like_caffe():
    for length in (5, 6, 7, 8):
        values = -np.arange(1.0, length + 1, dtype=np.float32).reshape(1, length, 1, 1)
        pooled = CeilMaxPooling(3, 2)(np.repeat(values, length, 2))[0, :, 0, 0].numpy()
        count = int(np.ceil((length - 3) / 2)) + 1
        expected = [max(-np.arange(1.0, length + 1)[2 * i:2 * i + 3]) for i in range(count)]
        np.testing.assert_array_equal(pooled, expected)


def test_normalization_by_its_formula():
    x = np.random.default_rng(0).normal(0, 30, (1, 2, 2, 9)).astype(np.float32)
    squares = np.pad(x ** 2, ((0, 0),) * 3 + ((2, 2),))
    total = sum(squares[..., i:i + 9] for i in range(5))
    expected = x / (1 + 1e-4 / 5 * total) ** 0.75
    np.testing.assert_allclose(LocalResponseNormalization()(x), expected, rtol=1e-5)


def test_shallow_network_takes_one_size_and_keeps_the_authors_order():
    with pytest.raises(ValueError, match="96x96, not 48x64"):
        ks.build_model("salnet_shallow", input_shape=(48, 64, 3))
    model = ks.build_model("salnet_shallow", width_multiplier=0.03)
    names = [layer.name for layer in model.layers]
    assert names.index("channels_first") < names.index("flatten")
    assert model.get_layer("pool3").output.shape[1:3] == (10, 10)
    image = np.random.default_rng(1).integers(0, 256, (50, 70, 3), np.uint8)
    assert ks.predict(model, image).shape == (50, 70)


def test_last_steps_of_the_authors():
    raw = np.array([[-2.0, 0.0], [0.5, 3.0]])
    levels = postprocess(np.kron(raw, np.ones((20, 20))), (40, 40))
    assert levels.dtype == np.float32 and levels[5, 5] == 0 and levels[35, 35] == 255
    assert levels[5, 35] == pytest.approx(127) and levels[35, 5] == pytest.approx(191)
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    blurred = blur(point)
    assert blurred[20, 22] / blurred[20, 20] == pytest.approx(np.exp(-0.5), rel=0.02)
    assert cv2.sumElems(blurred)[0] == pytest.approx(1, abs=0.01)
