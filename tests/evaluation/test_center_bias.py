"""Against sums of Gaussians by the definition, and against fits without the image left out."""
import tracemalloc

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.evaluation.center_bias import _Cells, _own_mass, _profile, center_bias
from keras_saliency.evaluation.densities import uniform


def relative(dataset, images):
    """Relative coordinates (x, y) of the fixated pixels' centers."""
    points = [(np.floor(dataset.fixations.of(i)) + 0.5) / dataset.sizes[i][::-1] for i in images]
    return np.concatenate(points)


def kde(points, size, bandwidth, uniform_weight):
    """One pixel at a time, without a grid."""
    density = np.zeros(size)
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = (column + 0.5) / size[1], (row + 0.5) / size[0]
            density[row, column] = np.sum(norm.pdf(x, points[:, 0], bandwidth)
                                          * norm.pdf(y, points[:, 1], bandwidth))
    return (1 - uniform_weight) * density / density.sum() + uniform_weight / density.size


def test_uniform():
    prediction = uniform((6, 8))
    assert prediction.saliency_map.shape == (6, 8)
    np.testing.assert_allclose(prediction.saliency_map, 1 / 48)
    np.testing.assert_allclose(prediction.log_density, -np.log(48))


@pytest.mark.parametrize("size", [(30, 40), (33, 20)])
@pytest.mark.parametrize("bandwidth", [0.05, 0.2])
def test_kde_equals_the_sum_of_gaussians(dataset, size, bandwidth):
    found = center_bias(dataset, bandwidth=bandwidth, uniform_weight=0.01).predict(size)
    points = relative(dataset, range(6))
    on_grid = (np.floor(points * 256) + 0.5) / 256
    np.testing.assert_allclose(
        found.saliency_map, kde(on_grid, size, bandwidth, 0.01), rtol=1e-9)
    # the grid moves a fixation by up to 1/512 of the image
    exact = kde(points, size, bandwidth, 0.01)
    assert abs(found.saliency_map - exact).max() < 0.03 * exact.max()


@pytest.mark.parametrize("options", [
    {"bandwidth": 0.1}, {"method": "histogram", "bins": 8}], ids=["kde", "histogram"])
def test_leaving_out_equals_fitting_the_others(dataset, options):
    bias = center_bias(dataset, **options)
    for index in range(len(dataset)):
        others = [i for i in range(len(dataset)) if i != index]
        expected = center_bias(dataset.select(others), **options).predict(dataset.sizes[index])
        found = bias(dataset, index)
        np.testing.assert_allclose(found.saliency_map, expected.saliency_map, rtol=1e-9)
        assert found.saliency_map.shape == tuple(dataset.sizes[index])
        assert abs(found.saliency_map - bias.predict(dataset.sizes[index]).saliency_map).max() > (
            1e-6)


def test_only_a_training_stimulus_is_left_out(dataset, make_dataset):
    bias = center_bias(dataset.select([0, 2, 4]), bandwidth=0.1)
    whole = bias.predict(dataset.sizes[0]).saliency_map
    assert not np.allclose(bias(dataset, 2).saliency_map, whole)
    np.testing.assert_array_equal(bias(dataset.select([2]), 0).saliency_map,
                                  bias(dataset, 2).saliency_map)
    assert np.array_equal(bias(dataset, 1).saliency_map, bias.predict((48, 36)).saliency_map)
    stranger = make_dataset(images=6, observers=2, each=2, name="other")
    assert np.array_equal(bias(stranger, 2).saliency_map, whole)


def test_without_any_other_stimulus_it_is_uniform(dataset):
    bias = center_bias(dataset.select([0]), bandwidth=0.1)
    np.testing.assert_allclose(bias(dataset, 0).saliency_map, 1 / 4800)


def test_histogram_counts(dataset):
    """At the size of its own bins nothing is interpolated."""
    bias = center_bias(dataset, "histogram", bins=6, uniform_weight=1e-9)
    points = relative(dataset, range(6))
    counts = np.histogram2d(points[:, 1], points[:, 0], bins=6, range=[(0, 1), (0, 1)])[0]
    np.testing.assert_allclose(bias.predict((6, 6)).saliency_map, counts / counts.sum(),
                               atol=1e-9)
    # finer along x: linear between the centers of the bins, flat beyond the outermost
    centers = (np.arange(30) + 0.5) / 30 * 6 - 0.5
    expected = np.stack([np.interp(centers, np.arange(6), row) for row in counts])
    np.testing.assert_allclose(bias.predict((6, 30)).saliency_map, expected / expected.sum(),
                               atol=1e-9)


@pytest.mark.parametrize("method", ["kde", "histogram"])
@pytest.mark.parametrize("size", [(1, 1), (7, 300), (60, 80)])
def test_log_density_is_normalised(dataset, method, size):
    prediction = center_bias(dataset, method).predict(size)
    assert prediction.saliency_map.shape == prediction.log_density.shape == size
    assert prediction.saliency_map.sum() == pytest.approx(1, abs=1e-12)
    assert logsumexp(prediction.log_density) == pytest.approx(0, abs=1e-12)
    assert prediction.saliency_map.min() > 0


@pytest.mark.parametrize("bandwidth", [0.03, None], ids=["kde", "histogram"])
@pytest.mark.parametrize("each", [5, 90])  # 20 fixations of a stimulus in pairs, 360 by the grid
def test_cross_validation_scores_the_maps(make_dataset, bandwidth, each):
    """The sums over an image's fixations equal the predictions without the image."""
    dataset = make_dataset(images=6, observers=4, each=each)
    grid = 256 if bandwidth else 16
    cells = _Cells(dataset.fixations, grid)
    options = {"bandwidth": bandwidth} if bandwidth else {"method": "histogram", "bins": grid}
    bias = center_bias(dataset, uniform_weight=0.01, **options)
    scores = []
    for index in range(len(dataset)):
        log_density = bias.predict((grid, grid), index).log_density
        scores.append(log_density[cells.of(index)].mean() + 2 * np.log(grid))
    assert cells.leave_one_out_score(_profile(bandwidth), 0.01) == pytest.approx(
        np.mean(scores), abs=1e-9)


@pytest.mark.parametrize("bandwidth", [0.03, None], ids=["kde", "histogram"])
@pytest.mark.parametrize("count", [1, 200, 700])
def test_pairs_and_the_grid_give_the_same_sums(bandwidth, count):
    kernel = _profile(bandwidth)(64, 64)
    y, x = np.random.default_rng(0).integers(0, 64, (2, count))
    expected = sum(kernel[y, down] * kernel[x, across] for down, across in zip(y, x))
    np.testing.assert_allclose(_own_mass(kernel, y, x), expected, rtol=1e-12)


def test_memory_does_not_grow_with_the_square_of_the_fixations(make_dataset):
    """6,000 of each of two stimuli; an array over all pairs would take 288 MB."""
    dataset = make_dataset(images=2, observers=4, each=1500)
    tracemalloc.start()
    assert 0.01 <= center_bias(dataset).bandwidth <= 0.5
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6


def test_chosen_resolution_is_the_best(dataset):
    cells = _Cells(dataset.fixations, 256)
    bias = center_bias(dataset)
    best = cells.leave_one_out_score(_profile(bias.bandwidth), bias.uniform_weight)
    for bandwidth in np.geomspace(0.01, 0.5, 40):
        assert cells.leave_one_out_score(_profile(bandwidth), bias.uniform_weight) < best + 1e-4
    assert 0.02 < bias.bandwidth < 0.4
    assert 4 <= center_bias(dataset, "histogram").bins <= 24  # 120 fixations


@pytest.mark.parametrize("options, message", [
    (dict(method="gauss"), "method"), (dict(bandwidth=0.001), "bandwidth"),
    (dict(bins=4), "belongs"), (dict(method="histogram", bandwidth=0.1), "belongs"),
    (dict(method="histogram", bins=0), "bins"), (dict(uniform_weight=0), "uniform_weight")])
def test_bad_options(dataset, options, message):
    with pytest.raises(ValueError, match=message):
        center_bias(dataset, **options)


def test_needs_fixations(dataset, tmp_path):
    only_maps = SaliencyDataset("maps", ["a"], [b""], np.array([[4, 4]]),
                                density_files=[tmp_path / "a.png"])
    with pytest.raises(DatasetError, match="maps has no fixations"):
        center_bias(only_maps)
