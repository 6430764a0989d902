"""Scene classification against saliency on the same stimuli (He et al. 2019, Table 8)."""
from pathlib import Path

import cv2

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_part
from keras_saliency.files import InputError
from papers.making.rows import number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import scene_training as scenes

TITLE = "Attention of a scene classifier"
ABOUT = (
    "VGG16 learns the scenes of OSIE's stimuli from `--pictures`, a folder of images for each "
    "scene; its encoder goes into `scripts/analyze_units.py` for Table 7.")
KEYS = ("encoder",)
DATA = ("osie",)
OPTIONS = ("pictures", "least_images")

PAPER = numbers("understanding", "scenes")
TINY = {"encoder_weights": None, "width_multiplier": 0.03, "dense": (8,), "epochs": 1}


def parts(setting) -> list:
    return [("imagenet",)]


def measure(setting, encoder) -> list:
    """Let VGG16 learn the scenes; score its attention by NSS, apart for right and wrong answers."""
    dataset = load_part(setting.data("osie"), "all")
    pictures, least, options = setting.pictures, setting.least_images, {}
    if setting.quick:
        pictures, least, options = _generated(dataset, setting.scratch / "scenes"), 2, TINY
    if pictures is None:
        raise InputError("scenes needs --pictures FOLDER, with a folder of images for each scene")
    found = scenes.run(pictures, dataset, setting.scratch, least or scenes.LEAST_IMAGES,
                       setting.log, **options)
    right, wrong = found.pop("images")
    return [{**found, "images_correct": right, "images_wrong": wrong}]


def _generated(dataset, folder) -> Path:
    """Write the dataset's arrays into two folders by kind, as if kinds were scenes."""
    load = pipeline.stimulus_loader(dataset)
    for index, kind in enumerate(dataset.categories):
        path = folder / ("color" if kind == "color" else "other") / f"{dataset.names[index]}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), load(index).numpy()[..., ::-1])
    return folder


def tables(rows) -> list:
    row = rows[0]
    return [Table("NSS of the mean activation_map of block5_conv3:",
                  ["", "correct prediction", "wrong prediction"],
                  [["paper", *(number(value, 2) for value in PAPER.values())],
                   ["ours", number(row["correct"], 2), number(row["wrong"], 2)]])]


def verdict(rows) -> Verdict:
    paper, ours = (", ".join(number(values[name], 2) for name in PAPER)
                   for values in (PAPER, rows[0]))
    return Verdict(max(rows[0][name] for name in PAPER if rows[0][name] != "") < 0.5,
                   "a scene classifier attends elsewhere than people, right or wrong (NSS "
                   f"{paper}); ours {ours}")
