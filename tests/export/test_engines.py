"""Each engine stands in for the Keras model: the same maps, canvases, fits and errors."""
import functools
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export import accelerated
from keras_saliency.export.formats import FORMATS, Format, engines
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import facts_of

CANVASES = {"salnet_shallow": (96, 96), "opensalicon": (128, 192)}


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.05)
    built = ks.facts(built, canvas=(48, 64))
    return built


def format_of(engine):
    """(name, `Format`) that an engine runs."""
    return next((name, its) for name, its in FORMATS.items() if its.engine == engine)


def image_of(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def network(name):
    """A tiny network without weights at zero, which would hide much."""
    built = ks.build_model(name, width_multiplier=0.05)
    built = ks.facts(built, canvas=CANVASES.get(name, (64, 96)))
    for index, weights in enumerate(built.weights):
        noise = tf.random.stateless_normal(weights.shape, (index, 1), stddev=0.05)
        weights.assign(weights + noise)
    return built


@functools.lru_cache(maxsize=None)
def predicted(name):
    """(network, {size of a picture: its map}), for all engines."""
    built = network(name)
    return built, {size: ks.predict(built, image_of(size)) for size in ((90, 120), (130, 70))}


@pytest.mark.parametrize("name", ks.list_models(classical=False))
def test_every_network_gives_its_maps(engine, name):
    keras_model, maps = predicted(name)
    fast = ks.accelerate(keras_model, engine)
    for size, expected in maps.items():
        found = ks.predict(fast, image_of(size))
        assert found.shape == size and found.dtype == np.float32
        assert np.ptp(expected) > 0
        np.testing.assert_allclose(found, expected, atol=1e-3 * np.ptp(expected))


def test_batches_of_any_size_and_canvas(engine, model):
    fast = ks.accelerate(model, engine)
    for shape in ((1, 48, 64, 3), (3, 48, 64, 3), (2, 64, 48, 3), (1, 80, 40, 3), (3, 48, 64, 3)):
        images = np.random.default_rng(1).uniform(0, 255, shape).astype(np.float32)
        maps = fast.maps(tf.constant(images))
        assert maps.dtype == tf.float32 and maps.shape == (*shape[:3], 1)
        np.testing.assert_allclose(maps, model(images, training=False), atol=1e-4)


def test_the_last_step_and_the_fit_are_the_model_s(engine):
    ead = ks.build_model("ead", width_multiplier=0.05)
    ead = ks.facts(ead, canvas=(48, 64), fit="stretch")
    image = image_of((96, 64))
    expected = ks.predict(ead, image)
    fast = ks.accelerate(ead, engine)
    np.testing.assert_allclose(ks.predict(fast, image), expected, atol=1e-5)
    assert fast.facts == facts_of(ead)
    assert (fast.facts.canvas, fast.facts.fit) == ((48, 64), "stretch")


def test_weights_are_those_of_the_call(engine):
    ead = ks.build_model("ead", width_multiplier=0.05)
    ead = ks.facts(ead, canvas=(48, 64))
    before = ks.predict(ead, image_of((48, 64)))
    fast = ks.accelerate(ead, engine)
    ead.set_weights([w * 0 for w in ead.get_weights()])
    np.testing.assert_allclose(ks.predict(fast, image_of((48, 64))), before, atol=1e-5)


def test_a_canvas_that_does_not_fit_is_refused_as_of_the_model(engine, model):
    fast = ks.accelerate(model, engine)
    for canvas in ((50, 64), (0, 64), (10 ** 6, 64)):
        with pytest.raises(InputError) as expected:
            ks.predict(model, image_of((20, 30)), canvas)
        with pytest.raises(InputError) as found:
            ks.predict(fast, image_of((20, 30)), canvas)
        assert str(found.value) == str(expected.value)


def test_threads_share_an_engine(engine, model):
    fast = ks.accelerate(model, engine)
    images = [image_of((30 + 10 * i, 60), seed=i) for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: ks.predict(fast, image), images))
    for image, saliency_map in zip(images, found):
        np.testing.assert_allclose(saliency_map, ks.predict(model, image), atol=1e-4)


def test_memory_stays_flat(engine):
    def used():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2 ** 20

    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    linear = ks.build_model("vgg_linear", width_multiplier=0.02)
    fast = ks.accelerate(linear, engine)
    images = [np.zeros((1, *size, 3), np.float32) for size in ((120, 160), (160, 120))]
    for _ in range(25):
        fast.maps(images[0]), fast.maps(images[1])
    before = used()
    for _ in range(250):
        fast.maps(images[0]), fast.maps(images[1])
    assert used() - before < 15  # MB; the 500 maps alone would be 38


def test_an_engine_that_is_not_there_is_named():
    model = ks.build_model("ead", width_multiplier=0.02)
    with pytest.raises(InputError, match="no engine 'tensorrt'; choose from auto, openvino"):
        ks.accelerate(model, "tensorrt")
    with pytest.raises(InputError, match="no precision 'int4'; choose from float32, bfloat16"):
        ks.accelerate(model, precision="int4")
    with pytest.raises(InputError, match="onnxruntime has no precision 'bfloat16'; choose from "
                                         "float32, auto"):
        ks.accelerate(model, "onnxruntime", "bfloat16")
    with pytest.raises(InputError, match="gbvs is no network"):
        ks.accelerate(ks.build_model("gbvs"))


@pytest.mark.parametrize("engine, extra", [("openvino", "fast"), ("onnxruntime", "onnx"),
                                           ("litert", "litert")])
def test_a_missing_package_comes_with_the_command(monkeypatch, engine, extra):
    monkeypatch.setitem(sys.modules, engines()[engine].packages[0], None)
    with pytest.raises(MissingPackage, match=rf'pip install "\.\[{extra}\]"'):
        ks.accelerate(ks.build_model("ead", width_multiplier=0.02), engine)


@pytest.mark.parametrize("module", ["openvino", "nncf"])
def test_openvino_does_not_report_that_it_is_used(tmp_path, module):
    pytest.importorskip(module)
    code = ("import sys\nfrom keras_saliency.prediction.runtimes import import_openvino\n"
            f"import_openvino({module!r})\nassert {module!r} in sys.modules\n"
            "assert 'openvino_telemetry' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True,
                   env={**os.environ, "HOME": str(tmp_path), "CI": ""})
    assert not (tmp_path / "intel").exists()  # where it would keep a number for this user


def test_auto_takes_the_first_that_is_installed(monkeypatch):
    model = ks.build_model("ead", width_multiplier=0.02)
    monkeypatch.setitem(FORMATS, "onnx", replace(
        FORMATS["onnx"], run=lambda m, p: m, packages=("numpy",)))
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert ks.accelerate(model).engine == "onnxruntime"
    assert ks.accelerate(model, precision="bfloat16").engine == "tensorflow"
    for native, best in ((True, "tensorflow"), (False, "onnxruntime")):
        monkeypatch.setattr(accelerated, "native_bfloat16", lambda native=native: native)
        assert ks.accelerate(model, precision="auto").engine == best
    monkeypatch.setitem(FORMATS, "onnx", replace(
        FORMATS["onnx"], packages=("never_installed",)))
    assert ks.accelerate(model).engine == "tensorflow"
    monkeypatch.setitem(FORMATS, "openvino", Format(engine="openvino", run=lambda m, p: m))
    assert ks.accelerate(model).engine == "openvino"
    assert str(ks.accelerate(model)) == "ead on openvino in float32"


def test_weights_that_are_not_finite_are_named(engine):
    ead = ks.build_model("ead", width_multiplier=0.02)
    kernel, bias = ead.get_layer("block4_conv2").get_weights()
    ead.get_layer("block4_conv2").set_weights([kernel, bias * np.nan])
    with pytest.raises(InputError, match="block4_conv2/bias of ead is not finite"):
        ks.accelerate(ead, engine)


class Python(keras.layers.Layer):
    """An operation that no other engine has."""

    def call(self, inputs):
        values = tf.numpy_function(lambda x: x, [inputs[..., :1]], tf.float32)
        return tf.ensure_shape(values, [None, 16, 16, 1])

    def compute_output_shape(self, input_shape):
        return (*input_shape[:3], 1)


@pytest.mark.parametrize("engine, says", [("openvino", "OpenVINO .* cannot convert foreign"),
                                          ("onnxruntime", "PyFunc"),
                                          ("litert", "cannot convert foreign to TensorFlow Lite")])
def test_what_an_engine_cannot_run_is_said(engine, says):
    for package in engines()[engine].packages:
        pytest.importorskip(package)
    image = keras.Input((16, 16, 3))
    with pytest.raises(InputError, match=says):
        ks.accelerate(keras.Model(image, Python()(image), name="foreign"), engine)


@pytest.mark.parametrize("engine", ["openvino", "tensorflow"])
def test_bfloat16_where_the_processor_has_it(monkeypatch, engine, model):
    name, spec = format_of(engine)
    for package in spec.packages:
        pytest.importorskip(package)
    image, said = image_of((48, 64)), []
    expected = ks.predict(model, image)

    def prediction(precision, native):
        monkeypatch.setitem(FORMATS, name, replace(spec, native_bfloat16=lambda: native))
        fast = ks.accelerate(model, engine, precision, log=said.append)
        assert fast.precision == ("bfloat16" if native else "float32")
        return ks.predict(fast, image)

    np.testing.assert_allclose(prediction("bfloat16", False), expected, atol=1e-4)
    assert "no bfloat16" in said.pop()
    np.testing.assert_allclose(prediction("auto", False), expected, atol=1e-4)
    if spec.native_bfloat16():
        for found in (prediction("bfloat16", True), prediction("auto", True)):
            assert np.abs(found - expected).max() > 1e-4  # it is not float32
            assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.99
    assert not said


def test_float32_is_not_quietly_bfloat16(model):
    """OpenVINO would take bfloat16 by itself on processors that have it."""
    pytest.importorskip("openvino")
    images = np.random.default_rng(0).uniform(0, 255, (1, 48, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(ks.accelerate(model, "openvino").maps(images), model(images),
                               atol=1e-4)
