"""Gain by calibration on few stimuli, in bits per fixation on other stimuli (no paper has it)."""
import numpy as np
from tqdm import tqdm

from keras_saliency.datasets.loading import load_part
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.models import facts_of, load_pretrained
from keras_saliency.training import likelihood
from keras_saliency.training.calibration import ROWS, looked_at, score
from papers.making.rows import column, groups
from papers.making.spec import Table, Verdict

TITLE = "How many stimuli a calibration takes"
ABOUT = (
    "Networks (`--weights`) are calibrated (`ks.calibrate`) on 10, 25, 50 and 100 training "
    "stimuli of MIT1003, three draws each, and scored on its validation stimuli.")
KEYS = ("weights",)
DATA = ("mit1003",)
OPTIONS = ("weights",)

STIMULI, DRAWS = (10, 25, 50, 100), 3
NAMES = [row.replace(" ", "_") for row in ROWS]
QUICK = (4, 5)


def parts(setting) -> list:
    return [(str(name),) for name in setting.weights or ("msi_net",)]


def measure(setting, weights) -> list:
    """Calibrate a network on draws of the training stimuli, score it on the validation stimuli.

    Draw k takes the first stimuli of a permutation with seed k, so a larger draw holds the smaller
    ones. The center bias is that of the draw. Rows hold mean bits per fixation over a uniform
    density with 95 % bootstrap intervals over the validation stimuli.
    """
    data, sizes = setting.data("mit1003", upright=False), QUICK if setting.quick else STIMULI
    training, validation = (looked_at(load_part(data, part))
                            for part in ("training", "validation"))
    orders = [np.random.RandomState(k).permutation(len(training))
              for k in range(1 if setting.quick else DRAWS)]
    drawn = np.unique(np.concatenate([order[:max(sizes)] for order in orders]))
    model = load_pretrained(weights)
    fitted, scored = (_collect(model, part, data.canvas)
                      for part in (training.select(drawn), validation))
    rows = []
    for count in tqdm(sizes, desc=f"calibrations of {weights}", unit="size"):
        for k, order in enumerate(orders):
            found = likelihood.fit(fitted, np.searchsorted(drawn, np.sort(order[:count])))
            bits = score(scored, np.arange(len(validation)), *found)
            row = {"stimuli": count, "draw": k, "scored_on": len(validation)}
            for name, mean, (low, high) in zip(NAMES, bits.mean(axis=0),
                                               bootstrap_intervals(bits)):
                row |= {name: mean, f"{name}_low": low, f"{name}_high": high}
            rows.append(row)
    return rows


def _collect(model, dataset, canvas):
    canvas = tuple(canvas or facts_of(model).require_canvas())
    return likelihood.collect(model, dataset, canvas)


def tables(rows) -> list:
    body = []
    for (weights, stimuli), some in groups(rows, "weights", "stimuli").items():
        values = (column(some, name) for name in NAMES)
        body.append([f"`{weights}`", stimuli, *(
            f"{v.mean():.3f} ({v.min():.3f} to {v.max():.3f})" for v in values)])
    return [Table(f"Bits per fixation over uniform on {rows[0]['scored_on']} validation stimuli, "
                  "mean of the draws (lowest to highest):", ["weights", "stimuli", *ROWS], body)]


def verdict(rows) -> Verdict:
    gains = [f"{weights}: {(column(some, NAMES[2]) - column(some, NAMES[1])).mean():+.3f}"
             for weights, some in groups(rows, "weights").items()]
    return Verdict(None, "of no paper; bits per fixation that calibration adds, mean over all "
                         f"numbers of stimuli: {', '.join(gains)}")
