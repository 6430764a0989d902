"""Maps of MSI-Net with and without its ASPP module (Kroner et al. 2020, Figure 3)."""
from pathlib import Path

import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scoring import density_of
from keras_saliency.models import load_pretrained
from keras_saliency.prediction.predictor import predict
from keras_saliency.report import plots
from papers.ablations import FULL, TITLES
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.shared import ablated
from papers.shared.scored import evaluation_of
from papers.shared.studied import short

TITLE = "Maps with and without ASPP"
ABOUT = (
    "Validation stimuli of OSIE with the maps of the networks of `--weights` (by default all "
    "trainings of `ablations`), the four that gain most in CC (densities at 16 pixels); the paper "
    "shows one example of each of CAT2000's four categories that gain most. Networks trained on "
    "MIT1003 among them have not seen OSIE. The picture holds stimuli and is not committed.")
KEYS = ("model",)
DATA = ("osie",)
OPTIONS = ("weights",)

WITHOUT = "no_aspp"
SHOWN = 4  # stimuli of the paper's figure


def parts(setting) -> list:
    return [(path,) for path in ablated.runs(setting)]


def measure(setting, model) -> list:
    """Score one network: a row with the CC on each validation stimulus of OSIE."""
    network, (_, stimuli, spec) = load_pretrained(model), load_data(setting.data("osie"))
    result = evaluation_of(network, stimuli, spec.sigma, ["cc"], label=short(model))
    return [{"variant": ablated.variant_of(network), "stimulus": name, "cc": cc}
            for name, cc in zip(stimuli.names, result.scores["cc"])]


def means(rows) -> dict:
    """Return {variant: {stimulus: mean CC over its trainings}}."""
    return {variant: {stimulus: column(its, "cc").mean()
                      for stimulus, its in groups(some, "stimulus").items()}
            for variant, some in groups(rows, "variant").items()}


def gains(rows) -> dict:
    """Return {stimulus: CC with ASPP minus CC without}, largest first; empty without both."""
    found = means(rows)
    if not {FULL, WITHOUT} <= set(found):
        return {}
    gained = {stimulus: cc - found[WITHOUT][stimulus] for stimulus, cc in found[FULL].items()}
    return dict(sorted(gained.items(), key=lambda item: -item[1]))


def tables(rows) -> list:
    found, gained = means(rows), gains(rows)
    shown = list(gained)[:SHOWN] or list(next(iter(found.values())))[:SHOWN]
    body = [[stimulus, *(number(ccs[stimulus]) for ccs in found.values())] for stimulus in shown]
    body.append(["all", *(number(np.mean(list(ccs.values()))) for ccs in found.values())])
    return [Table("CC on the stimuli of the picture, those that gain most by ASPP, and over all:",
                  ["stimulus", *(TITLES[variant] for variant in found)], body)]


def verdict(rows) -> Verdict:
    text, gained = "multi-scale information makes maps more like the fixations", gains(rows)
    if not gained:
        return Verdict(None, f"{text}: there are no networks with and without ASPP to compare")
    values = np.array(list(gained.values()))
    return Verdict(bool(values.mean() > 0 and (values > 0).mean() > 0.5),
                   f"{text}: CC with ASPP is higher on {int((values > 0).sum())} of {len(values)} "
                   f"stimuli, by {values.mean():+.3f} in the mean and {values.max():+.3f} at most")


def show(setting, rows) -> list:
    """Draw the stimuli that gain most, their densities and a map of each variant."""
    _, stimuli, spec = load_data(setting.data("osie"))
    load = pipeline.stimulus_loader(stimuli)
    networks = {variant: load_pretrained(str(some[0]["model"]))
                for variant, some in groups(rows, "variant").items()}
    chosen = list(gains(rows) or next(iter(means(rows).values())))[:SHOWN]
    strip = []
    for name in map(str, chosen):
        index = stimuli.names.index(name)
        image = load(index).numpy()
        strip.append((image, density_of(stimuli, index, spec.sigma),
                      *(predict(network, image) for network in networks.values()), name))
    path = Path(setting.scratch) / "ablation_maps.png"
    plots.sample_strip(strip, path, ("stimulus", "fixation density",
                                       *(TITLES[variant] for variant in networks)))
    return [path]
