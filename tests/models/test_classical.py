"""Classical models: maps of any image, pop-out, cores against independent oracles."""
import importlib
from collections import deque

import cv2
import numpy as np
import pytest

from keras_saliency.metrics import nmm
from keras_saliency.models import MODELS
from keras_saliency.models.classical.bms import bms, feature_channels, surrounded
from keras_saliency.models.classical.center_bias import center_bias
from keras_saliency.models.classical.features import (
    dkl,
    faded,
    gabor_energy,
    gabor_pair,
    min_max,
    pyramid,
    resized,
)
from keras_saliency.models.classical.gbvs import activated, concentrated, gbvs
from keras_saliency.models.classical.itti import itti, normalized, opponents, scale_pairs

CLASSICAL = {name: spec.builder for name, spec in MODELS.items() if spec.classical}


CONTENT = ("bms", "gbvs", "itti")  # models that look at the image
GRAY, RED, GREEN = (128, 128, 128), (200, 60, 60), (60, 200, 60)


def random_image(height, width, seed=0):
    """Blobs on noise: structure at several scales."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (6, 8, 3)).astype(np.float32)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)


def array_of_items(draw, target=(1, 3)):
    """Return a 240x320 image of 4x5 items and the mask of the item that differs.

    `draw(image, center, is_target)` draws an item.
    """
    image = np.full((240, 320, 3), GRAY, np.uint8)
    mask = np.zeros((240, 320), np.uint8)
    for row in range(4):
        for column in range(5):
            center = (32 + 64 * column, 30 + 60 * row)
            draw(image, center, (row, column) == target)
            if (row, column) == target:
                cv2.circle(mask, center, 20, 1, -1)
    return image, mask > 0


def red_among_green():
    return array_of_items(lambda image, center, odd: cv2.circle(
        image, center, 12, RED if odd else GREEN, -1))


def tilted_among_vertical():
    def bar(image, center, odd):
        turn = np.radians(40 if odd else 0)
        reach = np.array([18 * np.sin(turn), -18 * np.cos(turn)])
        ends = [tuple(int(v) for v in np.round(center + sign * reach)) for sign in (-1, 1)]
        cv2.line(image, *ends, (230, 230, 230), 7, cv2.LINE_AA)

    return array_of_items(bar)


def test_registry():
    assert sorted(CLASSICAL) == ["bms", "center_bias", "gbvs", "itti"]
    assert all(name == model.__name__ for name, model in CLASSICAL.items())


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 5), (37, 1000), (240, 320), (600, 800)])
@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_any_size_gives_a_map_of_that_size(name, size):
    image = random_image(*size)
    saliency = CLASSICAL[name](image)
    assert saliency.shape == size and saliency.dtype == np.float32
    assert np.isfinite(saliency).all() and saliency.min() >= 0 and saliency.max() <= 1
    if name in CONTENT and min(size) > 30:
        assert saliency.min() == 0 and saliency.max() == 1


@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_equal_values_give_equal_maps_and_the_image_is_left_alone(name):
    image = random_image(90, 121)
    kept = image.copy()
    saliency = CLASSICAL[name](image)
    np.testing.assert_array_equal(image, kept)
    for same in (image.astype(np.float64), image.astype(np.float32), image[:, ::-1].copy()[:, ::-1],
                 image):
        np.testing.assert_array_equal(CLASSICAL[name](same), saliency)


@pytest.mark.parametrize("color", [(0, 0, 0), GRAY, (255, 0, 0), (3, 77, 201), (255, 255, 255)])
@pytest.mark.parametrize("name", CONTENT)
def test_a_constant_image_has_nothing_salient(name, color):
    for size in ((1, 1), (50, 70), (240, 320)):
        image = np.full((*size, 3), color, np.float32) * 0.999
        np.testing.assert_array_equal(CLASSICAL[name](image), np.zeros(size))


@pytest.mark.parametrize("name", CONTENT)
def test_a_red_disc_pops_out_of_green_ones(name):
    image, mask = red_among_green()
    saliency = CLASSICAL[name](image)
    assert mask.flat[saliency.argmax()]
    assert nmm(saliency, mask) > (1 if name == "itti" else 2)


@pytest.mark.parametrize("name", ["gbvs", "itti"])
def test_a_tilted_bar_pops_out_of_vertical_ones(name):
    image, mask = tilted_among_vertical()
    saliency = CLASSICAL[name](image)
    assert mask.flat[saliency.argmax()]
    assert nmm(saliency, mask) > 1


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", sorted(CLASSICAL))
def test_the_map_of_the_mirror_image_is_the_mirrored_map(name, axis):
    for image in (random_image(131, 180), random_image(96, 97, 2)):
        mirrored = CLASSICAL[name](np.flip(image, axis))
        np.testing.assert_allclose(mirrored, np.flip(CLASSICAL[name](image), axis), atol=0.02)


@pytest.mark.parametrize("name", sorted(CLASSICAL))
@pytest.mark.parametrize("image, message", [
    (np.zeros((5, 5)), r"\[H, W, 3\] RGB"),
    (np.zeros((5, 5, 4)), "alpha"),
    (np.zeros((0, 5, 3)), r"shape \(0, 5, 3\)"),
    (np.full((5, 5, 3), np.nan), "not finite"),
    (np.full((5, 5, 3), 255.5), "from 255.5 to 255.5"),
    (np.full((5, 5, 3), -1), "clip or rescale"),
    (np.full((5, 5, 3), "x"), "must be .* not <U"),
])
def test_bad_images_are_refused(name, image, message):
    with pytest.raises(ValueError, match=message):
        CLASSICAL[name](image)


@pytest.mark.parametrize("name, option, value", [
    ("itti", "centers", ()), ("itti", "centers", 2), ("itti", "centers", (2.5,)),
    ("itti", "deltas", (0,)), ("itti", "angles", (0, 200)),
    ("gbvs", "grid_size", 7), ("gbvs", "grid_size", 65), ("gbvs", "channels", "DX"),
    ("gbvs", "channels", ""), ("gbvs", "channels", None), ("gbvs", "levels", (-1,)),
    ("gbvs", "angles", "0"), ("gbvs", "sigma_activation", 0), ("gbvs", "sigma_normalization", 2),
    ("gbvs", "normalization", "none"), ("gbvs", "normalization_iterations", True),
    ("gbvs", "blur", np.nan),
    ("bms", "step", 0), ("bms", "max_side", 400.5), ("bms", "opening", 4), ("bms", "dilation", 0),
    ("bms", "final_dilation", "9"), ("bms", "blur", -1),
    ("center_bias", "sigma", 0), ("center_bias", "sigma", (0.2, 0.2, 0.2)),
    ("center_bias", "sigma", (0.2, np.inf)), ("center_bias", "sigma", None),
])
def test_options_out_of_range_are_refused_by_name(name, option, value):
    with pytest.raises(ValueError, match=f"^{option} must"):
        CLASSICAL[name](random_image(40, 40), **{option: value})


def equilibrium(weights):
    """Left eigenvector of the transition matrix of `weights` [i, j] for the eigenvalue 1."""
    transition = weights / weights.sum(axis=1, keepdims=True)
    values, vectors = np.linalg.eig(transition.T)
    vector = np.real(vectors[:, np.abs(values - 1).argmin()])
    return vector / vector.sum()


@pytest.mark.parametrize("two_valued", [False, True])
def test_gbvs_finds_the_equilibrium_of_its_markov_chains(two_valued):
    rng = np.random.default_rng(3)
    feature = rng.uniform(0, 1, (4, 6)).astype(np.float32)
    if two_valued:  # the chain alternates between two sets of nodes: power iteration fails
        feature = (feature > 0.6).astype(np.float32)
    nodes = [(y, x) for y in range(4) for x in range(6)]
    closeness = np.array([[np.exp(-((a - c) ** 2 + (b - d) ** 2) / (2 * 1.5 ** 2))
                           for c, d in nodes] for a, b in nodes])
    weights = np.array([[abs(feature[i] - feature[j]) for j in nodes] for i in nodes]) * closeness
    activation = activated(feature, closeness.astype(np.float32))
    np.testing.assert_allclose(activation.ravel(), equilibrium(weights), rtol=1e-4)
    concentration = concentrated(activation, closeness.astype(np.float32))
    expected = equilibrium(closeness * activation.ravel().astype(np.float64))
    np.testing.assert_allclose(concentration.ravel(), expected, rtol=1e-4)
    assert concentration.max() > 1.1 * activation.max()


def test_gbvs_needs_the_color_channel_to_tell_colors_apart():
    image, mask = red_among_green()  # both have a maximum of 200, the intensity
    color, intensity = (gbvs(image, channels=channel) for channel in "DI")
    symmetric = mask[:, ::-1]  # the place of a green disc
    assert color[mask].mean() > 1.15 * color[symmetric].mean()
    np.testing.assert_allclose(intensity[mask].mean(), intensity[symmetric].mean(), rtol=0.05)
    for other in (dict(normalization="power"), dict(normalization_iterations=0), dict(blur=0),
                  dict(levels=(2,)), dict(grid_size=24), dict(sigma_activation=0.4)):
        assert np.abs(gbvs(image, **other) - gbvs(image)).max() > 0.01, other


def test_gbvs_fades_towards_the_border(monkeypatch):
    module = importlib.import_module("keras_saliency.models.classical.gbvs")
    image = random_image(240, 320)
    saliency = gbvs(image)
    monkeypatch.setattr(module, "_FADED_NODES", 0)
    border_counts = gbvs(image)
    assert saliency[0].max() < 0.5 * border_counts[0].max()
    monkeypatch.setattr(module, "_FADED_PIXELS", 0)
    assert np.abs(gbvs(image) - border_counts).max() > 0.01


def test_gbvs_weighs_channels_equally_and_blurs_their_sum(monkeypatch):
    module = importlib.import_module("keras_saliency.models.classical.gbvs")
    places, grid = [(5, 6)] * 6 + [(5, 20)] * 2 + [(17, 12)] * 8, (24, 32)  # of D, I and O
    calls = iter(places)

    def one_node(feature, closeness):
        activation = np.zeros(grid, np.float32)
        activation[next(calls)] = 1
        return activation

    monkeypatch.setattr(module, "activated", one_node)
    options = dict(levels=(2, 3), normalization_iterations=0)
    expected = np.zeros(grid, np.float32)
    expected[tuple(zip(*places))] = 1
    image = random_image(*grid)
    np.testing.assert_allclose(gbvs(image, blur=0, **options), expected, atol=1e-6)
    assert next(calls, None) is None
    calls = iter(places)
    np.testing.assert_allclose(
        gbvs(image, blur=0.05, **options),
        min_max(cv2.GaussianBlur(expected, (0, 0), 1.6, borderType=cv2.BORDER_REPLICATE)),
        atol=1e-5)


def enclosed(mask):
    """Find surrounded regions by a breadth-first search from the border."""
    height, width = mask.shape
    reached = np.zeros_like(mask)
    queue = deque((y, x) for y in range(height) for x in range(width)
                  if mask[y, x] and (y in (0, height - 1) or x in (0, width - 1)))
    while queue:
        y, x = queue.popleft()
        if not (0 <= y < height and 0 <= x < width) or reached[y, x] or not mask[y, x]:
            continue
        reached[y, x] = True
        queue.extend((y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
    return mask & ~reached


def test_bms_finds_the_regions_that_do_not_touch_the_border():
    rng = np.random.default_rng(5)
    found = 0
    for size in [(1, 1), (1, 7), (2, 5), (5, 5), (9, 13), (16, 12)] * 10:
        mask = rng.random(size) < rng.uniform(0.2, 0.6)
        expected = enclosed(mask)
        np.testing.assert_array_equal(surrounded(mask), expected)
        found += expected.sum()
    assert found > 100


def test_bms_passes_over_what_touches_the_border():
    image = np.full((120, 160, 3), GRAY, np.uint8)
    cv2.circle(image, (0, 60), 15, GREEN, -1)
    cv2.circle(image, (110, 60), 15, GREEN, -1)
    for whiten in (True, False):
        saliency = bms(image, whiten=whiten)
        assert saliency[60, 110] > 0.5 and saliency[60, 0] < 0.05


def test_bms_of_the_iccv_paper():
    image, mask = red_among_green()
    saliency = bms(image, max_side=600, whiten=False, opening=5, final_dilation=23, blur=20)
    assert mask.flat[saliency.argmax()] and nmm(saliency, mask) > 1


@pytest.mark.parametrize("color", [(40, 40, 40), (220, 220, 220)])
def test_bms_closes_gaps_where_told_to(color):
    closed = np.full((100, 100, 3), GRAY, np.uint8)
    cv2.rectangle(closed, (25, 25), (75, 75), color, 3)
    gap = closed.copy()
    gap[48:52, :50] = GRAY
    options = dict(max_side=100, dilation=1, final_dilation=1, blur=0)
    assert bms(closed, **options)[50, 50] > 0
    assert bms(gap, **options)[50, 50] == 0
    assert bms(gap, opening=7, **options)[50, 50] > 0


def test_bms_dilates_and_blurs_the_sum_at_the_end():
    image, options = random_image(90, 120), dict(max_side=120)
    plain = bms(image, final_dilation=1, blur=0, **options)
    wide = cv2.dilate(plain, np.ones((9, 9), np.uint8))
    np.testing.assert_allclose(bms(image, blur=0, **options), min_max(wide), atol=1e-6)
    blurred = cv2.GaussianBlur(wide, (37, 37), 9)
    np.testing.assert_allclose(bms(image, **options), min_max(blurred), atol=1e-5)
    assert np.abs(bms(image, dilation=1, **options) - bms(image, **options)).max() > 0.01
    assert np.abs(bms(image, step=64, **options) - bms(image, **options)).max() > 0.01


def test_bms_channels():
    image = random_image(90, 120).astype(np.float32)
    plain, white = (np.corrcoef([c.ravel() for c in feature_channels(image, whiten)])
                    for whiten in (False, True))
    off_diagonal = ~np.eye(3, dtype=bool)
    assert np.abs(plain[off_diagonal]).max() > 0.2 > 0.05 > np.abs(white[off_diagonal]).max()
    # two colors differ along one axis; rounding errors of the others do not count
    image[:], image[20:60, 30:70] = RED, (30, 70, 180)
    assert [np.ptp(c) for c in feature_channels(image, True)].count(255) == 1
    lightness, red_green, yellow_blue = feature_channels(image, False)
    assert red_green[0, 0] == yellow_blue[0, 0] == 255  # red is redder and yellower than blue


def test_itti_normalization_promotes_the_only_peak():
    one = np.zeros((7, 9), np.float32)
    one[2, 3] = 4
    np.testing.assert_array_equal(normalized(one), one / 4)
    two = one.copy()
    two[5, 7] = 2
    np.testing.assert_allclose(normalized(two), two / 4 * (1 - 0.5) ** 2)
    three = two.copy()
    three[5, 1] = 1  # mean of the others: (0.5 + 0.25) / 2
    np.testing.assert_allclose(normalized(three), three / 4 * (1 - 0.375) ** 2)
    np.testing.assert_allclose(normalized(three * 7 + 3), normalized(three), atol=1e-6)
    low = one.copy()
    low[5, 7] = 0.3  # below a tenth of the maximum
    np.testing.assert_allclose(normalized(low), low / 4)
    plateau = one.copy()
    plateau[2, 4] = 4
    np.testing.assert_allclose(normalized(plateau), plateau / 4)
    equal = one.copy()
    equal[5, 7] = 4
    assert (normalized(equal) == 0).all()
    assert (normalized(np.ones((3, 3))) == 0).all()


@pytest.mark.parametrize("size, pairs", [
    ((480, 640), [(2, 5), (2, 6), (3, 6), (3, 7), (4, 7), (4, 8)]),
    ((240, 320), [(2, 5), (2, 6), (3, 6), (3, 7), (4, 7)]),
    ((1000, 37), [(2, 5)]), ((31, 31), [(1, 4)]), ((5, 3), [(0, 1)]), ((1, 1), [(0, 0)]),
])
def test_itti_has_as_many_scales_as_the_image_has_room_for(size, pairs):
    assert scale_pairs(size, (2, 3, 4), (3, 4)) == pairs


def test_itti_opponent_colors():
    image = np.array([[(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1), (.09, 0, 0)]],
                     np.float32)
    # a tenth of the brightest, white, is 0.1: the last one is too dark to have a hue
    red_green, blue_yellow = opponents(image)
    np.testing.assert_allclose(red_green[0], [3, -3, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(blue_yellow[0], [0, 0, 3, -1.5, 0, 0], atol=1e-6)


def test_itti_options_count():
    image = random_image(240, 320)
    for other in (dict(centers=(2,)), dict(deltas=(3,)), dict(angles=(0,))):
        assert np.abs(itti(image, **other) - itti(image)).max() > 0.01, other


def test_pyramids_halve_and_keep_the_mean():
    channel = np.random.default_rng(0).uniform(0, 1, (37, 64, 3)).astype(np.float32)
    levels = pyramid(channel, 7)
    assert [level.shape[:2] for level in levels] == [
        (37, 64), (19, 32), (10, 16), (5, 8), (3, 4), (2, 2), (1, 1), (1, 1)]
    np.testing.assert_allclose(pyramid(channel[:32], 3)[3].mean(), channel[:32].mean(), atol=0.01)
    np.testing.assert_allclose(pyramid(np.full((37, 9), 0.3, np.float32), 5)[5], 0.3, rtol=1e-5)
    # one pixel spreads over two at most, as the columns of [1 5 10 10 5 1] / 32
    point = np.zeros((16, 16), np.float32)
    point[8, 8] = 1
    np.testing.assert_allclose(pyramid(point, 1)[1][4, 3:6], np.array([5, 10, 1]) * 10 / 32 ** 2)


def test_gabor_filters_prefer_their_own_orientation():
    period = 7.0
    pairs = {angle: gabor_pair(angle, period, 7 / 3, 1.0, 4) for angle in (0, 45, 90, 135)}
    for kernel in (kernel for pair in pairs.values() for kernel in pair):
        assert abs(kernel.sum()) < 1e-5 and abs((kernel ** 2).sum() - 1) < 1e-5
    y, x = np.mgrid[:60, :60]
    for angle in pairs:
        turn = np.radians(angle)
        grating = np.cos(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / period)
        energy = {a: gabor_energy(grating.astype(np.float32), pair)[10:-10, 10:-10].mean()
                  for a, pair in pairs.items()}
        assert max(energy, key=energy.get) == angle
        assert energy[angle] > 3 * energy[(angle + 90) % 180]
    # stripes are found whatever their phase
    phases = [gabor_energy(np.cos(2 * np.pi * x / period + phase).astype(np.float32), pairs[0])
              [30, 30] for phase in np.linspace(0, np.pi, 13)]
    assert min(phases) > 0.6 * max(phases)


def test_dkl_axes():
    colors = np.array([[(0, 0, 0), (.5, .5, .5), (1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1)]],
                      np.float32)
    luminance, red_green, blue = (axis[0] for axis in dkl(colors))
    np.testing.assert_allclose(luminance[:3], [0, 0.2140, 1], atol=1e-3)  # sRGB's gamma
    np.testing.assert_allclose(luminance[3:], [.2126, .7152, .0722], atol=1e-3)
    for axis in (red_green, blue):
        np.testing.assert_allclose(axis[:3], 0, atol=1e-6)
    assert red_green[3] > 0.05 > -0.05 > red_green[4]
    assert blue[5] > 0.5 > -0.1 > blue[3]


def test_resizing_and_fading():
    ramp = np.arange(8, dtype=np.float32).reshape(1, 8)
    np.testing.assert_allclose(resized(ramp, (3, 4)), np.tile([0.5, 2.5, 4.5, 6.5], (3, 1)))
    np.testing.assert_allclose(faded(np.ones((7, 1)), 3)[:, 0], 1)  # no room on one side
    np.testing.assert_allclose(
        faded(np.ones((7, 9)), 3)[3], [.25, .5, .75, 1, 1, 1, .75, .5, .25])


def test_center_bias_is_the_gaussian():
    height, width, sigma = 4, 7, (0.3, 0.15)
    expected = [[np.exp(-(((y + .5) / height - .5) / sigma[0]) ** 2 / 2
                        - (((x + .5) / width - .5) / sigma[1]) ** 2 / 2)
                 for x in range(width)] for y in range(height)]
    image = random_image(height, width)
    np.testing.assert_allclose(center_bias(image, sigma), expected, rtol=1e-6)
    np.testing.assert_array_equal(center_bias(image, 0.2), center_bias(image, (0.2, 0.2)))
    # one default deviation from the center, down and to the side
    large = center_bias(np.zeros((1001, 1001, 3), np.uint8))
    assert large[500, 500] == 1
    assert abs(large[500 + 210, 500] - np.exp(-0.5)) < 1e-2
    assert abs(large[500, 500 + 235] - np.exp(-0.5)) < 1e-2
