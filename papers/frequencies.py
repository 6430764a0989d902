"""Objects and parts that positive fixation detectors detect most often.

He, Borji, Mi and Pugeault 2018, eq. 6 and Figure 12, on a labelled folder such as Broden.
"""
import cv2
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.concepts import load_concepts
from keras_saliency.datasets.loading import load_part
from keras_saliency.models import facts_of
from keras_saliency.report.plots import bars, save_plot
from keras_saliency.units.activations import members
from keras_saliency.units.detectors import detector_units
from keras_saliency.units.dissection import dissect, find_thresholds, frequency_rows
from papers.making.rows import groups, number
from papers.making.spec import Table, Verdict
from papers.shared.studied import encoder_output, model_of, short

TITLE = "Concepts that positive fixation detectors detect"
ABOUT = (
    "The detectors are found on MIT1003's 200 validation stimuli as in `detectors`, and their "
    "masks (cells above the 99.5 % quantile) compared with the labels of `--root broden=PATH`: "
    "Broden, or a folder with `images/`, `labels/` and `labels.csv`. f_n is the share of the "
    "images with a concept in which the mask of a detector has an IoU above 0.04 with it; the "
    "paper does not say when it counts a concept as detected. Of each category the first 15 are "
    "shown; the verdict is over the first 5.")
KEYS = ("model",)
DATA = ("mit1003", "broden")
OPTIONS = ("weights",)

CATEGORIES = ("object", "part")
# Section 5: detectors respond to animals and persons, and to parts of heads
FAVOURED = {"object": {"dog", "cat", "cow", "sheep", "person", "horse", "bird"},
            "part": {"head", "hair", "torso", "ear", "neck", "eye", "eyebrow", "nose", "mouth",
                     "muzzle"}}
SHOWN, FIRST = 15, 5  # concepts in a panel of Figure 12, and in the verdict
MODELS, QUICK_MODELS = ("ead", "msi_net"), ("ead",)


def parts(setting) -> list:
    models = QUICK_MODELS if setting.quick else (*MODELS, *map(str, setting.weights))
    return [(name,) for name in dict.fromkeys(models)]


def measure(setting, model) -> list:
    """Return a row for each object and part: images with it, detections and f_n."""
    network, dataset = model_of(setting, model), load_part(setting.data("mit1003"), "validation")
    concepts = load_concepts(_generated(setting) if setting.quick else setting.root("broden"))
    layer, canvas = encoder_output(network), facts_of(network).require_canvas()
    chosen = detector_units(network, [layer], dataset, label=f"{short(model)}: scoring units")
    sketches = find_thresholds(network, members(layer), concepts, canvas)
    found = dissect(network, members(layer), concepts,
                    {name: sketch.result() for name, sketch in sketches.items()}, canvas,
                    chosen=chosen, null=False)
    return [{"layer": name, "category": category, "concept": concept, "images": images,
             "detected": detected, "frequency": frequency, "detectors": len(chosen[name])}
            for name, dissection in found.items()
            for _, category, concept, images, detected, frequency in frequency_rows(
                name, dissection) if category in CATEGORIES]


def _generated(setting):
    """Make a labelled folder for --quick: targets are "dog", their upper halves "head"."""
    root, dataset = setting.scratch / "labelled", load_part(setting.data("mit1003"), "all")
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    load = pipeline.stimulus_loader(dataset)
    for index, name in enumerate(dataset.names):
        labels = (pipeline.target_mask(dataset, index) > 0).astype(np.uint8)
        rows = np.flatnonzero(labels.any(axis=1))
        labels[:rows[len(rows) // 2]] *= 2
        cv2.imwrite(str(root / "images" / f"{name}.png"), load(index).numpy()[..., ::-1])
        cv2.imwrite(str(root / "labels" / f"{name}.png"), labels)
    (root / "labels.csv").write_text("number,name,category\n1,dog,object\n2,head,part\n",
                                     encoding="utf-8")
    return root


def tables(rows) -> list:
    made = []
    for category, some in groups(rows, "category").items():
        columns = {key: _most_frequent(own) for key, own in groups(some, "model", "layer").items()}
        body = [[place + 1, *(f"{r[place]['concept']} {number(r[place]['frequency'], 2)}"
                              if place < len(r) else "" for r in columns.values())]
                for place in range(min(SHOWN, max(map(len, columns.values()))))]
        made.append(Table(f"{category.capitalize()}s that a detector detects most often, and f_n "
                          "(Figure 12):",
                          ["", *(f"`{short(model)}`, `{layer}`" for model, layer in columns)],
                          body))
    return made


def _most_frequent(rows) -> list:
    return sorted(rows, key=lambda row: (-row["frequency"], str(row["concept"])))[:SHOWN]


def verdict(rows) -> Verdict:
    text = "detectors are for animals and persons, and for heads and their parts"
    texts, shown = [], []
    for category, some in groups(rows, "category").items():
        if category not in FAVOURED or not FAVOURED[category] & {row["concept"] for row in some}:
            continue
        for model, own in groups(some, "model").items():
            first = [row for row in _most_frequent(own)[:FIRST] if row["frequency"] > 0]
            favoured = [row for row in first if row["concept"] in FAVOURED[category]]
            shown.append(2 * len(favoured) > len(first))
            texts.append(f"{short(model)}: {len(favoured)} of the first {len(first)} {category}s")
    if not texts:
        return Verdict(None, f"{text}: the folder labels none of them")
    return Verdict(all(shown), f"{text}; ours, {'; '.join(texts)}")


def draw(rows, stem) -> None:
    save_plot(bars({f"{short(model)}: {category}": [
        (str(row["concept"]), row["frequency"]) for row in _most_frequent(some)]
        for (model, category), some in groups(rows, "model", "category").items()},
        "detection frequency f_n"), stem)
