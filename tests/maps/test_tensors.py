"""Canvas geometry and map mathematics against closed forms and numpy."""
import numpy as np
import pytest

from keras_saliency import maps
from keras_saliency.datasets import fixations
from keras_saliency.maps import geometry

SIZES = [(600, 800), (800, 600), (240, 320), (37, 1000), (1000, 37), (1, 1), (1, 4000),
         (100, 100), (333, 641)]


@pytest.mark.parametrize("size", SIZES)
def test_canvas_holds_the_whole_picture_in_its_aspect_ratio(size):
    h, w = maps.fitted_size(size, (240, 320)).numpy()
    ratio = min(240 / size[0], 320 / size[1])
    assert (h, w) == (max(1, round(size[0] * ratio)), max(1, round(size[1] * ratio)))
    image = np.full((*size, 3), 200, np.uint8)
    canvas = maps.to_canvas(image, (240, 320)).numpy()
    assert canvas.shape == (240, 320, 3) and canvas.dtype == np.float32
    inside = canvas[..., 0] == 200
    assert inside.sum() == h * w and (canvas[~inside] == 126).all()
    top, left = np.argwhere(inside)[0]
    assert (top, left) == ((240 - h) // 2, (320 - w) // 2)  # symmetric, floor first
    assert (top, left) == tuple(maps.canvas_offset(size, (240, 320)).numpy())


@pytest.mark.parametrize("size", SIZES)
def test_from_canvas_brings_a_map_back_to_its_size(size):
    canvas = np.zeros((240, 320, 1), np.float32)
    fitted = maps.fitted_size(size, (240, 320)).numpy()
    top, left = maps.canvas_offset(size, (240, 320)).numpy()
    canvas[top:top + fitted[0], left:left + fitted[1]] = 0.7
    back = maps.from_canvas(canvas, size).numpy()
    assert back.shape == (*size, 1)
    np.testing.assert_allclose(back, 0.7, atol=1e-6)  # no padding gets in


def test_round_trip_keeps_a_smooth_picture():
    yy, xx = np.mgrid[:120, :160]
    picture = (np.sin(yy / 30) * np.cos(xx / 40))[..., None].astype(np.float32)
    back = maps.from_canvas(maps.to_canvas(picture, (240, 320), 0.0), (120, 160)).numpy()
    np.testing.assert_allclose(back, picture, atol=0.02)


def test_resizing_never_leaves_the_range():
    picture = (np.random.default_rng(0).random((20, 30, 1)) > 0.5).astype(np.float32)
    big = maps.to_canvas(picture, (200, 300), 0.0).numpy()
    assert big.min() >= 0 and big.max() <= 1


def test_shrinking_is_by_area():
    picture = np.zeros((4, 4, 1), np.float32)
    picture[0, 0] = 1
    # Aligned corners: windows of (4 - 1) / (2 - 1) = 3 pixels, as the authors' code has it.
    small = maps.resize(picture, (2, 2)).numpy()[..., 0]
    assert small[0, 0] == pytest.approx(1 / 9, abs=1e-6)


@pytest.mark.parametrize("size", [(60, 80), (80, 60), (7, 200)])
def test_points_stay_in_their_pixel_of_the_picture(size):
    canvas = (48, 64)
    corners = np.array([[0, 0], [size[1] - 0.001, size[0] - 0.001], [size[1] - 1, 0]])
    moved = maps.points_to_canvas(corners, size, canvas).numpy()
    h, w = maps.fitted_size(size, canvas).numpy()
    top, left = maps.canvas_offset(size, canvas).numpy()
    assert (moved[:, 0] >= left).all() and (moved[:, 0] < left + w).all()
    assert (moved[:, 1] >= top).all() and (moved[:, 1] < top + h).all()
    assert maps.fixation_map(moved, canvas).numpy().sum() == 3


def test_density_and_counts_equal_the_numpy_ones():
    rng = np.random.default_rng(0)
    points = np.floor(np.stack([rng.uniform(0, 80, 30), rng.uniform(0, 60, 30)], 1))
    np.testing.assert_allclose(maps.density_map(points, (60, 80), 5.0).numpy()[..., 0],
                               fixations.density_map(points, (60, 80), 5.0), atol=1e-7)
    np.testing.assert_array_equal(maps.fixation_map(points, (60, 80)).numpy()[..., 0],
                                  fixations.fixation_map(points, (60, 80)))
    assert maps.density_map(np.zeros((0, 2)), (6, 8), 5.0).numpy().sum() == 0


def test_min_max_and_peak():
    values = np.array([[1.0, 3.0], [2.0, 5.0]], np.float32)
    np.testing.assert_allclose(maps.min_max(values), (values - 1) / 4)
    np.testing.assert_allclose(maps.peak_normalize(values), values / 5)
    assert (maps.min_max(np.full((3, 3), 2.0)).numpy() == 0).all()
    assert (maps.peak_normalize(np.zeros((3, 3))).numpy() == 0).all()


def test_canvas_turns_with_the_picture():
    assert geometry.oriented_canvas((600, 800), (240, 320)) == (240, 320)
    assert geometry.oriented_canvas((800, 600), (240, 320)) == (320, 240)
    assert geometry.oriented_canvas((500, 500), (240, 320)) == (240, 320)
    assert geometry.oriented_canvas((800, 600), (360, 360)) == (360, 360)


def _area_means(picture, size):
    """[h, w] by NumPy where the windows of the aligned corners are whole pixels; beyond the border
    its pixel is repeated."""
    steps = [(n - 1) // (m - 1) for n, m in zip(picture.shape, size)]
    assert all((n - 1) == s * (m - 1) for n, m, s in zip(picture.shape, size, steps))
    padded = np.pad(picture, [(0, m * s - n) for n, m, s in zip(picture.shape, size, steps)],
                    mode="edge")
    return padded.reshape(size[0], steps[0], size[1], steps[1]).mean(axis=(1, 3))


@pytest.mark.parametrize("size", SIZES)
def test_a_stretched_picture_fills_the_canvas(size):
    assert tuple(maps.fitted_size(size, (240, 320), "stretch").numpy()) == (240, 320)
    assert tuple(maps.canvas_offset(size, (240, 320), "stretch").numpy()) == (0, 0)
    canvas = maps.to_canvas(np.full((*size, 3), 200, np.uint8), (240, 320), fit="stretch").numpy()
    assert canvas.shape == (240, 320, 3) and (canvas == 200).all()
    back = maps.from_canvas(np.full((240, 320, 1), 0.7, np.float32), size, "stretch").numpy()
    assert back.shape == (*size, 1)
    np.testing.assert_allclose(back, 0.7, atol=1e-6)


@pytest.mark.parametrize("size", [(13, 9), (9, 13), (25, 5)])  # two of them portrait
def test_stretching_shrinks_each_side_by_its_own_factor(size):
    picture = np.random.default_rng(0).random(size).astype(np.float32)
    stretched = maps.to_canvas(picture[..., None], (5, 5), fit="stretch").numpy()[..., 0]
    np.testing.assert_allclose(stretched, _area_means(picture, (5, 5)), atol=1e-6)


def test_a_side_that_shrinks_and_one_that_grows_are_done_one_after_the_other():
    picture = np.random.default_rng(0).random((13, 2)).astype(np.float32)
    stretched = maps.to_canvas(picture[..., None], (5, 3), fit="stretch").numpy()[..., 0]
    shrunk = _area_means(picture, (5, 2))  # corners stay, and the cubic between two is their mean
    middle = shrunk.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(stretched, np.concatenate(
        [shrunk[:, :1], middle, shrunk[:, 1:]], axis=1), atol=1e-6)


@pytest.mark.parametrize("size", [(160, 120), (120, 160), (300, 50)])
def test_round_trip_over_a_square_keeps_a_smooth_picture(size):
    yy, xx = np.mgrid[:size[0], :size[1]]
    picture = (np.sin(yy / size[0] * 4) * np.cos(xx / size[1] * 4))[..., None].astype(np.float32)
    canvas = maps.to_canvas(picture, (96, 96), 0.0, "stretch")
    np.testing.assert_allclose(maps.from_canvas(canvas, size, "stretch"), picture, atol=0.05)


@pytest.mark.parametrize("size", [(80, 60), (60, 80), (7, 200)])
def test_stretched_points_keep_their_relative_place(size):
    rng = np.random.default_rng(0)
    points = rng.uniform((0, 0), (size[1], size[0]), (50, 2))
    moved = maps.points_to_canvas(points, size, (48, 64), "stretch").numpy()
    expected = (np.floor(points) + 0.5) / (size[1], size[0]) * (64, 48)
    np.testing.assert_allclose(moved, expected, rtol=1e-5)
    counts = maps.fixation_map(moved, (48, 64)).numpy()[..., 0]
    x, y = np.floor(expected.T).astype(int)
    numbers = np.zeros((48, 64))
    np.add.at(numbers, (y, x), 1)
    np.testing.assert_array_equal(counts, numbers)


def test_a_canvas_that_is_stretched_over_does_not_turn():
    assert geometry.oriented_canvas((800, 600), (240, 320), "stretch") == (240, 320)
    assert geometry.oriented_canvas((600, 800), (320, 240), "stretch") == (320, 240)
