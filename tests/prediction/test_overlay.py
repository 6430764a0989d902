"""Maps as pictures: false colours, overlays, PNG files."""
import cv2
import matplotlib
import numpy as np
import pytest

from keras_saliency.prediction import overlay

RAMP = np.array([[0.0, 0.5, 1.0]])


def read_rgb(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]


def color_of(name, level):
    return np.round(np.array(matplotlib.colormaps[name](level)[:3]) * 255)


@pytest.mark.parametrize("name", ["inferno", "viridis", "gray"])
def test_colorize_spans_the_colormap(name):
    colors = overlay.colorize(RAMP * 7 - 3, name)
    assert colors.shape == (1, 3, 3) and colors.dtype == np.uint8
    for pixel, level in zip(colors[0], (0, 128, 255)):
        np.testing.assert_array_equal(pixel, color_of(name, level))


@pytest.mark.parametrize("value", [0.0, 5.0, -1e30])
def test_constant_map_has_the_colour_of_level_0(value):
    constant = np.full((4, 6), value)
    assert (overlay.colorize(constant) == color_of("inferno", 0)).all()
    assert not overlay.density_picture(constant).any()


def test_density_picture_by_hand():
    picture = overlay.density_picture([[2.0, 3.0], [4.0, 12.0]])
    assert picture.dtype == np.uint8
    assert picture.tolist() == [[0, 26], [51, 255]]  # 255 * (0, 0.1, 0.2, 1), half to even


def test_levels_of_float32_are_those_of_float64():
    values = np.random.default_rng(0).gamma(1.0, 3.0, (60, 80)).astype(np.float32)
    difference = overlay.density_picture(values).astype(int) - overlay.density_picture(
        values.astype(np.float64))
    assert (difference != 0).mean() < 1e-3 and abs(difference).max() <= 1  # ties alone
    smallest = np.array([[0, 2e-38, 3e-38]], np.float32)
    np.testing.assert_array_equal(overlay.density_picture(smallest), [[0, 170, 255]])
    levels = overlay.density_picture(values)
    np.testing.assert_array_equal(overlay.colorize(levels), overlay.colorize(values))
    np.testing.assert_array_equal(overlay.density_picture(levels), levels)


def test_levels_of_huge_and_of_integer_maps():
    huge = np.finfo(np.float64).max
    assert overlay.density_picture([[-huge, 0.0, huge]]).tolist() == [[0, 128, 255]]
    assert overlay.density_picture(np.array([[200, 250, 255]], np.uint8))[0, 2] == 255
    assert overlay.density_picture([[True, False]]).tolist() == [[255, 0]]


def test_a_map_that_is_kept_is_in_proportion_to_its_picture():
    levels = overlay.fine_picture([[2.0, 3.0], [4.0, 12.0]])
    assert levels.dtype == np.uint16
    assert levels.tolist() == [[10922, 16384], [21845, 65535]]  # 65535 * (1/6, 1/4, 1/3, 1)
    huge = np.finfo(np.float64).max
    for values, expected in (
            ([[-1.0, 0.0, 3.0]], [[0, 16384, 65535]]), ([[-4.0, -2.0]], [[0, 65535]]),
            ([[-huge, 0.0, huge]], [[0, 32768, 65535]]), ([[0, 2e-320]], [[0, 65535]]),
            ([[0.0, 0.0]], [[0, 0]]), ([[-3.0, -3.0]], [[0, 0]]), ([[5, 5]], [[65535, 65535]]),
            ([[False, True]], [[0, 65535]])):
        assert overlay.fine_picture(values).tolist() == expected, values


@pytest.mark.parametrize("bad, message", [
    ([[0.0, np.nan]], r"NaN or infinite values \(1 of 2\)"), ([[np.inf, 0.0]], "infinite"),
    (np.zeros((2, 3, 1)), r"\[2, 3, 1\]"), (np.zeros((0, 3)), "not empty")])
def test_bad_maps_are_named(bad, message):
    for function in (overlay.colorize, overlay.density_picture, overlay.fine_picture):
        with pytest.raises(ValueError, match=message):
            function(bad)


def test_unknown_colormap_suggests_the_right_one():
    with pytest.raises(ValueError, match="inferno"):
        overlay.colorize(RAMP, "infreno")


def test_callers_cannot_spoil_the_colour_table():
    overlay.colorize(RAMP)[:] = 0
    np.testing.assert_array_equal(overlay.colorize(RAMP)[0, 2], color_of("inferno", 255))


def test_overlay_endpoints_and_middle():
    rng = np.random.default_rng(0)
    image, values = rng.integers(0, 256, (5, 7, 3), np.uint8), rng.random((5, 7))
    np.testing.assert_array_equal(overlay.overlay(image, values, alpha=0), image)
    np.testing.assert_array_equal(overlay.overlay(image, values, alpha=1),
                                  overlay.colorize(values))
    middle = overlay.overlay(image, values, alpha=0.5).astype(float)
    expected = (image.astype(float) + overlay.colorize(values)) / 2
    assert np.abs(middle - expected).max() <= 0.5


@pytest.mark.parametrize("image, options, message", [
    (np.zeros((4, 5, 3), np.uint8), {}, "4x6, the image 4x5"),
    (np.zeros((4, 6, 3)), {}, "uint8"), (np.zeros((4, 6), np.uint8), {}, "uint8"),
    (np.zeros((4, 6, 3), np.uint8), dict(alpha=1.5), "alpha"),
    (np.zeros((4, 6, 3), np.uint8), dict(alpha=float("nan")), "alpha")])
def test_overlay_rejects(image, options, message):
    with pytest.raises(ValueError, match=message):
        overlay.overlay(image, np.zeros((4, 6)), **options)


def test_save_png_keeps_every_pixel_and_the_channel_order(tmp_path):
    rng = np.random.default_rng(1)
    color = rng.integers(0, 256, (5, 7, 3), np.uint8)
    overlay.save_png(tmp_path / "new" / "color.png", color)
    np.testing.assert_array_equal(read_rgb(tmp_path / "new" / "color.png"), color)
    overlay.save_png(tmp_path / "gray.png", color[..., 0])
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / "gray.png"), cv2.IMREAD_UNCHANGED), color[..., 0])
    fine = rng.integers(0, 65536, (5, 7), np.uint16)
    overlay.save_png(tmp_path / "fine.png", fine)
    np.testing.assert_array_equal(
        cv2.imread(str(tmp_path / "fine.png"), cv2.IMREAD_UNCHANGED), fine)
    for bad in (color.astype(float), color[..., :2], color[0, 0]):
        with pytest.raises(ValueError, match="uint8"):
            overlay.save_png(tmp_path / "bad.png", bad)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fine.png", "gray.png", "new"]
