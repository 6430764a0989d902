"""A network registered in one file and one line, with a finish of its own, goes through every
door: predict, evaluate, calibrate, units and all formats."""
import importlib
import json

import cv2
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.export import web_page
from keras_saliency.export.formats import FORMATS
from keras_saliency.maps import arrays
from keras_saliency.maps.finish import Finish
from keras_saliency.models import MODELS, ModelSpec, facts_of
from keras_saliency.prediction.predictor import Predictor

CANVAS = (48, 64)
SIZES = ((60, 90), (90, 60), (48, 64))
PATHS = {"openvino": "m", "onnx": "m.onnx", "tflite": "m.tflite", "saved_model": "m",
         "keras": "m.keras"}


def toy_network(input_shape=(None, None, 3), units=3):
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Conv2D(units, 3, padding="same", activation="relu", name="toy_conv",
                            kernel_initializer=keras.initializers.RandomNormal(
                                stddev=0.01, seed=3))(image)
    saliency = keras.layers.Conv2D(1, 1, name="saliency", kernel_initializer="ones")(x)
    return keras.Model(image, saliency, name="toy")


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setitem(MODELS, "toy", ModelSpec(
        toy_network, "Toy (2026)", canvas=CANVAS, finish=Finish(
            scale=0.5, shift=0.25, clip=(0.0, 4.0), blur=(0.2, 0.6, 0.2), lower=0.5)))
    return ks.build_model("toy")


def image_of(size):
    noise = np.random.default_rng(sum(size)).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("name", PATHS)
def test_every_format_gives_its_maps(model, name, tmp_path):
    its = FORMATS[name]
    for package in its.packages:
        pytest.importorskip(package)
    options = {} if name in ("saved_model", "keras") else {"dynamic_canvas": True}
    path = its.save(model, tmp_path / PATHS[name], **options)
    loaded = its.load(path)
    assert isinstance(loaded, Predictor)
    for size in SIZES:
        expected = ks.predict(model, image_of(size))
        assert np.ptp(expected) > 0.05 and expected.min() >= 0.5
        if name == "saved_model":  # its `saliency` is min-max'ed
            expected = (expected - expected.min()) / np.ptp(expected)
        for found in (ks.predict(loaded, image_of(size)), ks.predict(str(path), image_of(size))):
            np.testing.assert_allclose(found, expected, atol=2e-3 * np.ptp(expected))


def test_the_web_page_gives_its_maps(model):
    sizes = web_page.canvases(model)
    contents = web_page.convert(model, web_page.signatures(sizes), "float16")
    converted = web_page.Converted(contents, model)
    assert isinstance(converted, Predictor)
    for size in SIZES:
        np.testing.assert_allclose(ks.predict(converted, image_of(size)),
                                   ks.predict(model, image_of(size)), atol=0.02)
    said = json.loads(importlib.import_module(
        "keras_saliency.export.frozen").describe(model))
    finish = Finish.from_dict(said["finish"])  # what finish.js is given
    canvas_map = np.random.default_rng(0).uniform(-2, 9, (*CANVAS, 1)).astype(np.float32)
    assert finish == facts_of(model).finish
    assert arrays.finished(canvas_map, (60, 90), "pad", finish).max() <= 4


def test_it_is_evaluated_by_name_of_its_file(model, tmp_path, capsys):
    path = ks.save(model, tmp_path / "toy.h5")
    config = configs.load(None, ["data.options={count: 4, size: [96, 128]}",
                                 "evaluation.metrics=[nss]"])
    assert score(config, of_predictor(ks.predictor(path)), "all") == 0
    assert "scoring toy on the stimuli" in capsys.readouterr().out


def test_a_network_of_ones_own_is_calibrated_and_kept(planted, color_model, tmp_path):
    own = ks.facts(color_model, canvas=(64, 96))
    calibrated = ks.calibrate(own, planted, log=lambda text: None)
    assert facts_of(calibrated).density and facts_of(calibrated).canvas == (64, 96)
    loaded = ks.load_pretrained(ks.save(calibrated, tmp_path / "mine.keras"))
    image = image_of((64, 96))
    density = ks.predict(loaded, image)
    assert density.sum() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(density, ks.predict(calibrated, image))
    scores = ks.units.score_dataset(own, ["colors"], planted)["colors"]
    assert scores.moments.mean.argmax() == 0  # red, where people look


def test_what_predicts_nothing_is_refused():
    for thing in (3, None, np.zeros((4, 4)), object()):
        with pytest.raises(ks.files.InputError, match="is nothing that predicts"):
            ks.predictor(thing)
