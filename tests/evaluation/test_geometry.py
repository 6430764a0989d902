"""A network is scored on the canvas that `predict` gives it, unless the config states one."""
import csv

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.models import weights_file
from keras_saliency.prediction.predictor import predictor

SIZES = [(96, 128), (128, 96), (90, 150), (150, 90), (100, 100)]


@pytest.fixture
def pictures(tmp_path):
    """A folder of landscape, portrait and square stimuli with masks of fixations."""
    rng = np.random.default_rng(5)
    for folder in ("stimuli", "fixations"):
        (tmp_path / folder).mkdir()
    for number, size in enumerate(SIZES):
        mask = np.zeros(size, np.uint8)
        mask[rng.integers(0, size[0], 9), rng.integers(0, size[1], 9)] = 255
        for folder, values in (("stimuli", rng.integers(0, 255, (*size, 3), np.uint8)),
                               ("fixations", mask)):
            cv2.imwrite(str(tmp_path / folder / f"{number}.png"), values)
    return tmp_path


def stored(folder, fit):
    """A network trained, as its file says, at 80x112, a canvas that no dataset has."""
    model = ks.build_model("ead", width_multiplier=0.03)
    return weights_file.save(model, folder / "network.h5", {
        "model": "ead", "options": {"width_multiplier": 0.03}, "canvas": [80, 112], "fit": fit})


def scores(root, weights, *overrides):
    table = root / "scores.csv"
    score(configs.load(None, [
        "data.name=folder", f"data.root={root}", "evaluation.metrics=[nss]", "data.sigma_pixels=5",
        *overrides]), of_predictor(predictor(weights)), "all", table)
    with open(table, newline="") as file:
        return [float(row["nss"]) for row in csv.DictReader(file)]


def predicted(root, weights, canvas=None):
    model, found = ks.load_pretrained(weights), []
    for number in range(len(SIZES)):
        image = cv2.imread(str(root / "stimuli" / f"{number}.png"))[..., ::-1]
        mask = cv2.imread(str(root / "fixations" / f"{number}.png"), cv2.IMREAD_GRAYSCALE)
        found.append(ks.metrics.nss(ks.predict(model, image, canvas), mask > 0))
    return found


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_scores_are_those_of_what_predict_gives(pictures, fit):
    weights = stored(pictures, fit)
    ours, theirs = scores(pictures, weights), predicted(pictures, weights)
    assert sorted(ours) == pytest.approx(sorted(theirs), abs=1e-4)  # portrait stimuli come last


def test_a_stated_canvas_is_taken_and_not_turned(pictures):
    weights = stored(pictures, "pad")
    stated = scores(pictures, weights, "data.canvas=[64, 96]")
    assert stated == pytest.approx(predicted(pictures, weights, (64, 96)), abs=1e-4)
    assert stated != pytest.approx(predicted(pictures, weights), abs=1e-2)
    turned = scores(pictures, weights, "data.canvas=[64, 96]", "data.upright=true")
    assert sorted(turned) != pytest.approx(sorted(stated), abs=1e-2)
