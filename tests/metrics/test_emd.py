"""The earth mover's distance: its optimum, and MATLAB's way of reducing the maps."""
import numpy as np
import pytest
import tensorflow as tf
import transcription as slow
from scipy.stats import wasserstein_distance

from keras_saliency import metrics
from keras_saliency.files import InputError
from keras_saliency.metrics.distribution_metrics import imresize, transport_cost


def blobs(shape, seed):
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    values = sum(np.exp(-((rows - rng.uniform(0, shape[0])) ** 2
                          + (columns - rng.uniform(0, shape[1])) ** 2) / (2 * 20.0 ** 2))
                 for _ in range(6))
    return values / values.max()


# ---- the optimum ----

def test_transport_is_the_optimum_over_all_routes():
    rng = np.random.default_rng(0)
    for shape in [(4, 6), (1, 9), (5, 5)]:
        a, b = rng.random(shape) ** 4, rng.random(shape) ** 4
        difference = a / a.sum() - b / b.sum()
        assert transport_cost(difference) == pytest.approx(slow.emd(a, b), rel=1e-7)


def test_transport_of_many_pixels_along_a_line():
    """cv2.EMD, which gives up after 500 steps, is above the closed form here."""
    rng = np.random.default_rng(1)
    a, b = rng.random((1, 700)) ** 8, rng.random((1, 700)) ** 8
    cost = transport_cost(a / a.sum() - b / b.sum())
    places = np.arange(700)
    assert cost == pytest.approx(wasserstein_distance(places, places, a[0], b[0]), rel=1e-7)


def test_transport_of_a_shift():
    """The optimum of a translation is its length, whatever the map."""
    values = np.zeros((20, 30))
    values[:12, :20] = np.random.default_rng(2).random((12, 20)) ** 3
    values /= values.sum()
    moved = np.roll(values, (6, 8), axis=(0, 1))
    assert transport_cost(moved - values) == pytest.approx(10, rel=1e-7)
    assert transport_cost(values - values) == 0


def test_masses_next_to_nothing():
    """The tails of a Gaussian go down to 1e-45; rounding must not leave them without a place."""
    rng = np.random.default_rng(3)
    for _ in range(20):
        a, b = (10.0 ** rng.uniform(-50, 0, (12, 20)) for _ in range(2))
        difference = a / a.sum() - b / b.sum()
        cost = transport_cost(difference)
        large = np.where(np.abs(difference) > 1e-9, difference, 0)
        large[large < 0] *= large[large > 0].sum() / -large[large < 0].sum()
        assert cost == pytest.approx(transport_cost(large), abs=1e-6) and cost > 0


# ---- imresize ----

def tensorflow_bicubic(image, size):
    """TensorFlow's antialiased Keys cubic over a mirrored plane: the tile in the middle."""
    height, width = image.shape
    plane = np.pad(image, ((height, height), (width, width)), "symmetric").astype(np.float32)
    resized = tf.image.resize(plane[None, ..., None], [3 * side for side in size], "bicubic",
                              antialias=True)[0, ..., 0].numpy()
    return resized[size[0]:2 * size[0], size[1]:2 * size[1]].astype(np.float64)


@pytest.mark.parametrize("size", [(3, 5), (7, 11), (48, 80), (96, 40)])
def test_imresize_shrinks_as_tensorflow_does(size):
    image = np.random.default_rng(0).random((96, 160))
    assert np.allclose(imresize(image, size), tensorflow_bicubic(image, size), atol=1e-6)


def test_imresize_of_polynomials():
    """Keys' kernel reproduces them up to the second degree; away from the mirrored borders."""
    x = np.arange(40.0)
    place = (np.arange(80) + 0.5) / 2 - 0.5
    for degree in (0, 1, 2):
        grown = imresize(np.stack([x ** degree] * 3), (3, 80))
        assert np.allclose(grown[1, 8:-8], place[8:-8] ** degree, rtol=1e-12)
    shrunk = imresize(np.stack([x] * 2), (2, 10))[0]  # symmetric weights keep a straight line
    assert np.allclose(shrunk[2:-2], 4 * np.arange(10)[2:-2] + 1.5, rtol=1e-12)
    assert np.allclose(imresize(np.full((70, 45), 0.3), (3, 2), 1 / 32), 0.3, rtol=1e-12)


def test_imresize_by_hand():
    # half of 8 pixels: places 0.5, 2.5, ...; Keys at 1/4, 3/4, 5/4, 7/4 is 111, 29, -9, -3 / 128,
    # once at either side; beyond the border comes the mirror
    impulse = np.zeros((8, 2))
    impulse[4] = 1
    assert np.allclose(imresize(impulse, (4, 2))[:, 0] * 256, [-3, 29, 111, -9], atol=1e-12)
    edge = np.zeros((8, 2))
    edge[0] = 1
    assert np.allclose(imresize(edge, (4, 2))[:, 0] * 256, [111 + 29, -9 - 3, 0, 0], atol=1e-12)


def test_imresize_by_scale_places_pixels_by_the_scale():
    ramp = np.repeat(np.arange(75.0)[:, None], 64, axis=1)
    by_scale, by_size = imresize(ramp, (3, 2), 1 / 32), imresize(ramp, (3, 2))
    assert by_scale[0, 0] < by_scale[1, 0]
    assert by_size[1, 0] == pytest.approx(37)  # the middle of the image
    assert by_scale[1, 0] > 44  # (1 + 1/2) * 32 - 1/2, less what the mirror gives


# ---- emd ----

def test_matlab_reduction_is_imresize_and_the_optimum():
    saliency, density = blobs((96, 160), 1), blobs((96, 160), 2)
    a, b = tensorflow_bicubic(saliency, (3, 5)), tensorflow_bicubic(density, (3, 5))
    a, b = np.maximum(a, 0), np.maximum(b, 0)  # nothing is negative here, but for rounding
    assert metrics.emd(saliency, density, reduction="matlab") == pytest.approx(
        slow.emd(a, b), abs=2e-4)
    assert metrics.emd(saliency, density, reduction="matlab") != metrics.emd(saliency, density)
    assert metrics.emd(saliency, saliency, reduction="matlab") == 0


def test_matlab_reduces_the_two_maps_by_unlike_scales():
    """Equal maps whose sides 32 does not divide: that is the code, not a fault of ours."""
    values = blobs((110, 200), 3)
    assert metrics.emd(values, values) == 0
    assert metrics.emd(values, values, reduction="matlab") > 0.01


def test_what_the_kernel_makes_negative_is_mass_of_the_other_side():
    values = np.zeros((160, 160))
    values[70:90, 70:90] = 1
    assert imresize(values, (5, 5)).min() < 0
    score = metrics.emd(values, np.ones((160, 160)), reduction="matlab")
    a = imresize(values, (5, 5))
    difference = a / a.sum() - np.full((5, 5), 1 / 25)
    parts = np.maximum(difference, 0), np.maximum(-difference, 0)
    assert score == pytest.approx(parts[0].sum() * slow.emd(*parts), rel=1e-6)


def test_scale_of_either_map_and_constant_maps():
    saliency, density = blobs((96, 160), 1), blobs((96, 160), 2)
    for options in ({}, {"reduction": "matlab"}):
        assert metrics.emd(7 * saliency, density / 9, **options) == pytest.approx(
            metrics.emd(saliency, density, **options), rel=1e-6)
        flat = metrics.emd(np.zeros((96, 160)), density, **options)
        assert flat == metrics.emd(np.full((96, 160), 3), density, **options) and flat > 0


def test_an_unknown_reduction_is_refused():
    with pytest.raises(InputError, match='"area" or "matlab"'):
        metrics.emd(np.ones((40, 40)), np.eye(40) + 0.1, reduction="bicubic")
