"""Against the line-by-line transcription, on many kinds of random maps."""
import numpy as np
import pytest
import transcription as slow

from keras_saliency import metrics
from keras_saliency.metrics.auc_metrics import area, count_reaching, histogram_of_steps

# 23x17 is counted directly, 150x130 is put into bins (auc_metrics._DIRECT_BELOW)
SHAPES = [(23, 17), (150, 130)]


def _noise(rng, shape):
    return rng.random(shape)


def _heavy_tail(rng, shape):
    return np.exp(4 * rng.standard_normal(shape))


def _levels(rng, shape):
    return rng.integers(0, 8, shape) / 7  # 1/7 ... 6/7 lie on no threshold


def _mostly_zero(rng, shape):
    return np.maximum(rng.random(shape) - 0.9, 0)


def _negative(rng, shape):
    return -5 - rng.random(shape) ** 2


def _saturated(rng, shape):
    return 1 / (1 + np.exp(-4 * rng.standard_normal(shape)))


def _ramp(rng, shape):
    return np.add.outer(np.arange(shape[0]) ** 1.5, np.arange(shape[1])) + 1


KINDS = [_noise, _heavy_tail, _levels, _mostly_zero, _negative, _saturated, _ramp]


@pytest.fixture(params=SHAPES, ids=str)
def shape(request):
    return request.param


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__[1:])
def saliency_map(request, shape):
    return request.param(np.random.default_rng(7), shape)


def fixations(shape, count, seed=0):
    flat = np.zeros(shape[0] * shape[1], np.int64)
    flat[np.random.default_rng(seed).choice(flat.size, count, replace=False)] = 1
    return flat.reshape(shape)


def counts_of(shape):
    size = shape[0] * shape[1]
    return [1, 2, 40, size // 2, size - 1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_auc_judd(saliency_map, shape, dtype):
    saliency_map = saliency_map.astype(dtype)
    # the oracle takes a pass over all pixels per fixation
    for seed, count in enumerate(counts_of(shape) if saliency_map.size < 1000 else [1, 2, 150]):
        fixation_map = fixations(shape, count, seed)
        assert metrics.auc_judd(saliency_map, fixation_map) == pytest.approx(
            slow.auc_judd(saliency_map, fixation_map), abs=1e-9)
        assert metrics.auc_judd(saliency_map, fixation_map, ties="half") == pytest.approx(
            slow.auc_half(saliency_map, fixation_map), abs=1e-12)


def test_auc_borji(saliency_map, shape):
    """The same draws in both: one histogram of all splits against a sweep per split."""
    fixation_map = fixations(shape, 30)
    splits = 10 if saliency_map.size < 1000 else 100
    drawn = np.random.default_rng(5).integers(0, saliency_map.size, splits * 30)
    expected = slow.auc_borji(saliency_map, fixation_map, drawn.reshape(splits, 30))
    assert metrics.auc_borji(saliency_map, fixation_map, splits=splits, seed=5) == pytest.approx(
        expected, abs=1e-12)


@pytest.mark.parametrize("step", [0.05, 0.1, 0.3, 1])
def test_auc_borji_with_more_draws_than_pixels(saliency_map, shape, step):
    fixation_map = fixations(shape, 150)
    everywhere = np.arange(saliency_map.size)[None]
    expected = slow.auc_borji(saliency_map, fixation_map, everywhere, step)
    score = metrics.auc_borji(saliency_map, fixation_map, splits=5000, step=step)
    assert score == pytest.approx(expected, abs=0.002)


def test_auc_shuffled(saliency_map, shape):
    fixation_map, other_map = fixations(shape, 30, 1), fixations(shape, 70, 2)
    expected = slow.auc_shuffled(saliency_map, fixation_map, other_map, splits=500)
    score = metrics.auc_shuffled(saliency_map, fixation_map, other_map, splits=5000)
    assert score == pytest.approx(expected, abs=0.008)
    # fewer others than fixations: all are taken, nothing is random
    assert metrics.auc_shuffled(saliency_map, other_map, fixation_map) == pytest.approx(
        slow.auc_shuffled(saliency_map, other_map, fixation_map, splits=2), abs=1e-12)


def test_shuffled_scatters_like_permutations():
    """Drawing the histogram has the spread of drawing pixels, not only its mean."""
    saliency_map = _noise(np.random.default_rng(0), (23, 17))
    fixation_map, other_map = fixations((23, 17), 30, 1), fixations((23, 17), 50, 2)
    ours, theirs = ([function(saliency_map, fixation_map, other_map, splits=1, seed=seed)
                     for seed in range(400)]
                    for function in (metrics.auc_shuffled, slow.auc_shuffled))
    assert np.mean(ours) == pytest.approx(np.mean(theirs), abs=0.006)
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.15)


def test_area_of_pooled_splits_is_the_mean_area():
    rng = np.random.default_rng(0)
    values = slow.minmax(rng.random(500))
    fixated, drawn = values[:20], values[rng.integers(0, 500, (9, 20))]
    expected = np.mean([slow.auc_sweep(fixated, split, 0.1) for split in drawn])
    histograms = [histogram_of_steps(v, 0, 1, 0.1) for v in (fixated, drawn.ravel())]
    assert area(*histograms) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", ["nss", "information_gain", "cc", "sim", "kld"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_deterministic(name, saliency_map, shape, dtype):
    rng = np.random.default_rng(3)
    saliency_map = saliency_map.astype(dtype)
    given = {"fixation_map": fixations(shape, 25), "baseline_map": rng.random(shape) ** 2,
             "fixation_density_map": np.maximum(rng.random(shape) - 0.3, 0).astype(dtype)}
    references = [given[r] for r in metrics.METRICS[name].references]
    assert metrics.METRICS[name].function(saliency_map, *references) == pytest.approx(
        getattr(slow, name)(saliency_map, *references), rel=1e-9)


def test_emd():
    rng = np.random.default_rng(0)
    a, b = rng.random((3, 5)), rng.random((3, 5)) ** 3
    score = metrics.emd(*(np.kron(m, np.ones((32, 32))) for m in (a, b)))
    assert score == pytest.approx(slow.emd(a, b), rel=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor, offset", [
    (1, 0), (1e-30, 0), (1e30, 0), (1e-42, 0), (3e38, -2e38), (1, 1e7), (1e-6, 1)])
def test_count_reaching_at_any_scale(dtype, factor, offset):
    rng = np.random.default_rng(0)
    drawn = (np.concatenate([rng.random(30000), rng.integers(0, 3, 5000), rng.random(5000) ** 9])
             * factor + offset)
    values = np.clip(drawn, -3.4e38, 3.4e38).astype(dtype)
    thresholds = np.sort(rng.choice(values, 60))
    assert np.array_equal(count_reaching(values, thresholds),
                          [(values >= t).sum() for t in thresholds])
    assert np.array_equal(count_reaching(values, thresholds, strict=True),
                          [(values > t).sum() for t in thresholds])
