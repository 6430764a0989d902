"""What is refused, with which words, and the written answers to degenerate inputs."""
import numpy as np
import pytest

from keras_saliency import metrics
from keras_saliency.metrics import METRICS

RNG = np.random.default_rng(0)
SHAPE = (20, 16)
SALIENCY = RNG.random(SHAPE)
DENSITY = SALIENCY ** 2
LOG_DENSITY = np.log(SALIENCY / SALIENCY.sum())
FIXATIONS = (SALIENCY > 0.95).astype(np.int32)
GOOD = {"fixation_map": FIXATIONS, "fixation_density_map": DENSITY, "mask": SALIENCY > 0.5,
        "other_map": (SALIENCY < 0.1).astype(np.uint8), "baseline_map": DENSITY,
        "baseline_log_density": LOG_DENSITY}
PREDICTIONS = {"saliency_map": SALIENCY, "log_density": LOG_DENSITY}
COUNTED = [n for n, m in METRICS.items() if m.references[0] == "fixation_map"]
AGAINST_DENSITY = [n for n, m in METRICS.items() if m.references[0] == "fixation_density_map"]


def score(name, prediction=None, **changed):
    metric = METRICS[name]
    prediction = PREDICTIONS[metric.prediction] if prediction is None else prediction
    return metric.function(prediction, *({**GOOD, **changed}[r] for r in metric.references))


@pytest.mark.parametrize("name", METRICS)
def test_registry(name):
    assert getattr(metrics, name) is METRICS[name].function
    assert isinstance(score(name), float) and np.isfinite(score(name))
    # the map that made the references scores better than the opposite, where that is a map
    if METRICS[name].prediction == "saliency_map" and name != "information_gain":
        worse = score(name, 1 - SALIENCY) < score(name)
        assert worse == METRICS[name].higher_is_better


@pytest.mark.parametrize("name", METRICS)
def test_bad_predictions(name):
    good = PREDICTIONS[METRICS[name].prediction]
    for bad, words in [
            (np.where(FIXATIONS, np.nan, good), "NaN"), (np.where(FIXATIONS, np.inf, good), "NaN"),
            (good[..., None], r"two-dimensional.*\[\.\.\., 0\]"), (good[0], "two-dimensional"),
            (good.astype(complex), "real numbers"), (np.zeros((0, 3)), "empty")]:
        with pytest.raises(ValueError, match=words):
            score(name, bad)


@pytest.mark.parametrize("name, reference",
                         [(n, r) for n, m in METRICS.items() for r in m.references])
def test_bad_references(name, reference):
    with pytest.raises(ValueError, match="shape"):
        score(name, **{reference: GOOD[reference][:-1]})
    with pytest.raises(ValueError, match="NaN|binary"):
        score(name, **{reference: np.where(FIXATIONS, np.nan, GOOD[reference])})


@pytest.mark.parametrize("name", COUNTED)
def test_density_in_place_of_fixations(name):
    for density in (DENSITY, (DENSITY * 255).astype(np.uint8)):
        with pytest.raises(ValueError, match="unblurred fixation_map"):
            score(name, fixation_map=density)
    with pytest.raises(ValueError, match="negative"):
        score(name, fixation_map=-FIXATIONS)
    # whole numbers in floats are counts
    assert score(name, fixation_map=FIXATIONS.astype(np.float32)) == score(name)
    assert score(name, fixation_map=FIXATIONS > 0) == score(name)


def test_union_of_many_images_may_hold_any_counts():
    union = RNG.poisson(30, SHAPE)
    assert np.isfinite(score("auc_shuffled", other_map=union))
    with pytest.raises(ValueError, match="other_map looks like a blurred density"):
        score("auc_shuffled", other_map=DENSITY)


@pytest.mark.parametrize("name", AGAINST_DENSITY)
def test_fixations_in_place_of_density(name):
    for fixation_map in (FIXATIONS, FIXATIONS.astype(np.float32), FIXATIONS > 0, FIXATIONS * 255):
        with pytest.raises(ValueError, match="Blur it first"):
            score(name, fixation_density_map=fixation_map)
    with pytest.raises(ValueError, match="negative"):
        score(name, fixation_density_map=DENSITY - 0.5)
    # an 8-bit picture of a density is one
    assert np.isfinite(score(name, fixation_density_map=(DENSITY * 255).astype(np.uint8)))


def test_other_bad_arguments():
    for arguments in (dict(step=0), dict(step=2), dict(splits=0)):
        with pytest.raises(ValueError, match="must be"):
            metrics.auc_borji(SALIENCY, FIXATIONS, **arguments)
        with pytest.raises(ValueError, match="must be"):
            metrics.auc_shuffled(SALIENCY, FIXATIONS, GOOD["other_map"], **arguments)
    with pytest.raises(ValueError, match="ties"):
        metrics.auc_judd(SALIENCY, FIXATIONS, ties="mean")
    with pytest.raises(ValueError, match="binary"):
        metrics.nmm(SALIENCY, SALIENCY)
    with pytest.raises(ValueError, match="logsumexp"):
        metrics.log_likelihood(LOG_DENSITY / np.log(2), FIXATIONS)


def test_any_real_dtype_and_layout():
    picture = (SALIENCY * 255).astype(np.uint8)
    for name in ("auc_judd", "nss", "kld", "sim"):
        expected = score(name, picture.astype(np.float64))
        for same in (picture, picture.astype(np.float16), picture.astype(">f4"),
                     np.asfortranarray(picture), picture.tolist()):
            assert score(name, same) == pytest.approx(expected, rel=1e-12)
    assert np.isfinite(score("auc_judd", SALIENCY > 0.5))


def test_inputs_stay_as_they_are():
    before = {k: v.copy() for k, v in {**GOOD, **PREDICTIONS}.items()}
    for name in METRICS:
        score(name)
    metrics.auc_judd(SALIENCY, FIXATIONS, jitter=True)
    for key, value in {**GOOD, **PREDICTIONS}.items():
        assert np.array_equal(value, before[key]), key


@pytest.mark.parametrize("value", [0, 0.3, -2, 255])
def test_constant_saliency_map(value):
    constant = np.full(SHAPE, value, np.float32)
    uniform = np.full(SHAPE, 1 / SALIENCY.size)
    p = DENSITY / DENSITY.sum()
    unit = (DENSITY - DENSITY.min()) / (DENSITY - DENSITY.min()).sum()
    for name in ("auc_judd", "auc_borji", "auc_shuffled"):
        assert score(name, constant) == 0.5
    for name in ("nss", "nmm", "cc"):
        assert score(name, constant) == 0
    # says nothing about place: the uniform distribution
    assert score("sim", constant) == pytest.approx(np.minimum(unit, uniform).sum())
    assert score("kld", constant) == pytest.approx((p * np.log(p / uniform)).sum())
    assert score("emd", constant) == pytest.approx(0, abs=1e-6)  # one reduced pixel
    assert score("information_gain", constant, baseline_map=constant) == 0


def test_constant_density():
    constant = np.full(SHAPE, 0.25)
    assert score("cc", fixation_density_map=constant) == 0
    assert score("sim", constant, fixation_density_map=constant) == pytest.approx(1)
    assert score("kld", constant, fixation_density_map=constant) == pytest.approx(0, abs=1e-12)


def test_no_fixation():
    nothing = np.zeros(SHAPE, np.int32)
    for name in COUNTED:
        assert np.isnan(score(name, fixation_map=nothing))
    for name in AGAINST_DENSITY:
        assert np.isnan(score(name, fixation_density_map=nothing))
    assert np.isnan(score("auc_shuffled", other_map=nothing))
    assert np.isnan(score("nmm", mask=nothing))
    assert np.isnan(score("nss", np.ones(SHAPE), fixation_map=nothing))


def test_every_pixel_fixated():
    everywhere = np.ones(SHAPE, np.int32)
    assert np.isnan(score("auc_judd", fixation_map=everywhere))  # no nonfixations
    assert score("auc_borji", fixation_map=everywhere) == pytest.approx(0.5, abs=0.01)
    assert score("nss", fixation_map=everywhere) == pytest.approx(0, abs=1e-12)


def test_maps_that_are_no_distribution():
    for name in ("kld", "emd"):
        with pytest.warns(RuntimeWarning, match="clip it at 0"):
            assert np.isnan(score(name, SALIENCY - 0.5))
    # the rounding of a convolution is no negative map
    nearly = SALIENCY.copy()
    nearly[0, 0] = -1e-17
    assert score("kld", nearly) == pytest.approx(
        score("kld", np.maximum(nearly, 0)), rel=1e-4)


def test_single_pixel():
    one = np.ones((1, 1))
    assert np.isnan(metrics.auc_judd(one, one)) and metrics.nss(one, one) == 0
    assert metrics.auc_borji(one, one) == 0.5 and metrics.cc(one, one) == 0
