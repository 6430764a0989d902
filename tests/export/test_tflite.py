"""Half precision and TensorFlow Lite: as small as they should be, and close to the model."""
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export import tflite
from keras_saliency.files import InputError


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.15)
    built.canvas = (48, 64)
    return built


def test_half_precision_is_half_the_size_and_close(model, tmp_path):
    sizes = {}
    for half in (False, True):
        target = ks.export.save(model, tmp_path / str(half), float16=half)
        sizes[half] = sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
        loaded = tf.saved_model.load(str(target))
        image = np.random.default_rng(0).integers(0, 256, (1, 60, 80, 3), np.uint8)
        map_of = loaded.signatures["serving_default"](images=tf.constant(image))["saliency"]
        expected = ks.predict(model, image[0])
        expected = (expected - expected.min()) / np.ptp(expected)
        np.testing.assert_allclose(map_of[0, ..., 0], expected, atol=0.02 if half else 1e-4)
    weights = 4 * model.count_params()
    assert sizes[False] > weights and sizes[True] < 0.5 * weights + (sizes[False] - weights)


def test_a_weight_beyond_half_precision_is_named(model):
    other = ks.build_model("ead", width_multiplier=0.1)
    kernel, bias = other.get_layer("block4_conv2").get_weights()
    other.get_layer("block4_conv2").set_weights([kernel + 1e5, bias])
    with pytest.raises(InputError, match="beyond float16; export without --float16"):
        tflite.half_precision(other)


@pytest.mark.parametrize("quantize, tolerance", [("none", 1e-4), ("dynamic", 0.2)])
def test_tensorflow_lite(model, tmp_path, quantize, tolerance):
    path = tflite.save_tflite(model, tmp_path / "m.tflite", quantize)
    images = np.random.default_rng(1).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(tflite.run_tflite(path, images), model(images), atol=tolerance)
    share = path.stat().st_size / (4 * model.count_params())
    assert 0.9 < share < 1.2 if quantize == "none" else 0.2 < share < 0.4
    with pytest.raises(InputError, match="'int4'; choose none or dynamic"):
        tflite.save_tflite(model, tmp_path / "m.tflite", "int4")
