"""A model handed to pysaliency."""
import sys

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import build_model, export, metrics, predict
from keras_saliency.datasets import popout
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.models import calibration


def test_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysaliency", None)
    with pytest.raises(ImportError, match=r"pip install .\.\[pysaliency\]"):
        export.to_pysaliency(None)


def test_maps_and_scores_are_ours():
    pysaliency = pytest.importorskip("pysaliency")
    model = build_model("ead", width_multiplier=0.05)
    theirs = export.to_pysaliency(model, canvas=(48, 64))
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (60, 90, 3), np.uint8)
    expected = predict(model, image, (48, 64))
    np.testing.assert_array_equal(theirs.saliency_map(image), expected)
    gray = image[..., 0]
    np.testing.assert_array_equal(theirs.saliency_map(gray),
                                  predict(model, np.repeat(gray[..., None], 3, -1), (48, 64)))
    x, y = rng.permutation(90)[:20], rng.integers(0, 60, 20)
    fixations = pysaliency.FixationTrains.from_fixation_trains(
        [x.astype(float)], [y.astype(float)], [np.arange(20.0)], [0], [0])
    counts = np.zeros((60, 90), int)
    counts[y, x] = 1
    stimuli = pysaliency.Stimuli([image])
    # pysaliency divides by N, the MIT benchmark by N - 1
    assert theirs.NSS(stimuli, fixations) == pytest.approx(metrics.nss(expected, counts), rel=1e-3)


@pytest.fixture(scope="module")
def calibrated():
    """(pysaliency, our model, theirs, dataset, their stimuli, their fixations)."""
    pysaliency = pytest.importorskip("pysaliency")
    model = calibration.add_calibration(build_model("ead", width_multiplier=0.05))
    rng = np.random.default_rng(1)
    calibration.write_parameters(model, calibration.Parameters(
        rng.uniform(0.5, 2, 10), 3.0, 0.6, 0.02, rng.normal(0, 1, (64, 64))))
    model = ks.facts(model, canvas=(48, 64))
    dataset = popout.load(count=10, size=(96, 150))
    images = [popout.render(index, (96, 150)).image for index in range(10)]
    fixations = dataset.fixations
    theirs = pysaliency.Fixations.create_without_history(
        fixations.x, fixations.y, fixations.image)
    return (pysaliency, model, export.to_pysaliency(model), dataset, pysaliency.Stimuli(images),
            theirs, [predict(model, image) for image in images])


def test_log_likelihoods_of_a_calibrated_model_are_ours(calibrated):
    pysaliency, model, theirs, dataset, stimuli, fixations, densities = calibrated
    assert isinstance(theirs, pysaliency.Model)
    own = np.concatenate([
        np.log(density[tuple(dataset.fixations.of(index).astype(int).T[::-1])])
        for index, density in enumerate(densities)])
    np.testing.assert_allclose(theirs.log_likelihoods(stimuli, fixations), own, atol=1e-4)
    means = [metrics.log_likelihood(np.log(density), dataset.fixations.fixation_map(index))
             for index, density in enumerate(densities)]
    found = theirs.log_likelihoods(stimuli, fixations)
    np.testing.assert_allclose([found[fixations.n == index].mean() for index in range(10)], means,
                               atol=1e-4)
    assert theirs.log_likelihood(stimuli, fixations) == pytest.approx(own.mean(), abs=1e-4)


def test_information_gain_of_a_calibrated_model_is_ours(calibrated):
    pysaliency, model, theirs, dataset, stimuli, fixations, densities = calibrated
    center = center_bias(dataset)

    class Center(pysaliency.Model):
        def _log_density(self, stimulus):
            return center.predict(np.shape(stimulus)[:2]).log_density

    gains = [metrics.information_gain_density(
        np.log(density), dataset.fixations.fixation_map(index),
        center.predict(density.shape).log_density) for index, density in enumerate(densities)]
    gained = theirs.information_gains(stimuli, fixations, Center())
    means = [gained[fixations.n == index].mean() for index in range(10)]
    np.testing.assert_allclose(means, gains, atol=1e-4)


def test_the_maps_that_pysaliency_makes_of_a_density_score_as_ours(calibrated):
    """Kuemmerer et al. 2018: for each metric the map that is best if the density is right."""
    pysaliency, model, theirs, dataset, stimuli, fixations, densities = calibrated
    maps = pysaliency.DensitySaliencyMapModel(theirs)
    for index in (0, 7):
        np.testing.assert_allclose(maps.saliency_map(stimuli[index]), densities[index], rtol=1e-4)
    image = stimuli[0]
    one = fixations[fixations.n == 0]
    counts = dataset.fixations.fixation_map(0)
    assert maps.NSS(stimuli, one) == pytest.approx(
        metrics.nss(densities[0], counts, repeats=True), rel=1e-3)
    logs = pysaliency.LogDensitySaliencyMapModel(theirs)
    np.testing.assert_allclose(logs.saliency_map(image), np.log(densities[0]), atol=1e-4)
