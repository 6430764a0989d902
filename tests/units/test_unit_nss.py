"""Unit scores against resizing with OpenCV (and TensorFlow 1's rule) and scoring each unit."""
import cv2
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.maps import fitted_size
from keras_saliency.units import interpolation
from keras_saliency.units.unit_nss import (
    dead_units,
    fixation_weights,
    score_units,
    unit_nmm,
    unit_nss,
    unit_region_nss,
)


def resize(maps, size, convention):
    """[h, w, U] -> [H, W, U] float64, by code that is not ours.

    OpenCV keeps its coefficients, and TensorFlow everything, in float32.
    """
    if convention == "half_pixel":
        return np.stack([cv2.resize(maps[..., u].astype(np.float64), size[::-1],
                                    interpolation=cv2.INTER_LINEAR)
                         for u in range(maps.shape[-1])], -1)
    return tf.raw_ops.ResizeBilinear(images=maps[None].astype(np.float32), size=size,
                                     align_corners=False,
                                     half_pixel_centers=False)[0].numpy().astype(np.float64)


def counts(points, size):
    result = np.zeros(size, int)
    for x, y in points:
        if 0 <= x < size[1] and 0 <= y < size[0]:
            result[int(y), int(x)] += 1
    return result


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def example(rng, batch=3, cells=(15, 20), size=(60, 81), units=7):
    activations = np.maximum(rng.normal(0.3, 1, (batch, *cells, units)), 0)
    points = [rng.uniform((0, 0), size[::-1], (40, 2)) for _ in range(batch)]
    for p in points:
        p[:5] = p[5:10]  # pixels that were looked at twice
    return activations, points


@pytest.mark.parametrize("convention, tolerance", [("half_pixel", 1e-7), ("tf1", 1e-5)])
@pytest.mark.parametrize("cells, size", [((15, 20), (60, 81)), ((6, 4), (37, 100)),
                                         ((30, 40), (17, 23)), ((5, 1), (9, 8))])
@pytest.mark.parametrize("repeats", [False, True])
def test_equal_to_resizing_and_scoring(rng, convention, tolerance, cells, size, repeats):
    activations, points = example(rng, cells=cells, size=size)
    scores = unit_nss(activations, points, size, convention, repeats)
    assert scores.shape == (3, 7) and scores.dtype == np.float64
    for image in range(3):
        enlarged = resize(activations[image], size, convention)
        for unit in range(7):
            expected = ks.metrics.nss(enlarged[..., unit], counts(points[image], size),
                                      repeats=repeats)
            assert scores[image, unit] == pytest.approx(expected, abs=tolerance)


def test_images_of_different_sizes_and_points_outside(rng):
    activations, _ = example(rng, batch=2)
    sizes, points = [(50, 70), (33, 20)], [[(3, 4), (69.9, 49.9), (70, 4), (-1, 2)], [(19, 32)]]
    scores = unit_nss(activations, points, sizes)
    for image, size in enumerate(sizes):
        enlarged = resize(activations[image], size, "half_pixel")
        for unit in range(7):
            assert scores[image, unit] == pytest.approx(ks.metrics.nss(
                enlarged[..., unit], counts(points[image], size)), abs=1e-9)


def test_a_large_mean_does_not_drown_a_small_spread(rng):
    activations, points = example(rng)
    plain = unit_nss(activations, points, (60, 81))
    np.testing.assert_allclose(unit_nss(1e6 + activations, points, (60, 81)), plain, atol=1e-6)
    single = unit_nss(activations.astype(np.float32), points, (60, 81))
    np.testing.assert_allclose(single, plain, atol=1e-5)


@pytest.mark.parametrize("level", [0.0, 0.1, -3.7e5])
def test_a_constant_unit_scores_0_and_is_reported(rng, level):
    activations, points = example(rng)
    activations[..., 2] = level
    activations[1, ..., 4] = level  # constant on one image only
    scores = unit_nss(activations, points, (60, 81))
    assert (scores[:, 2] == 0).all() and scores[1, 4] == 0 and scores[0, 4] != 0
    assert dead_units(activations).tolist() == [False, False, True] + [False] * 4


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("cells", [(1, 1), (15, 20), (60, 80)])
def test_constant_units_are_found_at_any_level(rng, kind, cells):
    levels = (rng.choice([-1, 1], 64) * 10 ** rng.uniform(-8, 8, 64)).astype(kind)
    plan = interpolation.resampling((75, 101), cells)
    weights = np.stack([plan.mean, fixation_weights(plan, [(3, 4), (50, 60)])])
    scores, constant = score_units(np.broadcast_to(levels, (*cells, 64)), plan, weights)
    assert constant.all() and (scores == 0).all()


def test_no_fixation_is_nan(rng):
    activations, points = example(rng)
    activations[..., 2] = 5
    points[1] = []
    points[2] = [(-3, 4)]
    scores = unit_nss(activations, points, (60, 81))
    assert np.isnan(scores[1:]).all() and np.isfinite(scores[0]).all()


def test_a_unit_that_is_the_density_scores_highest(rng):
    size = (120, 160)
    yy, xx = np.mgrid[:15, :20]
    density = np.exp(-((yy - 4) ** 2 + (xx - 13) ** 2) / 8.0)
    centered = np.exp(-((yy - 7) ** 2 + (xx - 9.5) ** 2) / 8.0)
    activations = rng.uniform(0, 1, (1, 15, 20, 5))
    activations[0, ..., 1], activations[0, ..., 3] = density, -centered
    points = rng.normal((13.5 * 8, 4.5 * 8), 10, (60, 2))
    scores = unit_nss(activations, [points], size)[0]
    assert scores.argmax() == 1 and scores[1] > 2
    middle = rng.normal((80, 60), 10, (60, 2))
    assert unit_nss(activations, [middle], size)[0, 3] < -2  # a mirrored center is negative


@pytest.mark.parametrize("convention", ["half_pixel", "tf1"])
def test_regions_and_masks(rng, convention):
    size = (60, 81)
    activations, points = example(rng, batch=2)
    regions = [[np.arange(60)[:, None] * np.ones(81) < 30, np.ones(size)], [np.zeros(size)]]
    scores = unit_region_nss(activations, points, regions, size, convention)
    assert [s.shape for s in scores] == [(2, 7), (1, 7)] and np.isnan(scores[1]).all()
    enlarged = resize(activations[0], size, convention)
    upper = counts(points[0], size) * regions[0][0]
    for unit in range(7):
        assert scores[0][0, unit] == pytest.approx(ks.metrics.nss(enlarged[..., unit], upper),
                                                   abs=1e-5)
    np.testing.assert_allclose(scores[0][1], unit_nss(activations, points, size, convention)[0])
    nmm = unit_nmm(activations, [regions[0][0], regions[1][0]], size, convention)
    assert np.isnan(nmm[1]).all()
    for unit in range(7):
        assert nmm[0, unit] == pytest.approx(
            ks.metrics.nmm(enlarged[..., unit], regions[0][0]), abs=1e-5)


def test_an_image_without_regions_has_no_rows(rng):
    activations, points = example(rng, batch=1)
    assert unit_region_nss(activations, points, [[]], (60, 81))[0].shape == (0, 7)


@pytest.mark.parametrize("convention", ["half_pixel", "tf1"])
@pytest.mark.parametrize("size", [(60, 81), (7, 5)])  # an image larger and smaller than the cells
@pytest.mark.parametrize("span", [interpolation.WHOLE, ((0.2, 0.7), (0.0, 1.0))])
def test_gram_gives_the_mean_of_the_squared_pixels(rng, convention, size, span):
    plan = interpolation.resampling(size, (8, 12), convention, span)
    cells = rng.normal(size=(8, 12))
    pixels = plan.rows @ cells @ plan.columns.T
    assert (plan.gram @ cells.ravel()) @ cells.ravel() == pytest.approx((pixels ** 2).mean())
    assert plan.gram.nnz <= 5 * cells.size


def test_padding_of_the_canvas_is_cut_off(rng):
    canvas, size = (64, 96), (50, 40)  # pads left and right
    plan = interpolation.resampling(size, (8, 12), span=interpolation.canvas_span(size, canvas))
    cells = rng.uniform(size=(8, 12))
    fine = resize(cells[..., None], (640, 960), "half_pixel")[..., 0]
    fitted = fitted_size(size, canvas).numpy()
    left = (96 - fitted[1]) // 2
    part = fine[:, left * 10:(left + fitted[1]) * 10]
    # sampled at the image's pixel centers, by nearest neighbour in a map ten times finer
    rows = ((np.arange(50) + 0.5) / 50 * part.shape[0]).astype(int)
    columns = ((np.arange(40) + 0.5) / 40 * part.shape[1]).astype(int)
    np.testing.assert_allclose(plan.rows @ cells @ plan.columns.T, part[np.ix_(rows, columns)],
                               atol=0.02)


@pytest.mark.parametrize("change, message", [
    (dict(activations=np.zeros((2, 3, 4))), r"\[B, h, w, U\], not of shape \(2, 3, 4\)"),
    (dict(fixations=[[(1, 1)]]), "2 activation_maps, but 1 lists of fixations"),
    (dict(image_size=(3, 4, 5)), "image_size must be"),
    (dict(image_size=(0, 5)), "above 0"),
    (dict(convention="nearest"), "'nearest'; choose half_pixel or tf1"),
])
def test_what_does_not_fit_is_named(change, message):
    arguments = dict(activations=np.zeros((2, 3, 4, 5)), fixations=[[(1, 1)]] * 2,
                     image_size=(9, 9))
    with pytest.raises(ValueError, match=message):
        unit_nss(**{**arguments, **change})
    with pytest.raises(ValueError, match=r"a mask of \(2, 2\) for an image of \(9, 9\)"):
        unit_nmm(np.zeros((1, 3, 4, 5)), [np.ones((2, 2))], (9, 9))
