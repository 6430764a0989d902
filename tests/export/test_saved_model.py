"""The exported graph gives what the model in memory gives."""
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency import files, maps
from keras_saliency.files import InputError
from keras_saliency.models import calibration, facts_of
from keras_saliency.serving.export import export_all


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = ks.build_model("msi_net", width_multiplier=0.1)
    model = ks.facts(model, canvas=(48, 64))
    folder = tmp_path_factory.mktemp("export")
    target = ks.export.save(model, folder / "m")
    return model, target, tf.saved_model.load(str(target))


SIZES = [(60, 80), (80, 60), (33, 47), (48, 64), (64, 64), (5, 300), (37, 1000), (4000, 3000)]


@pytest.mark.parametrize("size", SIZES)
def test_serving_default_agrees_with_predict(exported, size):
    model, _, loaded = exported
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    output = loaded.signatures["serving_default"](images=tf.constant(image[None]))
    expected = ks.predict(model, image)
    assert expected.max() > expected.min()  # else nothing is compared
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    np.testing.assert_allclose(output["saliency"][0, ..., 0], expected, atol=1e-4)
    assert float(tf.reduce_sum(output["density"])) == pytest.approx(1, abs=1e-4)


def test_serve_bytes_agrees_with_predict(exported):
    model, _, loaded = exported
    rng = np.random.default_rng(2)
    images = [rng.integers(0, 256, (*size, 3), np.uint8) for size in SIZES]
    kinds = [(".png", ".bmp")[i % 2] for i in range(len(SIZES))]  # JPEG decoders may differ
    contents = [cv2.imencode(kind, image[..., ::-1])[1].tobytes()
                for kind, image in zip(kinds, images)]
    output = loaded.signatures["serve_bytes"](image_bytes=tf.constant(contents))
    np.testing.assert_array_equal(output["original_size"], SIZES)
    for row, image in enumerate(images):
        expected = ks.predict(model, image)
        expected = (expected - expected.min()) / (expected.max() - expected.min())
        picture = cv2.imdecode(np.frombuffer(output["saliency_png_bytes"][row].numpy(), np.uint8),
                               cv2.IMREAD_UNCHANGED)
        assert picture.dtype == np.uint8 and picture.shape == image.shape[:2]
        np.testing.assert_allclose(picture / 255, expected, atol=0.51 / 255)
        on_canvas = maps.to_canvas(expected[..., None], facts_of(model).canvas, 0)
        np.testing.assert_allclose(output["saliency"][row], on_canvas, atol=1e-4)


def test_a_model_of_stretched_pictures_is_served_so(tmp_path):
    model = ks.build_model("msi_net", width_multiplier=0.1)
    model = ks.facts(model, canvas=(48, 64), fit="stretch")
    loaded = tf.saved_model.load(str(ks.export.save(model, tmp_path / "m"))).signatures
    for size in ((80, 60), (60, 80), (33, 47), (90, 30)):
        image = np.random.default_rng(2).integers(0, 256, (*size, 3), np.uint8)
        expected = ks.predict(model, image)
        expected = (expected - expected.min()) / (expected.max() - expected.min())
        output = loaded["serving_default"](images=tf.constant(image[None]))
        np.testing.assert_allclose(output["saliency"][0, ..., 0], expected, atol=1e-4)
        png = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
        output = loaded["serve_bytes"](image_bytes=tf.constant([png]))
        np.testing.assert_allclose(output["saliency"][0], maps.to_canvas(
            expected[..., None], (48, 64), 0, "stretch"), atol=1e-4)


@pytest.mark.parametrize("fit", ["pad", pytest.param("stretch", marks=pytest.mark.one_stack)])
def test_the_density_of_a_calibrated_model_is_served(tmp_path, fit):
    model = calibration.add_calibration(ks.build_model("msi_net", width_multiplier=0.1))
    rng = np.random.default_rng(1)
    calibration.write_parameters(model, calibration.Parameters(
        rng.uniform(0.5, 2, 10), 3.0, 0.6, 0.02, rng.normal(0, 1, (64, 64))))
    model = ks.facts(model, canvas=(48, 64), fit=fit)
    loaded = tf.saved_model.load(str(ks.export.save(model, tmp_path / "m"))).signatures
    for size in ((80, 60), (60, 80), (33, 47), (90, 300)):
        images = np.random.default_rng(2).integers(0, 256, (2, *size, 3), np.uint8)
        output = loaded["serving_default"](images=tf.constant(images))
        for row, image in enumerate(images):
            expected = ks.predict(model, image)
            assert expected.sum() == pytest.approx(1, abs=1e-5)
            np.testing.assert_allclose(output["density"][row, ..., 0], expected, rtol=1e-3)
            np.testing.assert_allclose(output["log_density"][row, ..., 0], np.log(expected),
                                       atol=1e-3)
            np.testing.assert_allclose(
                output["saliency"][row, ..., 0],
                (expected - expected.min()) / np.ptp(expected), atol=1e-3)
        png = cv2.imencode(".png", images[0, ..., ::-1])[1].tobytes()
        served = loaded["serve_bytes"](image_bytes=tf.constant([png]))["saliency_png_bytes"]
        picture = cv2.imdecode(np.frombuffer(served[0].numpy(), np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(picture / 255, output["saliency"][0, ..., 0], atol=0.51 / 255)


def test_a_network_without_calibration_has_no_log_density(exported):
    output = exported[2].signatures["serving_default"](images=tf.zeros((1, 20, 20, 3), tf.uint8))
    assert set(output) == {"saliency", "density"}


def test_bad_bytes_are_named_by_their_places(exported):
    serve = exported[2].signatures["serve_bytes"]
    picture = np.random.default_rng(3).integers(0, 256, (50, 40, 3), np.uint8)
    jpeg, png = (cv2.imencode(kind, picture)[1].tobytes() for kind in (".jpg", ".png"))
    huge = png[:16] + (20_000).to_bytes(4, "big") * 2 + png[24:]
    for bad, problem in ((b"", "empty"), (b"GIF89a" + b"0" * 60, "not JPEG, PNG or BMP"),
                         (b"\xff\xd8\xff", "not JPEG, PNG or BMP"),
                         (huge, "larger than 40000000 pixels"),
                         (jpeg[:300], "damaged"), (png[:700], "damaged"), (png[:26], "damaged")):
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            serve(image_bytes=tf.constant([jpeg, bad, png, bad]))
        assert problem in str(error.value) and "[1 3]" in str(error.value), (problem, error.value)
    assert serve(image_bytes=tf.constant([jpeg, png]))["saliency"].shape == (2, 48, 64, 1)
    assert serve(image_bytes=tf.zeros([0], tf.string))["saliency"].shape[0] == 0


@pytest.mark.one_stack
def test_images_without_pixels_or_with_too_many_are_errors(exported, tmp_path):
    with pytest.raises(tf.errors.InvalidArgumentError, match="images have no pixels"):
        exported[2].signatures["serving_default"](images=tf.zeros((2, 0, 9, 3), tf.uint8))
    target = ks.export.save(exported[0], tmp_path / "m", version=7, limit=2000)
    assert target.name == "7"
    serve = tf.saved_model.load(str(target)).signatures["serving_default"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than 2000 pixels"):
        serve(images=tf.zeros((1, 50, 41, 3), tf.uint8))
    assert serve(images=tf.zeros((1, 50, 40, 3), tf.uint8))["saliency"].shape == (1, 50, 40, 1)


def test_serve_canvas_is_the_model(exported):
    model, _, loaded = exported
    image = np.random.default_rng(1).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    output = loaded.signatures["serve_canvas"](images=tf.constant(image))["saliency"]
    np.testing.assert_allclose(output, model(image, training=False), atol=1e-5)


def test_layout_is_that_of_tensorflow_serving_and_versions_are_kept(exported):
    model, target, _ = exported
    assert target.name == "1" and (target / "saved_model.pb").is_file()
    before = (target / "saved_model.pb").read_bytes()
    with pytest.raises(FileExistsError, match="choose another version"):
        ks.export.save(model, target.parent)
    assert (target / "saved_model.pb").read_bytes() == before
    assert [p.name for p in target.parent.iterdir()] == ["1"]


def test_constant_image_gives_a_finite_map(exported):
    loaded = exported[2]
    output = loaded.signatures["serving_default"](images=tf.zeros((1, 20, 20, 3), tf.uint8))
    flat = cv2.imencode(".png", np.full((9, 30, 3), 77, np.uint8))[1].tobytes()
    served = loaded.signatures["serve_bytes"](image_bytes=tf.constant([flat]))
    assert np.isfinite(served["saliency"]).all()
    assert np.isfinite(output["saliency"]).all() and np.isfinite(output["density"]).all()


@pytest.mark.one_stack
def test_everything_at_once(exported, tmp_path):
    model, lines = exported[0], []
    target = export_all(model, tmp_path / "models" / "small", 3, float16=True, lite=True,
                        quantize="dynamic", log=lines.append)
    assert target == tmp_path / "models" / "small" / "3"
    names = {p.name for p in (tmp_path / "models").iterdir()}
    assert names == {"small", "small_v3.tflite", "models.config", "batching_parameters.txt",
                     "monitoring.config", "docker-compose.yml"}
    assert "MB; largest difference" in lines[0] and "docker run" in lines[-1]
    with pytest.raises(FileExistsError, match="choose another version"):
        export_all(model, tmp_path / "models" / "small", 3, log=lines.append)


def test_weights_that_are_not_finite_are_named(tmp_path):
    model = ks.build_model("ead", width_multiplier=0.05)
    kernel, bias = model.get_layer("block4_conv2").get_weights()
    model.get_layer("block4_conv2").set_weights([kernel, bias * np.nan])
    with pytest.raises(InputError, match="block4_conv2/bias of ead is not finite; .*learning_rate"):
        ks.export.save(model, tmp_path / "m")
    assert not list(tmp_path.iterdir())


@pytest.mark.one_stack
def test_what_a_killed_export_left_is_removed(exported, tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mine = files.temporary_path(tmp_path / "1").name
    left = tmp_path / mine.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
    left.mkdir()
    (left / "saved_model.pb").write_bytes(b"half")
    ks.export.save(exported[0], tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["1"]
