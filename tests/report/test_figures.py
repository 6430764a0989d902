"""Maps as pictures, atomic files, and the two figures of a training run."""
import re
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from keras_saliency.files import atomic_path
from keras_saliency.prediction import overlay
from keras_saliency.report import figures

RAMP = np.array([[0.0, 0.5, 1.0]])


def read_rgb(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]


def color_of(name, level):
    return np.round(np.array(matplotlib.colormaps[name](level)[:3]) * 255)


# overlay.py

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


def test_levels_of_huge_and_of_integer_maps():
    huge = np.finfo(np.float64).max
    assert overlay.density_picture([[-huge, 0.0, huge]]).tolist() == [[0, 128, 255]]
    assert overlay.density_picture(np.array([[200, 250, 255]], np.uint8))[0, 2] == 255
    assert overlay.density_picture([[True, False]]).tolist() == [[255, 0]]


@pytest.mark.parametrize("bad, message", [
    ([[0.0, np.nan]], r"NaN or infinite values \(1 of 2\)"), ([[np.inf, 0.0]], "infinite"),
    (np.zeros((2, 3, 1)), r"\[2, 3, 1\]"), (np.zeros((0, 3)), "not empty")])
def test_bad_maps_are_named(bad, message):
    for function in (overlay.colorize, overlay.density_picture):
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
    for bad in (color.astype(float), color[..., :2], color[0, 0]):
        with pytest.raises(ValueError, match="uint8"):
            overlay.save_png(tmp_path / "bad.png", bad)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gray.png", "new"]


# files.py

def test_atomic_path_keeps_name_ending_and_folder(tmp_path):
    target = tmp_path / "a" / "b" / "model.weights.h5"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent and temporary.name.endswith(".weights.h5")
        temporary.write_text("new")
        assert not target.exists()
    assert target.read_text() == "new"
    assert [p.name for p in target.parent.iterdir()] == ["model.weights.h5"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failed_writer_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(error):
        with atomic_path(target) as temporary:
            temporary.write_text("half of the n")
            raise error
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        with atomic_path(tmp_path / "x.txt"):
            pass
    assert list(tmp_path.iterdir()) == []


# figures.py

def history(epochs, scores=("nss", "cc")):
    steps = np.arange(1, epochs + 1)
    columns = dict(epoch=steps, loss=1 / steps, val_loss=(steps - 3.0) ** 2 + 1)
    columns.update({f"val_{name}": 1 - 1 / (steps + i) for i, name in enumerate(scores)})
    return {name: list(values) for name, values in columns.items()}


@pytest.mark.parametrize("epochs, scores, size", [
    (5, ("nss", "cc"), (480, 1470)), (1, ("nss",), (480, 1080)), (3, (), (480, 690)),
    (60, ("nss", "cc", "sim", "kld", "auc_judd"), (720, 1860))])
def test_training_curve_writes_the_expected_pixels(tmp_path, epochs, scores, size):
    path = tmp_path / "curve.png"
    figures.training_curve(history(epochs, scores), path)
    picture = read_rgb(path)
    assert picture.shape == (*size, 3)
    assert [p.name for p in tmp_path.iterdir()] == ["curve.png"]
    # No ink at the very border: nothing is cut off.
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (border == 255).all()
    # Every panel marks the best epoch with one dashed line in its own colour.
    red = tuple(int(figures.BEST[i:i + 2], 16) for i in (1, 3, 5))
    marked = (np.abs(picture.astype(int) - red).max(2) < 30).sum(0) > 0.08 * len(picture)
    lines = (np.diff(np.concatenate([[0], marked.astype(int)])) == 1).sum()
    assert lines >= 1 + (len(scores) if len(scores) <= 2 else -(-len(scores) // 2))


def test_training_curve_with_gaps_and_without_epoch_numbers(tmp_path):
    figures.training_curve({"loss": [3.0, 2.0, np.nan], "val_loss": [None, None, None],
                            "val_nss": [None, 1.0, None]}, tmp_path / "a.png")
    figures.training_curve({"loss": [3.0, 2.0, 1.0]}, tmp_path / "b.png")
    figures.training_curve({"val_loss": [-3.0, 2.0, 1.0]}, tmp_path / "c.png")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("columns, message", [
    ({}, "no columns"), ({"val_nss": [1.0]}, "val_nss"), ({"loss": []}, "at least one epoch"),
    ({"loss": [1.0], "val_loss": [1.0, 2.0]}, "differ in length")])
def test_training_curve_rejects(tmp_path, columns, message):
    with pytest.raises(ValueError, match=message):
        figures.training_curve(columns, tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_sample_strip_shows_picture_and_map_at_equal_height(tmp_path):
    stimulus = np.full((24, 32, 3), (10, 200, 30), np.uint8)
    ramp = np.tile(np.linspace(0, 1, 32), (24, 1))
    path = tmp_path / "strip.png"
    figures.sample_strip([(stimulus, ramp, ramp * 0, "")] * 2, path)
    picture = read_rgb(path)
    # Inches: head .26, two rows of 1.35, gap .06, margin .08; three columns of 1.8.
    assert abs(picture.shape[0] - 3.10 * 150) <= 1
    assert abs(picture.shape[1] - (2 * 0.08 + 3 * 1.8 + 2 * 0.06) * 150) <= 1
    middle = picture[(39 + 101)]
    same = np.flatnonzero((middle == (10, 200, 30)).all(1))
    assert abs(len(same) - 270) <= 2 and abs(same[0] - 12) <= 1
    column = picture[:, same[0] + 100]
    assert abs((column == (10, 200, 30)).all(1).sum() - 2 * 202.5) <= 4
    dark = (middle == color_of("inferno", 0)).all(1).sum()
    assert dark >= 270  # the constant map, and the start of the ramp
    assert (np.abs(middle.astype(int) - color_of("inferno", 255)).max(1) < 3).any()


def test_sample_strip_takes_any_columns_sizes_and_labels(tmp_path):
    rng = np.random.default_rng(2)
    rows = [(rng.random(size), "COCO_val2014_000000000042.jpg, costs $5 or $6") for size in
            [(20, 30), (30, 20), (1, 1), (40, 400)]]
    figures.sample_strip(rows, tmp_path / "a.png", titles=("prediction of the model",))
    picture = read_rgb(tmp_path / "a.png")
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (border == 255).all()


@pytest.mark.parametrize("rows, message", [
    ([], "no rows"), ([(np.zeros((3, 3)), "a")], "row 0 has 1 cells"),
    ([(np.zeros((3, 3)), np.full((3, 3), np.nan), "a")], "row 0, second: .*NaN"),
    ([(np.zeros((3, 3)), np.zeros((3, 3, 3)), "a")], "row 0, second: .*float64"),
    ([(np.zeros((3, 3)), np.zeros((3, 3)), "a")] * 400, "at most")])
def test_sample_strip_rejects(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        figures.sample_strip(rows, tmp_path / "x.png", titles=("first", "second"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text, lines", [
    ("", [""]), ("a\nb", ["a", "b"]), ("popout_0003_intensity", ["popout_0003_intensity"]),
    ("COCO_val2014_000000000042.jpg", ["COCO_val2014_", "000000000042.jpg"]),
    ("x" * 50, ["x" * 24, "x" * 24, "xx"]), ("NSS 2.13 for the first of all",
                                             ["NSS 2.13 for the first", "of all"])])
def test_wrap(text, lines):
    assert figures._wrap(text).split("\n") == lines


def test_report_uses_no_pyplot_and_changes_no_setting(tmp_path):
    """pyplot holds global state and picks a display; threads and servers have none."""
    before = dict(matplotlib.rcParams)
    figures.training_curve(history(2), tmp_path / "curve.png")
    figures.sample_strip([(np.eye(3), "a")], tmp_path / "strip.png", titles=("map",))
    assert dict(matplotlib.rcParams) == before
    for file in Path(figures.__file__).parent.glob("*.py"):
        code = file.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) .*pyplot", code, re.MULTILINE), file
