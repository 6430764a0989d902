"""One pass, any split of it and numpy on the whole table give the same averages."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_saliency import metrics
from keras_saliency.metrics.streaming import Moments, StreamingScores

EXACT = dict(rel=1e-12, abs=1e-12, nan_ok=True)
NAMES = ["nss", "auc_judd", "cc", "auc_borji", "log_likelihood"]


def image(seed):
    """(map, references, log_density) of a size of its own; every fifth has no fixation."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(10, 30, 2))
    counts = rng.integers(0, 2, shape) * (seed % 5 > 0)
    density = rng.random(shape)
    return rng.random(shape), {"fixation_map": counts, "fixation_density_map": density}, np.log(
        density / density.sum())


def update(scores, seed):
    saliency_map, references, log_density = image(seed)
    return scores.update(saliency_map, references, log_density, seed=seed)


@pytest.fixture(scope="module")
def one_pass():
    scores = StreamingScores(NAMES)
    return scores, [update(scores, seed) for seed in range(20)]


def assert_same(result, expected):
    assert list(result) == list(expected)
    for name in expected:
        assert tuple(result[name]) == pytest.approx(tuple(expected[name]), **EXACT), name


def test_scores_are_the_metrics_own(one_pass):
    for seed, row in enumerate(one_pass[1]):
        saliency_map, references, log_density = image(seed)
        fixation_map = references["fixation_map"]
        expected = [metrics.nss(saliency_map, fixation_map),
                    metrics.auc_judd(saliency_map, fixation_map),
                    metrics.cc(saliency_map, references["fixation_density_map"]),
                    metrics.auc_borji(saliency_map, fixation_map, seed=seed),
                    metrics.log_likelihood(log_density, fixation_map)]
        np.testing.assert_array_equal(list(row.values()), expected)


def test_averages_equal_numpy(one_pass):
    scores, rows = one_pass
    for name, summary in scores.result().items():
        values = np.array([row[name] for row in rows])
        scored = values[~np.isnan(values)]
        assert summary.images == len(scored) == (20 if name == "cc" else 16)
        assert summary.skipped == 20 - len(scored)
        assert summary.mean == pytest.approx(scored.mean(), **EXACT)
        assert summary.variance == pytest.approx(scored.var(ddof=1), **EXACT)
        assert summary.standard_error == pytest.approx(
            scored.std(ddof=1) / np.sqrt(len(scored)), **EXACT)


@pytest.mark.parametrize("borders", [[0], [1], [7, 12], [5, 5, 6], range(20)], ids=str)
def test_merged_parts_equal_one_pass(one_pass, borders):
    total = StreamingScores(NAMES)
    for seeds in np.split(np.arange(20), list(borders)):
        part = StreamingScores(NAMES)
        for seed in seeds:
            update(part, seed)
        assert total.merge(part) is total
    assert_same(total.result(), one_pass[0].result())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(hnp.arrays(np.float64, (9, 3), elements=st.one_of(
    st.floats(-1e3, 1e3), st.just(float("nan")))), st.integers(0, 9), st.integers(0, 9))
def test_moments_merge(scores, first, second):
    first, second = sorted((first, second))
    a, b, c = (Moments.of(part) for part in np.split(scores, [first, second]))
    whole = Moments.of(scores)
    # of squares up to 1e6, float64 leaves 1e-9
    for merged in (a.merge(b).merge(c), a.merge(b.merge(c)), c.merge(a).merge(b)):
        for ours, expected in zip(merged, whole):
            np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-9)


def test_a_large_mean_leaves_the_variance_its_digits():
    """The sum of squares minus the squared mean, instead, is off by 100 % here."""
    rng = np.random.default_rng(0)
    scores = 1e9 + rng.standard_normal((1000, 1))
    moments = Moments.empty(1)
    for row in scores:
        moments = moments.merge(Moments.of(row[None]))
    assert moments.squares[0] / 999 == pytest.approx(scores.var(ddof=1), rel=1e-6)


def test_nothing_seen_and_a_single_image():
    scores = StreamingScores(["nss"])
    assert np.isnan(scores.result()["nss"][:3]).all() and scores.result()["nss"][3:] == (0, 0)
    scores.update(np.eye(3), {"fixation_map": np.zeros((3, 3), int)})
    assert np.isnan(scores.result()["nss"].mean) and scores.result()["nss"].skipped == 1
    score = scores.update(np.eye(3), {"fixation_map": np.eye(3, dtype=int)})["nss"]
    assert scores.result()["nss"].mean == score
    assert np.isnan(scores.result()["nss"].variance)


def test_options_reach_the_metric():
    saliency_map, references, _ = image(1)
    scores = StreamingScores({"auc_borji": {"splits": 3, "seed": 9}, "nss": {"repeats": True}})
    row = scores.update(saliency_map, references, seed=4)
    assert row["auc_borji"] == metrics.auc_borji(
        saliency_map, references["fixation_map"], splits=3, seed=9)


def test_refused_input_adds_nothing():
    scores = StreamingScores(["cc", "nss"])
    saliency_map, references, _ = image(1)
    with pytest.raises(ValueError, match="nss needs fixation_map"):
        scores.update(saliency_map, {"fixation_density_map": references["fixation_density_map"]})
    with pytest.raises(ValueError, match="log_likelihood needs log_density"):
        StreamingScores(["log_likelihood"]).update(saliency_map, references)
    with pytest.raises(ValueError, match="shape"):
        scores.update(saliency_map[1:], references)
    assert scores.result()["cc"].images == 0


@pytest.mark.parametrize("names, message", [
    ([], "given"), (["auc"], "no metric 'auc'.*auc_judd"), (["cc", "cc"], "twice")])
def test_bad_names(names, message):
    with pytest.raises(ValueError, match=message):
        StreamingScores(names)


def test_other_metrics_do_not_merge():
    with pytest.raises(ValueError, match="cannot merge"):
        StreamingScores(["nss"]).merge(StreamingScores({"nss": {"repeats": True}}))
