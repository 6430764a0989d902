"""Plots: curves of a training run, strips of pictures."""
import re
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest

from keras_saliency.metrics import METRICS, metric_label
from keras_saliency.report import plots


def read_rgb(path):
    return cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]


def color_of(name, level):
    return np.round(np.array(matplotlib.colormaps[name](level)[:3]) * 255)


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
    plots.training_curve(history(epochs, scores), path, min(2, epochs - 1))
    picture = read_rgb(path)
    assert picture.shape == (*size, 3)
    assert [p.name for p in tmp_path.iterdir()] == ["curve.png"]
    # No ink at the very border: nothing is cut off.
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    assert (border == 255).all()
    # Every panel marks the best epoch with one dashed line in its own colour.
    red = tuple(int(plots.BEST[i:i + 2], 16) for i in (1, 3, 5))
    marked = (np.abs(picture.astype(int) - red).max(2) < 30).sum(0) > 0.08 * len(picture)
    lines = (np.diff(np.concatenate([[0], marked.astype(int)])) == 1).sum()
    assert lines >= 1 + (len(scores) if len(scores) <= 2 else -(-len(scores) // 2))


def test_labels_of_scores_have_units():
    assert metric_label("kld") == "KLD, nats" and metric_label("nss") == "NSS"
    assert metric_label("information_gain") == "information gain, bits"
    assert metric_label("gold_standard") == "gold standard"  # of no metric
    assert all(spec.label for spec in METRICS.values())


def test_the_epoch_that_is_marked_is_the_one_given(tmp_path):
    """Of a run that is monitored by NSS it is not the one of the lowest loss."""
    columns = {"epoch": [1, 2, 3, 4, 5], "loss": [5, 4, 3, 2, 1]}
    places = []
    for best in (0, 4):
        plots.training_curve(columns, tmp_path / "curve.png", best)
        picture = read_rgb(tmp_path / "curve.png")
        red = tuple(int(plots.BEST[i:i + 2], 16) for i in (1, 3, 5))
        marked = (np.abs(picture.astype(int) - red).max(2) < 30).sum(0)
        places.append(int(marked.argmax()))
    assert places[0] < places[1] - 200


def test_training_curve_with_gaps_and_without_epoch_numbers(tmp_path):
    plots.training_curve({"loss": [3.0, 2.0, np.nan], "val_loss": [None, None, None],
                            "val_nss": [None, 1.0, None]}, tmp_path / "a.png")
    plots.training_curve({"loss": [3.0, 2.0, 1.0]}, tmp_path / "b.png")
    plots.training_curve({"val_loss": [-3.0, 2.0, 1.0]}, tmp_path / "c.png")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("columns, message", [
    ({}, "no columns"), ({"val_nss": [1.0]}, "val_nss"), ({"loss": []}, "at least one epoch"),
    ({"loss": [1.0], "val_loss": [1.0, 2.0]}, "differ in length")])
def test_training_curve_rejects(tmp_path, columns, message):
    with pytest.raises(ValueError, match=message):
        plots.training_curve(columns, tmp_path / "x.png")
    assert list(tmp_path.iterdir()) == []


def test_sample_strip_shows_picture_and_map_at_equal_height(tmp_path):
    stimulus = np.full((24, 32, 3), (10, 200, 30), np.uint8)
    ramp = np.tile(np.linspace(0, 1, 32), (24, 1))
    path = tmp_path / "strip.png"
    plots.sample_strip([(stimulus, ramp, ramp * 0, "")] * 2, path)
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
    plots.sample_strip(rows, tmp_path / "a.png", titles=("prediction of the model",))
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
        plots.sample_strip(rows, tmp_path / "x.png", titles=("first", "second"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text, lines", [
    ("", [""]), ("a\nb", ["a", "b"]), ("popout_0003_intensity", ["popout_0003_intensity"]),
    ("COCO_val2014_000000000042.jpg", ["COCO_val2014_", "000000000042.jpg"]),
    ("x" * 50, ["x" * 24, "x" * 24, "xx"]), ("NSS 2.13 for the first of all",
                                             ["NSS 2.13 for the first", "of all"])])
def test_wrap(text, lines):
    assert plots._wrap(text).split("\n") == lines


def test_report_uses_no_pyplot_and_changes_no_setting(tmp_path):
    """pyplot holds global state and picks a display; threads and servers have none."""
    before = dict(matplotlib.rcParams)
    plots.training_curve(history(2), tmp_path / "curve.png")
    plots.sample_strip([(np.eye(3), "a")], tmp_path / "strip.png", titles=("map",))
    assert dict(matplotlib.rcParams) == before
    for file in Path(plots.__file__).parent.glob("*.py"):
        code = file.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) .*pyplot", code, re.MULTILINE), file
