"""DeepGaze I's fit: the density is the model's, the gradient is right, planted units are found."""
import csv

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.baselines import center_bias
from keras_saliency.config import LbfgsConfig
from keras_saliency.datasets.pipeline import decode_stimulus
from keras_saliency.report import run_report
from keras_saliency.training import density_fit, fit
from keras_saliency.training.density_fit import Parameters

CANVAS = (64, 96)  # of the planted stimuli


@pytest.fixture(scope="module")
def fitted(planted):
    """(model, center_bias, responses, likelihood) with random weights on the planted stimuli."""
    keras.utils.set_random_seed(3)
    model = ks.build_model("deepgaze1", width_multiplier=0.03, layer_subset=[
        "block1_conv1", "block2_relu1"])
    center = center_bias(planted)
    responses = density_fit.collect(model, planted, CANVAS)
    return model, center, responses, density_fit.Likelihood(
        responses, responses.deviations(), planted, CANVAS, center, cell=1)


def random_parameters(responses, alpha):
    units = sum(maps.shape[-1] for maps in responses.maps.values())
    return Parameters(np.random.default_rng(0).normal(0, 1, units), 0.5, alpha)


def test_responses_are_scaled_to_unit_deviation(fitted):
    _, _, responses, _ = fitted
    for layer, deviations in responses.deviations().items():
        maps = responses.maps[layer].astype(np.float64)
        np.testing.assert_allclose(deviations, np.where(
            maps.std(axis=(0, 1, 2)) > 1e-3, maps.std(axis=(0, 1, 2)), deviations), rtol=2e-3)


def test_the_density_that_is_fitted_is_the_models(fitted, planted):
    model, center, responses, likelihood = fitted
    parameters = random_parameters(responses, alpha=0.0)  # the fit leaves each stimulus out
    density_fit.write_parameters(model, parameters, responses.deviations(), center)
    for parameter, read in zip(parameters, density_fit.read_parameters(model)):
        np.testing.assert_allclose(parameter, read, rtol=1e-6)
    logs = np.concatenate([np.asarray(part) for part in likelihood._log_densities(parameters)])
    for index in (0, 5):
        expected = np.log(ks.predict(model, image_of(planted, index), CANVAS))
        np.testing.assert_allclose(logs[index], expected, atol=0.02)  # responses are in float16


def image_of(dataset, index):
    return decode_stimulus(dataset.stimuli[index]).numpy()


def test_the_gradient_is_the_slope(fitted, planted):
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    parameters = random_parameters(responses, alpha=0.7)
    vector = parameters.pack()
    _, gradient = likelihood.negative(counts, parameters)
    step = 1e-2
    for place in (0, 3, len(vector) - 2, len(vector) - 1):
        around = [likelihood.negative(counts, Parameters.unpack(
            vector + sign * step * np.eye(len(vector))[place]))[0] for sign in (1, -1)]
        slope = (around[0] - around[1]) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=0.02, abs=2e-3)


def test_sparsity_has_the_slope_it_says():
    weights = np.array([0.5, -2.0, 0.1])
    value, slope = density_fit.sparsity(weights)
    assert value == pytest.approx(2.6 / np.sqrt(0.25 + 4 + 0.01))
    for place in range(3):
        step = 1e-6 * np.eye(3)[place]
        numeric = (density_fit.sparsity(weights + step)[0]
                   - density_fit.sparsity(weights - step)[0]) / 2e-6
        assert slope[place] == pytest.approx(numeric, abs=1e-6)
    assert density_fit.sparsity(np.zeros(3))[0] == 0


def test_no_weights_and_full_prior_have_no_gain(fitted, planted):
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    assert sum(float(c.sum()) for c in counts) == len(planted.fixations)
    nothing = random_parameters(responses, 1.0)._replace(
        weights=np.zeros_like(random_parameters(responses, 1.0).weights))
    bits, fixations = likelihood.over_center_bias(counts, nothing)
    np.testing.assert_allclose(bits, 0, atol=1e-3)
    assert fixations.tolist() == [30] * len(planted)


def test_a_fit_gains_on_the_center_bias(fitted, planted):
    """People look at the red blob, and the first layer sees colors."""
    _, _, responses, likelihood = fitted
    counts = likelihood.counts(planted.fixations)
    start = random_parameters(responses, 1.0)
    values = []
    found, objective = density_fit.minimize(
        likelihood, planted.fixations, start, LbfgsConfig(), 60,
        lambda parameters, value: values.append(value))
    assert values == sorted(values, reverse=True) and objective == pytest.approx(values[-1])
    bits, fixations = likelihood.over_center_bias(counts, found)
    assert bits.sum() / fixations.sum() > 1.0


def config(tmp_path, *overrides):
    return configs.load(None, [
        f"output={tmp_path}", "name=dg", "model.name=deepgaze1",
        "model.options={width_multiplier: 0.03, layer_subset: [block1_conv1]}",
        "data.options={count: 14, size: [96, 128]}", "data.canvas=[96, 128]",
        "train.monitor=val_information_gain", "train.lbfgs={iterations: 4, "
        "leave_one_observer_out: true}", "evaluation.metrics=[nss, information_gain_density]",
        *overrides])


def test_a_run_writes_its_folder_and_resumes(tmp_path):
    run = fit.train(config(tmp_path), log=lambda line: None)
    assert [row["epoch"] for row in run.rows] == list(range(1, len(run.rows) + 1))
    lines = []
    run_report.write(run, log=lines.append)
    assert any("information gain over the center_bias" in line for line in lines)
    for name in ("history.csv", "units.csv", "patches.csv", "observers.csv", "units.png",
                 "curve.png", "samples.png", "best.h5", "last.h5", "scores.json"):
        assert (run.folder / name).is_file(), name
    weights = [float(row["weight"]) for row in csv.DictReader(open(run.folder / "units.csv"))]
    assert [abs(w) for w in weights] == sorted((abs(w) for w in weights), reverse=True)
    model = ks.load_pretrained(run.folder)
    assert np.asarray(model(np.zeros((1, 96, 128, 3), np.float32))).sum() == pytest.approx(1, 1e-4)
    longer = fit.train(config(tmp_path, "train.lbfgs.iterations=6"), resume=True,
                       log=lambda line: None)
    assert len(longer.rows) > len(run.rows)
    for before, after in zip(run.rows, longer.rows):
        assert after == pytest.approx(before)


@pytest.mark.parametrize("overrides, message", [
    (["model.name=ead", "model.options={}", "evaluation.metrics=[nss]"], "train.lbfgs fits deepgaze1, not ead"),
    (["train.lbfgs.iterations=0"], "train.lbfgs.iterations must be at least 1"),
    (["train.lbfgs.sparsity=-1"], "train.lbfgs.sparsity must not be negative"),
    (["train.monitor=val_nss"], "choose from loss, information_gain, val_information_gain"),
])
def test_wrong_settings_are_named_and_nothing_is_written(tmp_path, overrides, message):
    with pytest.raises(configs.ConfigError, match=message):
        fit.train(config(tmp_path, *overrides))
    assert not (tmp_path / "dg").exists()
