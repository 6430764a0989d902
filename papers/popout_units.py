"""Pop-out targets in the layers of VGG16 before any saliency training.

He, Tavakoli, Borji, Mi and Pugeault 2019, Table 5, Figures 2 and 9; `readouts` makes Table 6.
"""
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.models import facts_of
from keras_saliency.report import plots
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.patterns import enlarge, unit_maps
from keras_saliency.units.regions import score_targets
from keras_saliency.units.statistics import mean_of_top
from papers.making.rows import number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared.studied import READOUT_CANVAS, UNTRAINED, model_of, short

TITLE = "Pop-out targets in single units, layer by layer"
ABOUT = (
    "VGG16 before any saliency training (`imagenet`), on 80 generated arrays of 480x640 in place "
    "of the paper's 80, stretched to its 224x224; `--weights` adds trained models. A unit's NMM "
    "is the mean of its standardised, enlarged activation_map inside the target's mask; of each "
    "layer the ten units with the highest mean over the arrays count. What fine-tuning does to "
    "the last layer (Table 6) is in `readouts`.")
KEYS = ("model",)
OPTIONS = ("weights",)

PAPER = numbers("understanding", "popout_units")  # by layer
MIDDLE, LAST = "block4_conv1", "block5_conv3"
SHOWN = 6  # arrays of the picture


def parts(setting) -> list:
    return [(name,) for name in (UNTRAINED, *map(str, setting.weights))]


def measure(setting, model) -> list:
    """Return a row for each layer: mean NMM of its ten best units, the best unit and its NMM."""
    moments = score_targets(model_of(setting, model, READOUT_CANVAS), list(PAPER), setting.arrays(),
                            label=f"{short(model)}: scoring targets")
    return [{"layer": layer, "units": len(found.mean), "nmm": mean_of_top(found),
             "best_unit": int(np.nanargmax(found.mean)), "best_nmm": np.nanmax(found.mean)}
            for layer, found in moments.items()]


def tables(rows) -> list:
    body = [[f"`{short(row['model'])}`", f"`{row['layer']}`", number(row["nmm"], 2),
             row["best_unit"], number(row["best_nmm"], 2), PAPER[row["layer"]]]
            for row in rows]
    return [Table("Mean NMM of the ten best units of each layer (Table 5; the paper's numbers are "
                  "those before training):",
                  ["model", "layer", "ours", "best unit", "its NMM", "the paper"], body)]


def verdict(rows) -> Verdict:
    nmm = {row["layer"]: row["nmm"] for row in rows if row["model"] == UNTRAINED}
    return Verdict(bool(nmm[MIDDLE] > nmm[LAST]), (
        f"before training pop-out is in the middle layers and fades towards the last ({MIDDLE} "
        f"{PAPER[MIDDLE]}, {LAST} {PAPER[LAST]}); ours {nmm[MIDDLE]:.2f} and {nmm[LAST]:.2f}, "
        f"highest in {max(nmm, key=nmm.get)}"))


def show(setting, rows) -> list:
    """Draw Figure 9: arrays, masks and the map of the best middle unit before training."""
    model, dataset = model_of(setting, UNTRAINED, READOUT_CANVAS), setting.arrays()
    load, canvas = pipeline.stimulus_loader(dataset), facts_of(model).require_canvas()
    chosen = dataset.spread(SHOWN)
    best = [int(np.argmax(score_targets(model, [MIDDLE], dataset.select([index]), canvas)
                          [MIDDLE].mean)) for index in chosen]
    maps = unit_maps(model, [MIDDLE], dataset, {MIDDLE: zip(chosen, best)}, canvas)[MIDDLE]
    strip = []
    for index, unit in zip(chosen, best):
        cells, size = maps[int(index), unit], tuple(int(s) for s in dataset.sizes[index])
        plan = canvas_resampling(size, cells.shape, canvas, fit=facts_of(model).fit)
        strip.append((load(index).numpy(), pipeline.target_mask(dataset, index),
                      enlarge(cells, plan),
                      f"{dataset.categories[index]}, unit {unit}"))
    path = setting.scratch / "popout_units.png"
    plots.sample_strip(strip, path, ("array", "target", f"best unit of {MIDDLE}"))
    return [path]
