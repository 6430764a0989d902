"""Against one observer at a time by the definition, and against the metrics on whole maps."""
import tracemalloc

import numpy as np
import pytest
from scipy.special import logsumexp

from keras_saliency import metrics
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.fixations import Fixations, density_map, fixation_map
from keras_saliency.datasets.loading import split
from keras_saliency.datasets.osie import load
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.densities import best_bandwidth
from keras_saliency.evaluation.gold_standard import (
    GoldStandard,
    _mixture,
    fit_gold_standard,
    information_gain_explained,
)


@pytest.fixture
def center(dataset):
    return center_bias(dataset, bandwidth=0.2)


def split_by_observer(dataset, index):
    """[(the others' points, one's own)]."""
    points, rows = dataset.fixations.of(index), dataset.fixations.rows(index)
    observers = dataset.fixations.observer[rows]
    return [(points[observers != k], points[observers == k]) for k in sorted(set(observers))]


@pytest.mark.parametrize("sigma", [1.5, 6.0])
@pytest.mark.parametrize("weights", [(0.99, 0.01, 0.0), (0.7, 0.1, 0.2)])
def test_maps_are_the_densities_of_the_others(dataset, center, sigma, weights):
    gold = GoldStandard(sigma, weights, center)
    for index in (0, 1):
        size = tuple(dataset.sizes[index])
        rows = list(gold.leave_one_out(dataset, index))
        assert [row[0] for row in rows] == [0, 1, 2, 3]
        for (_, prediction, points), (others, own) in zip(rows, split_by_observer(dataset, index)):
            expected = (weights[0] * density_map(others, size, sigma).astype(np.float64)
                        + weights[1] / np.prod(size)
                        + weights[2] * center(dataset, index).saliency_map)
            np.testing.assert_array_equal(points, own)
            np.testing.assert_allclose(prediction.saliency_map, expected, rtol=1e-5)
            assert logsumexp(prediction.log_density) == pytest.approx(0, abs=1e-6)  # float32


@pytest.mark.parametrize("weights", [(0.99, 0.01, 0.0), (0.7, 0.1, 0.2)])
def test_log_likelihood_equals_that_of_the_maps(dataset, center, weights):
    gold = GoldStandard(3.0, weights, center)
    found = gold.log_likelihoods(dataset)
    for index in range(len(dataset)):
        per_observer = [
            metrics.log_likelihood(prediction.log_density,
                                   fixation_map(points, dataset.sizes[index]))
            for _, prediction, points in gold.leave_one_out(dataset, index)]
        assert found[index] == pytest.approx(np.mean(per_observer), abs=1e-6)


def test_many_fixations_are_compared_some_at_once(make_dataset):
    """1,200 of a stimulus are more than at once; an array over their pairs would take 12 MB."""
    crowd = make_dataset(images=2, observers=4, each=300)
    gold = GoldStandard(3.0)
    tracemalloc.start()
    points, observers, nats = gold.at_fixations(crowd, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6  # for three arrays
    for observer, prediction, own in gold.leave_one_out(crowd, 0):
        x, y = own.astype(int).T
        np.testing.assert_allclose(nats[observers == observer], prediction.log_density[y, x],
                                   atol=1e-4)  # float32


def test_score_averages_over_observers(dataset):
    gold = GoldStandard(4.0)
    other_map = dataset.fixations.fixation_map(2)
    found = gold.score(dataset, 0, ["nss", "auc_shuffled", "cc", "log_likelihood"],
                       {"other_map": other_map}, density_sigma=2.0)
    rows = [(prediction, fixation_map(points, (60, 80)), density_map(points, (60, 80), 2.0))
            for _, prediction, points in gold.leave_one_out(dataset, 0)]
    expected = {
        "nss": [metrics.nss(p.saliency_map, f) for p, f, _ in rows],
        "auc_shuffled": [metrics.auc_shuffled(p.saliency_map, f, other_map, seed=k)
                         for k, (p, f, _) in enumerate(rows)],
        "cc": [metrics.cc(p.saliency_map, d) for p, _, d in rows],
        "log_likelihood": [metrics.log_likelihood(p.log_density, f) for p, f, _ in rows]}
    assert found == pytest.approx({name: np.mean(v) for name, v in expected.items()}, abs=1e-12)
    assert found["log_likelihood"] == pytest.approx(gold.log_likelihood(dataset, 0), abs=1e-6)


def test_observers_weigh_alike():
    """A mean over observers of means over fixations, not over all fixations."""
    sizes = [(20, 20)]
    x, y = [3, 15, 15, 15, 16], [3, 15, 14, 16, 15]
    fixations = Fixations.build(x, y, [0] * 5, sizes, observer=[0, 1, 1, 1, 1])
    dataset = SaliencyDataset("one", ["a"], [b""], np.array(sizes), fixations)
    gold = GoldStandard(2.0)
    lone, crowd = (metrics.log_likelihood(p.log_density, fixation_map(points, (20, 20)))
                   for _, p, points in gold.leave_one_out(dataset, 0))
    assert gold.log_likelihood(dataset, 0) == pytest.approx((lone + crowd) / 2, abs=1e-6)


@pytest.mark.parametrize("observers", [[], [7], [7, 7, 7]], ids=len)
def test_nobody_predicts_a_sole_observer(observers):
    count = len(observers)
    sizes = np.array([[10, 10]])
    fixations = Fixations.build(range(count), range(count), [0] * count, sizes,
                                observer=observers)
    dataset = SaliencyDataset("lonely", ["a"], [b""], sizes, fixations)
    gold = GoldStandard(2.0)
    assert np.isnan(gold.log_likelihood(dataset, 0))
    assert np.isnan(gold.score(dataset, 0, ["nss"])["nss"])
    assert list(gold.leave_one_out(dataset, 0)) == []
    with pytest.raises(DatasetError, match="no stimulus has fixations of two observers"):
        fit_gold_standard(dataset)


def test_unknown_observers_and_missing_fixations(tmp_path):
    sizes = np.array([[10, 10]])
    unknown = SaliencyDataset("who", ["a"], [b""], sizes, Fixations.build([1], [1], [0], sizes))
    with pytest.raises(DatasetError, match="who does not say whose the fixations on a"):
        GoldStandard(2.0).log_likelihood(unknown, 0)
    maps = SaliencyDataset("maps", ["a"], [b""], sizes, density_files=[tmp_path / "a.png"])
    with pytest.raises(DatasetError, match="maps has no fixations"):
        list(GoldStandard(2.0).leave_one_out(maps, 0))


@pytest.mark.parametrize("options", [
    dict(sigma=0), dict(sigma=1, weights=(1.0, 0.0, 0.0)), dict(sigma=1, weights=(0.5, 0.1, 0.1)),
    dict(sigma=1, weights=(0.8, 0.1, 0.1)), dict(sigma=1, weights=(0.9, 0.1))])
def test_bad_parameters(options):
    with pytest.raises(ValueError):
        GoldStandard(**options)


@pytest.mark.parametrize("with_center", [False, True])
def test_fit_has_the_highest_likelihood(dataset, center, with_center):
    gold = fit_gold_standard(dataset, center if with_center else None)
    best = gold.log_likelihoods(dataset).mean()
    others, even, _ = gold.weights
    for sigma in np.geomspace(2, 30, 12):
        assert GoldStandard(sigma, gold.weights, gold.center).log_likelihoods(
            dataset).mean() < best + 1e-4
    for factor in (0.3, 0.8, 1.2, 2.0):
        moved = min(even * factor, 0.9)
        weights = (others + even - moved, moved, gold.weights[2])
        if weights[0] >= 0:
            assert GoldStandard(gold.sigma, weights, gold.center).log_likelihoods(
                dataset).mean() < best + 1e-4
    assert sum(gold.weights) == pytest.approx(1) and (gold.weights[2] > 0) == with_center


def test_fit_finds_the_spread_of_the_data():
    """Normal fixations of standard deviation s around one place: Silverman's rule."""
    rng = np.random.default_rng(0)
    images, count, deviation = 20, 100, 20.0
    sizes = np.full((images, 2), 300)
    x, y = np.clip(rng.normal(150, deviation, (2, images * count)), 0, 299)
    fixations = Fixations.build(x, y, np.repeat(np.arange(images), count), sizes,
                                observer=np.tile(np.arange(10), images * 10))
    dataset = SaliencyDataset("normal", list(map(str, range(images))), [b""] * images, sizes,
                              fixations)
    gold = fit_gold_standard(dataset)
    assert gold.sigma == pytest.approx(deviation * 90 ** (-1 / 6), rel=0.15)
    assert gold.weights[0] > 0.97


def test_mixture_of_two_is_the_best_on_a_grid():
    rng = np.random.default_rng(0)
    densities, shares = rng.exponential(1, (200, 2)), rng.dirichlet(np.ones(200))
    shares_of_first = np.linspace(0.001, 0.999, 999)
    scores = [shares @ np.log(densities @ [w, 1 - w]) for w in shares_of_first]
    assert _mixture(densities, shares)[0] == pytest.approx(
        shares_of_first[np.argmax(scores)], abs=0.02)


def test_search():
    assert best_bandwidth(lambda s: -np.log(s / 17) ** 2, 2, 200) == pytest.approx(17, rel=0.02)
    assert best_bandwidth(lambda s: -s, 2, 200) == pytest.approx(2, rel=0.02)
    with pytest.raises(ValueError, match="0 < low < high"):
        best_bandwidth(lambda s: s, 3, 2)


def test_information_gain_explained():
    baseline, gold = np.array([-10.0, -12, -11]), np.array([-8.0, -9, -11])
    assert information_gain_explained(baseline, baseline, gold) == 0
    assert information_gain_explained(gold, baseline, gold) == 1
    # (1 + 2 + 0.5) of (2 + 3 + 0) nats; the third image's own ratio would be infinite
    model = baseline + [1, 2, 0.5]
    assert information_gain_explained(model, baseline, gold) == pytest.approx(3.5 / 5)
    bits = [ll / np.log(2) for ll in (model, baseline, gold)]
    assert information_gain_explained(*bits) == pytest.approx(3.5 / 5)
    model[0] = np.nan
    assert information_gain_explained(model, baseline, gold) == pytest.approx(2.5 / 3)
    assert information_gain_explained(-9.0, -10.0, -8.0) == 0.5
    assert np.isnan(information_gain_explained(-9.0, -10.0, -10.0))
    assert np.isnan(information_gain_explained([np.nan], [-1.0], [0.0]))
    with pytest.raises(ValueError, match="one length"):
        information_gain_explained(model, baseline[:2], gold)


def test_osie(osie_root):
    """Issue 4: about NSS 3.7 on the validation images with a Gaussian of 24 pixels."""
    dataset = load(osie_root)
    train, validation = split(dataset)
    held_out = dataset.select(validation[:20])
    scores = [GoldStandard(24.0).score(held_out, i, ["nss"])["nss"] for i in range(20)]
    assert 3.5 < np.mean(scores) < 4.1
    bias = center_bias(dataset.select(train), bandwidth=0.04)
    gold = fit_gold_standard(held_out, bias)
    assert 10 < gold.sigma < 24
    center_ll = [metrics.log_likelihood(bias(held_out, i).log_density,
                                        held_out.fixations.fixation_map(i)) for i in range(20)]
    assert -np.log(480000) < np.mean(center_ll) < gold.log_likelihoods(held_out).mean() - 1


def test_dataset_of_one_observer_per_image_is_refused(make_dataset):
    dataset = make_dataset(images=2, observers=1, each=3)
    with pytest.raises(DatasetError):
        fit_gold_standard(dataset)
