"""Explained information of models on MIT1003 (Kuemmerer, Theis and Bethge 2015, Figure 3)."""
import numpy as np

from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.models import list_models
from keras_saliency.training.lbfgs import OBSERVERS, observer_shares
from papers.figures.subsets import bar_figure
from papers.making.rows import number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import deepgaze1_fit as shared
from papers.shared.explained import explained_bits

TITLE = "Explained information"
ABOUT = (
    f"{shared.ABOUT}. The others get a nonlinearity, a blur and a center bias fitted to the 363 "
    "stimuli (`ks.calibrate`'s fit; its nonlinearity and center bias differ a little from the "
    "paper's). The center bias that gains are over is a histogram of the 363 stimuli; densities "
    "are compared at cells of some pixels. eDN cannot be had. `msi_net` and `ead` of `weights/` "
    "were trained on MIT1003 by another division, in which most of the stimuli scored here were "
    "for training.")
KEYS = ("model",)
DATA = ("mit1003",)
RECIPE = shared.RECIPE
OPTIONS = ("weights",)

PAPER = numbers("deepgaze1", "deepgaze1_explained")
CLASSICAL = tuple(list_models(classical=True))


def parts(setting) -> list:
    return [(name,) for name in shared.model_names(setting)]


def measure(setting, model) -> list:
    """Return bits per fixation on the validation stimuli and their share of the gold standard.

    A DeepGaze I adds the scores of the observers left out, if its run has them.
    """
    network, (training, validation, _) = shared.load(setting, model), shared.data(setting)
    between = shared.limits(setting)
    bits = explained_bits(network, training, validation)
    gains = between.gains(bits)
    ((low, high),) = bootstrap_intervals(gains[:, np.newaxis])
    row = {"network": network.facts.name, "stimuli": len(validation), "bits": bits.mean(),
           "gain": gains.mean(), "gain_low": low, "gain_high": high,
           "gold_standard": np.nanmean(between.gains(between.gold)), "share": between.share(bits),
           "trained_on": network.facts.about.get("dataset", "")}
    observers = (shared.folder_of(setting, model) / OBSERVERS
                 if shared.is_deepgaze1(model) else None)
    if observers is not None and observers.exists():
        count, found = observer_shares(observers)
        row["observers"] = count
        for stimuli, (gain, gold, share) in found.items():
            row.update({f"observers_gain_{stimuli}": gain, f"observers_gold_{stimuli}": gold,
                        f"observers_share_{stimuli}": share})
    return [row]


def tables(rows) -> list:
    body = [[f"`{row['model']}`" + " (trained on MIT1003)" * shared.saw_the_data(row),
             number(row["bits"]),
             f"{number(row['gain'])} [{number(row['gain_low'])}, {number(row['gain_high'])}]",
             number(100 * row["share"], 0)]
            for row in sorted(rows, key=lambda row: -row["share"])]
    body += [[name, "", "", number(100 * share, 0)] for name, share in PAPER.items()]
    found = [Table(f"Bits per fixation on {rows[0]['stimuli']} validation stimuli over a uniform "
                   "density, over the center bias with 95 % bootstrap intervals, and the share of "
                   f"the gold standard's {number(rows[0]['gold_standard'])} in percent:",
                   ["model", "over uniform", "over the center bias", "%"], body)]
    left_out = [[f"`{row['model']}`", stimuli, number(row[f"observers_gain_{stimuli}"]),
                 number(row[f"observers_gold_{stimuli}"]),
                 number(100 * row[f"observers_share_{stimuli}"], 0)]
                for row in rows if row.get("observers", "") != ""
                for stimuli in ("training", "validation")]
    if left_out:
        found.append(Table("Each observer predicted by a fit to the others (the paper's measure):",
                           ["model", "stimuli", "over the center bias", "gold standard", "%"],
                           left_out))
    return found


def verdict(rows) -> Verdict:
    ours = max((row for row in rows if row["network"] == shared.FIT),
               key=lambda row: row["share"])
    paper, paper_before = (f"{100 * share:.0f} %" for share in PAPER.values())
    before = max((row for row in rows if row["model"] in CLASSICAL), key=lambda row: row["share"])
    later = [f"{row['model']} {row['share']:.0%}"
             + " (trained on MIT1003)" * shared.saw_the_data(row)
             for row in rows if row["network"] != shared.FIT and row["model"] not in CLASSICAL]
    return Verdict(
        bool(ours["gain_low"] > before["gain_high"]),
        "DeepGaze I explains far more of the explainable information than the models before it "
        f"({paper} against {paper_before}); ours {ours['share']:.0%}, the best classical model "
        f"{before['share']:.0%} ({before['model']})"
        + (f"; later networks: {', '.join(later)}" if later else ""))


def draw(rows, stem) -> None:
    """Draw Figure 3, with DeepGaze I in another color."""
    bar_figure([("information gain explained", "share of the gold standard", 0,
                 {row["model"]: row["share"] for row in rows},
                 {row["model"] for row in rows if row["network"] == shared.FIT}, PAPER)], stem)
