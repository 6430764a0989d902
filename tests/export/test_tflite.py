"""Half precision and TensorFlow Lite: as small as they should be, and close to the model."""
import warnings

import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export import tflite
from keras_saliency.files import InputError


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.15)
    built = ks.facts(built, canvas=(48, 64))
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
    with pytest.raises(InputError, match="beyond float16; export it in float32"):
        tflite.half_precision(other)


@pytest.fixture(params=["ai_edge_litert", "tensorflow"])
def interpreter(request, monkeypatch):
    """LiteRT's interpreter, and TensorFlow's as if LiteRT's was not there."""
    if request.param == "tensorflow":
        monkeypatch.setattr(tflite, "find_spec", lambda name: None)
    else:
        pytest.importorskip(request.param)


@pytest.mark.parametrize("quantize, tolerance", [("none", 1e-4), ("dynamic", 0.2)])
def test_close_to_the_model_and_small(model, tmp_path, quantize, tolerance, interpreter):
    path = tflite.save_tflite(model, tmp_path / "m.tflite", quantize)
    images = np.random.default_rng(1).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that tf.lite is leaving
        found = tflite.run_tflite(path, images)
    np.testing.assert_allclose(found, model(images), atol=tolerance)
    share = path.stat().st_size / (4 * model.count_params())
    assert 0.9 < share < 1.2 if quantize == "none" else 0.2 < share < 0.4
    with pytest.raises(InputError, match="'int4'; choose none or dynamic"):
        tflite.save_tflite(model, tmp_path / "m.tflite", "int4")


def test_another_size_is_one_error(model, tmp_path, interpreter):
    path = tflite.save_tflite(model, tmp_path / "m.tflite")
    with pytest.raises(InputError, match=r"m.tflite: cannot run images of \[1, 50, 64, 3\]"):
        tflite.run_tflite(path, np.zeros((1, 50, 64, 3), np.float32))


def test_a_damaged_file_is_one_error(model, tmp_path):
    pytest.importorskip("ai_edge_litert")  # the interpreter of TensorFlow 2.15 would crash
    path = tflite.save_tflite(model, tmp_path / "m.tflite")
    contents = path.read_bytes()
    for damaged in (b"", b"no model", contents[:1000], contents[:-5000], bytes(len(contents))):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="m.tflite: LiteRT cannot open it"):
            tflite.run_tflite(path, np.zeros((1, 48, 64, 3), np.float32))


def test_what_cannot_be_exported_is_said_before(model, tmp_path):
    ead = ks.build_model("ead", width_multiplier=0.02)
    ead = ks.facts(ead, canvas=(50, 64))
    with pytest.raises(InputError, match="its strides must divide the canvas"):
        tflite.save_tflite(ead, tmp_path / "m.tflite")
    kernel, bias = ead.get_layer("block4_conv2").get_weights()
    ead.get_layer("block4_conv2").set_weights([kernel, bias * np.nan])
    with pytest.raises(InputError, match="block4_conv2/bias of ead is not finite"):
        tflite.save_tflite(ead, tmp_path / "m.tflite")
    assert not any(tmp_path.iterdir())
