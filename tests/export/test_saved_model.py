"""The exported graph gives what the model in memory gives."""
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = ks.build_model("msi_net", width_multiplier=0.1)
    model.canvas = (48, 64)
    folder = tmp_path_factory.mktemp("export")
    target = ks.export.save(model, folder / "m")
    return model, target, tf.saved_model.load(str(target))


@pytest.mark.parametrize("size", [(60, 80), (33, 47), (48, 64), (5, 300)])
def test_serving_default_agrees_with_predict(exported, size):
    model, _, loaded = exported
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    output = loaded.signatures["serving_default"](images=tf.constant(image[None]))
    expected = ks.predict(model, image, canvas=model.canvas)
    assert expected.max() > expected.min()  # else nothing is compared
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    np.testing.assert_allclose(output["saliency"][0, ..., 0], expected, atol=1e-4)
    assert float(tf.reduce_sum(output["density"])) == pytest.approx(1, abs=1e-4)


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
    assert np.isfinite(output["saliency"]).all() and np.isfinite(output["density"]).all()
