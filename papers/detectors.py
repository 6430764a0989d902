"""Share of positive fixation detectors in better and worse models.

He, Borji, Mi and Pugeault 2018, Table 5, by the method of Figure 3.
"""
import numpy as np

from keras_saliency.datasets.loading import load_part
from keras_saliency.report.plots import BEST, TRAIN, VALIDATION
from keras_saliency.units.statistics import pearson
from papers.figures.detectors import detector_figure
from papers.making.rows import column, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared.studied import UNTRAINED, model_of, score_encoder, short

TITLE = "Positive fixation detectors and the NSS of models"
ABOUT = (
    "A unit's score is the mean NSS of its 5 best stimuli; scores are scaled to 0..1 over the "
    "units of the encoder's last layer, and those above 0.9 are detectors. Scored on the 200 "
    "validation stimuli of MIT1003 (split 42), which none of the models was trained on (the "
    "paper: all 1003 stimuli, models trained on SALICON); models given with `--weights` must have "
    "been trained on OSIE or on MIT1003's training stimuli. `imagenet` is VGG16 before any "
    "saliency training, its output the mean of its units; it is shown, and r is over the trained "
    "models. DeepGaze I's units are those before rectification, as its readout takes them.")
KEYS = ("model",)
DATA = ("mit1003",)
OPTIONS = ("weights",)

_PAPER = numbers("ead", "detectors")
PAPER, PAPER_R = _PAPER["models"], _PAPER["correlation"]
MODELS = (UNTRAINED, "msi_net", "ead")
QUICK_MODELS = (UNTRAINED, "ead", "salgan", "msi_net")
ALPHA, FEWEST = 0.05, 3


def parts(setting) -> list:
    if setting.quick:
        return [(name,) for name in QUICK_MODELS]
    return [(name,) for name in dict.fromkeys((*MODELS, *map(str, setting.weights)))]


def measure(setting, model) -> list:
    """Count the detectors in the encoder's last layer and score the model by NSS."""
    dataset = load_part(setting.data("mit1003"), "validation")
    scored = score_encoder(model_of(setting, model), dataset, model)
    found = scored.detectors
    return [{"layer": scored.layer, "units": len(found.scores), "detectors": len(found.units),
             "ratio": found.ratio, "best_score": found.scores[found.ranked()[0]],
             "dead": int((~scored.scores.alive).sum()), "stimuli": len(dataset),
             "nss": scored.nss}]


def tables(rows) -> list:
    body = [[f"`{short(row['model'])}`", f"`{row['layer']}`", row["units"], row["dead"],
             row["detectors"], f"{100 * row['ratio']:.1f} %", number(row["best_score"], 2),
             number(row["nss"], 2)] for row in sorted(rows, key=lambda row: row["nss"])]
    body += [[f"{name} (the paper)", "", units, "", detectors, f"{100 * ratio:.1f} %", "", nss]
             for name, (units, detectors, ratio, nss) in sorted(
                 PAPER.items(), key=lambda item: item[1][-1])]
    return [Table(f"Positive fixation detectors on {rows[0]['stimuli']} stimuli, by the model's "
                  "NSS (Table 5):", ["model", "layer", "activation_maps", "never active",
                                     "detectors", "ratio", "best unit", "NSS of the model"], body)]


def correlation(rows):
    """Return Pearson's r of ratio and NSS over the trained models."""
    trained = [row for row in rows if row["model"] != UNTRAINED]
    return pearson(column(trained, "ratio"), column(trained, "nss"))


def verdict(rows) -> Verdict:
    found = correlation(rows)
    text = f"better models have a higher ratio of detectors (r = {PAPER_R} over 4 models)"
    if found.points < FEWEST:
        return Verdict(None, f"{text}: {found.points} trained models of ours can neither show nor "
                       "refute it; --weights adds others")
    if np.isnan(found.coefficient):
        return Verdict(False, f"{text}: {found.points} trained models of ours do not differ")
    untrained = [row for row in rows if row["model"] == UNTRAINED]
    with_it = pearson(column(rows, "ratio"), column(rows, "nss")).coefficient
    return Verdict(
        bool(found.coefficient > 0 and found.p_value < ALPHA),
        f"{text}; ours r = {found.coefficient:.2f} (p = {found.p_value:.2g}) over {found.points} "
        "trained models" + (f", {with_it:.2f} with the untrained encoder" if untrained else ""))


def draw(rows, stem) -> None:
    def points(some):
        return [(short(row["model"]), row["ratio"], row["nss"]) for row in some]

    detector_figure({
        "the paper": (TRAIN, [(name, *values[2:]) for name, values in PAPER.items()]),
        "ours, trained": (VALIDATION, points([r for r in rows if r["model"] != UNTRAINED])),
        "ours, before training": (BEST, points([r for r in rows if r["model"] == UNTRAINED])),
    }, stem)
