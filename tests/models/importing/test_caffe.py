"""SalNet, OpenSALICON, VGG16 and AlexNet from Caffe models that are written byte by byte."""
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.signal import correlate2d
from writers import (
    SALNET,
    SMALL,
    VGG,
    caffemodel,
    draw,
    field,
    imported,
    modern_layer,
    old_layer,
    response,
    salnet_layers,
    shapes,
    sliding,
    varint,
    vgg_arrays,
)

import keras_saliency as ks
from keras_saliency.models import facts_of, importing, weights_file
from keras_saliency.models.importing.formats import read_caffemodel
from keras_saliency.models.weights_file import WeightsError


@pytest.mark.parametrize("write", [modern_layer, old_layer])
def test_salnet_computes_what_caffe_does(tmp_path, rng, write):
    layers = salnet_layers(rng)
    path = caffemodel(tmp_path / "deep_net_model.caffemodel", layers, write)
    model = imported("salnet_deep", path, tmp_path)
    for name, *_ in SALNET:
        kernel, bias = layers[name]
        x = rng.standard_normal((14, 15, kernel.shape[1]))
        np.testing.assert_allclose(response(model, name, x), sliding(x, kernel, bias, correlate2d),
                                   atol=1e-4, err_msg=name)
    small, (deconv,) = rng.standard_normal((3, 4)), layers["deconv1"]
    spread = np.zeros((12 + 4, 16 + 4))  # Caffe: each cell adds the kernel, 4 apart, then cut by 2
    for y in range(3):
        for x in range(4):
            spread[4 * y:4 * y + 8, 4 * x:4 * x + 8] += small[y, x] * deconv[0, 0]
    ours = model.get_layer("deconv1")(small[None, ..., None].astype(np.float32))
    np.testing.assert_allclose(ours[0, ..., 0], spread[2:-2, 2:-2], atol=1e-5)
    assert facts_of(model).about["dataset"] == "salicon" and facts_of(model).canvas == (240, 320)


def test_opensalicon_has_the_coarse_scale_first(tmp_path, rng):
    layers = {f"{scale}conv{name}": draw(rng, shape) for scale in ("", "sec_")
              for name, shape in shapes(VGG)}
    readout = draw(rng, (1, 32, 1, 1))
    path = caffemodel(tmp_path / "salicon_osie.caffemodel",
                      {**layers, "saliency_map": readout}, modern_layer)
    model = imported("opensalicon", path, tmp_path)
    for prefix, scale in (("fine_", ""), ("coarse_", "sec_")):
        kernel, bias = layers[f"{scale}conv4_2"]
        x = rng.standard_normal((6, 7, 16))
        np.testing.assert_allclose(response(model, f"{prefix}block4_conv2", x),
                                   sliding(x, kernel, bias, correlate2d), atol=1e-5)
    tapped = keras.Model(model.input, [model.get_layer(name).output for name in (
        "fine_block5_pool", "coarse_enlarged", "saliency")])
    image = rng.uniform(0, 255, (1, 128, 192, 3)).astype(np.float32)
    fine, coarse, saliency = (np.asarray(t)[0] for t in tapped(image))
    kernel = readout[0].ravel()
    logit = coarse @ kernel[:16] + fine @ kernel[16:] + readout[1]
    np.testing.assert_allclose(saliency[..., 0], 1 / (1 + np.exp(-logit)), atol=1e-5)


def check_encoder(path, arrays, rng):
    model = ks.build_model("ead", encoder_weights=path, **SMALL)
    for name, (kernel, bias) in arrays.items():
        x = rng.standard_normal((6, 7, kernel.shape[1]))
        np.testing.assert_allclose(
            response(model, f"block{name[0]}_conv{name[2]}", x),
            sliding(x, kernel, bias, correlate2d), atol=1e-5, err_msg=name)


def test_vgg16_caffemodel_becomes_an_encoder(tmp_path, rng):
    arrays = vgg_arrays(rng)
    path = caffemodel(tmp_path / "vgg.caffemodel",
                      {f"conv{name}": blobs for name, blobs in arrays.items()}, old_layer)
    done = importing.convert("vgg16", path, tmp_path / "vgg16.h5", **SMALL)
    assert done.layers == 13 and len(done.sha256) == 64
    check_encoder(tmp_path / "vgg16.h5", arrays, rng)
    about = weights_file.read_attributes(tmp_path / "vgg16.h5")
    assert about["preprocessing"] == "caffe" and about["encoder"] == "vgg16"
    assert "ImageNet" in about["training_data"] and about["source_file"] == "vgg.caffemodel"
    with pytest.raises(WeightsError, match="does not say which model"):
        ks.load_pretrained(tmp_path / "vgg16.h5")


def test_alexnet_keeps_its_groups_apart(tmp_path, rng):
    small, filters, seen = 1 / 16, (6, 16, 24, 24, 16), (3, 3, 16, 12, 12)
    layers = {f"conv{depth}": draw(rng, (count, inputs, size, size))
              for depth, (count, inputs, size) in enumerate(
                  zip(filters, seen, (11, 5, 3, 3, 3)), start=1)}
    done = importing.convert("alexnet", caffemodel(tmp_path / "a.caffemodel", layers, modern_layer),
                             tmp_path / "a.h5", width_multiplier=small)
    model = ks.build_model(
        "deepgaze1", backbone="alexnet", encoder_weights=done.path, width_multiplier=small)
    x = rng.standard_normal((1, 9, 8, 6)).astype(np.float32)
    kernel, bias = layers["conv2"]
    halves = [tf.nn.conv2d(x[..., low:low + 3], kernel[first:first + 8].transpose(2, 3, 1, 0), 1,
                           "SAME") for low, first in ((0, 0), (3, 8))]
    np.testing.assert_allclose(model.get_layer("alexnet_conv2")(x),
                               tf.concat(halves, -1) + bias, atol=1e-5)


def blob(shape, *data):
    return field(7, field(7, field(1, b"".join(varint(n) for n in shape))) + b"".join(data))


def test_double_numbers_and_numbers_in_several_parts_are_read(tmp_path):
    values = np.array([0.1, 0.2, 0.3])
    floats = [field(5, values[part].astype("<f4").tobytes()) for part in (slice(2), slice(2, 3))]
    path = tmp_path / "m.caffemodel"
    path.write_bytes(field(100, field(1, b"a\xff") + blob((3,), *floats)
                           + blob((1, 3), field(8, values.astype("<f8").tobytes()))))
    arrays = read_caffemodel(path)
    assert list(arrays) == ["a\ufffd/0", "a\ufffd/1"]
    np.testing.assert_array_equal(arrays["a\ufffd/0"], values.astype(np.float32))
    np.testing.assert_array_equal(arrays["a\ufffd/1"], [values])


@pytest.mark.parametrize("shape, numbers", [
    ((1 << 40, 1 << 40), 1), ((2 ** 63 - 1,) * 3, 4), ((3,), 4), ((0,), 0), ((), 0), ((1, 1), 0),
    ((2 ** 64 - 1, 2 ** 64 - 4), 4),  # -1 and -4
])
def test_a_shape_that_the_data_do_not_fill_is_refused(tmp_path, shape, numbers):
    data = field(5, np.zeros(numbers, "<f4").tobytes())
    path = tmp_path / "m.caffemodel"
    path.write_bytes(field(100, field(1, b"conv1") + blob(shape, data)))
    with pytest.raises(WeightsError, match=rf"m.caffemodel: conv1/0 has the shape .* {numbers} nu"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)


def test_a_file_cut_inside_a_field_is_one_error(tmp_path, rng):
    whole = caffemodel(tmp_path / "w.caffemodel", salnet_layers(rng), modern_layer).read_bytes()
    path = tmp_path / "cut.caffemodel"
    path.write_bytes(whole[:-1])
    with pytest.raises(WeightsError, match="cut.caffemodel is not a readable Caffe model .Decode.*"
                                           "cut short or damaged"):
        importing.convert("salnet_deep", path, tmp_path / "out.h5", **SMALL)
