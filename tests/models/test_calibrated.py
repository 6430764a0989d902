"""The layers of a calibration, and uses of calibrated networks."""
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.maps.facts import Facts
from keras_saliency.models import calibration, facts_of, weights_file
from keras_saliency.models.density_layers import FLOOR, SEGMENTS, mix_uniform, monotone_log
from keras_saliency.models.weights_file import WeightsError

SMALL = {"width_multiplier": 0.03}
FACTS = {"dataset": "mine", "stimuli": 50}


def parameters(**changed):
    rng = np.random.default_rng(1)
    return calibration.Parameters(rng.uniform(0, 3, SEGMENTS), 2.5, 0.7, 0.05,
                                  rng.normal(0, 1, (64, 64)))._replace(**changed)


def calibrated(name="ead", **changed):
    keras.utils.set_random_seed(2)
    model = calibration.add_calibration(ks.build_model(name, **SMALL))
    calibration.write_parameters(model, parameters(**changed))
    model = ks.facts(model, canvas=(48, 64))
    return model


def image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_the_nonlinearity_is_a_broken_line_through_its_knots():
    slopes = np.random.default_rng(0).uniform(0, 3, SEGMENTS)
    maps = np.random.default_rng(1).random((2, 5, 6)) ** 4
    knots = np.linspace(np.log(FLOOR), np.log(1 + FLOOR), SEGMENTS + 1)
    heights = knots[0] + np.concatenate([[0], np.cumsum(slopes * np.diff(knots))])
    np.testing.assert_allclose(monotone_log(maps, slopes), np.interp(
        np.log(maps + FLOOR), knots, heights), rtol=1e-9)


def test_a_share_is_uniform():
    logs = np.log(np.random.default_rng(0).dirichlet(np.full(12, 0.1), 2).reshape(2, 3, 4) + 1e-9)
    mixed = np.exp(mix_uniform(logs, np.log(0.25 / 0.75)))
    np.testing.assert_allclose(mixed, 0.75 * np.exp(logs) + 0.25 / 12, rtol=1e-6)


def test_nothing_fitted_is_the_map_over_its_sum():
    model = calibrated(slopes=np.ones(SEGMENTS), sigma=1e-3, center_weight=0, uniform_share=1e-9)
    inputs = image(48, 64)[np.newaxis].astype(np.float32)
    plain = keras.Model(model.inputs[0], model.get_layer("saliency").output)
    values = np.asarray(plain(inputs), np.float64)
    values = (values - values.min()) / np.ptp(values) + FLOOR
    np.testing.assert_allclose(model(inputs), values / values.sum(), rtol=2e-3)


def test_parameters_come_back():
    for found, expected in zip(calibration.read_parameters(calibrated()), parameters()):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_it_is_a_density_in_a_pictures_own_size():
    model = calibrated()
    assert facts_of(model).density and model.name == "calibrated_ead"
    inputs = image(48, 64)[np.newaxis].astype(np.float32)
    assert float(np.asarray(model(inputs)).sum()) == pytest.approx(1, abs=1e-5)
    for size in ((48, 64), (64, 48), (33, 90), (500, 300)):
        density = ks.predict(model, image(*size))
        assert density.shape == size and density.min() > 0
        assert density.sum(dtype=np.float64) == pytest.approx(1, abs=1e-5)


def test_the_last_step_of_some_authors_is_replaced():
    """SalNet's x128 + 127 and its clip would turn a density into a constant."""
    model = calibrated("salnet_deep")
    density = ks.predict(model, image(48, 64))
    inputs = image(48, 64)[np.newaxis].astype(np.float32)
    np.testing.assert_allclose(density, model(inputs)[0, ..., 0], rtol=1e-4)


def test_weights_file_keeps_the_calibration(tmp_path):
    model = calibrated()
    path = weights_file.save(model, tmp_path / "w.h5", {
        "model": "ead", "options": SMALL, "canvas": [48, 64], "calibration": FACTS})
    loaded = ks.load_pretrained(path)
    assert loaded.name == "calibrated_ead" and facts_of(loaded).about["calibration"] == FACTS
    np.testing.assert_array_equal(ks.predict(model, image(70, 50)),
                                  ks.predict(loaded, image(70, 50)))
    network = ks.build_model("ead", **SMALL)  # the file has the network's layers too
    weights_file.assign(network, weights_file.read(path), path)


@pytest.mark.parametrize("value", [7, "yes", [1], None, "null"])
def test_a_calibration_that_says_nothing_is_refused(tmp_path, value):
    path = weights_file.save(calibrated(), tmp_path / "w.h5", {
        "model": "ead", "options": SMALL, "calibration": value})
    with pytest.raises(WeightsError, match="w.h5: attribute 'calibration' is"):
        ks.load_pretrained(path)


def test_a_calibration_without_its_numbers_is_refused(tmp_path):
    path = weights_file.save(ks.build_model("ead", **SMALL), tmp_path / "w.h5", {
        "model": "ead", "options": SMALL, "calibration": FACTS})
    with pytest.raises(WeightsError, match="w.h5 has no layer 'calibrated_blur'"):
        ks.load_pretrained(path)


def test_keras_saves_it(tmp_path):
    model = calibrated()
    model.save(tmp_path / "model.keras")
    inputs = image(48, 64)[np.newaxis].astype(np.float32)
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(inputs),
                               model(inputs), rtol=1e-5)


def test_what_is_no_network_with_one_map_is_refused():
    with pytest.raises(InputError, match="itti is no Keras model of one picture in and one map"):
        calibration.add_calibration(ks.build_model("itti"))
    with pytest.raises(InputError, match="calibrated_ead has a calibration; give the network"):
        calibration.add_calibration(calibrated())
    network = ks.build_model("ead", **SMALL)
    both = keras.Model(network.inputs[0], [network.outputs[0], network.outputs[0]])
    with pytest.raises(InputError, match="is no Keras model of one picture in and one map"):
        calibration.add_calibration(both)


def test_a_name_alone_makes_no_density():
    """A network of the user's own that is called like a calibrated one."""
    image = keras.Input((48, 64, 3))
    other = keras.Model(image, keras.layers.Conv2D(1, 3, padding="same")(image),
                        name="calibrated_ead")
    found = facts_of(other)
    assert not found.density and found.finish == Facts("own").finish and found.canvas == (48, 64)
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    np.testing.assert_allclose(ks.predict(other, picture),
                               other(picture[None].astype(np.float32))[0, ..., 0], rtol=1e-5)
    again = calibration.add_calibration(other)  # it has no calibration yet
    assert facts_of(again).density and again.name == "calibrated_calibrated_ead"
    # a calibrated one is known by its layers where it carries no facts
    model = calibrated()
    bare = keras.Model(model.inputs[0], model.get_layer("calibrated_density").output,
                       name="calibrated_ead")
    assert facts_of(bare).density and facts_of(bare).finish == facts_of(model).finish
