"""NMM of models on pop-out arrays: how far their maps stand out at the target, by kind.

He et al. 2019, Table 4 and Figure 8.
"""
import numpy as np
from tqdm import tqdm

from keras_saliency import metrics
from keras_saliency.datasets import pipeline
from keras_saliency.evaluation.sources import predictions
from keras_saliency.models import find_weights, list_models, list_pretrained
from keras_saliency.prediction.predictor import predict, predictor
from keras_saliency.report import plots
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers

TITLE = "Models on pop-out search arrays"
ABOUT = (
    "Generated arrays of 480x640, eight of each of ten kinds, in place of the paper's 80; models "
    "are those in `weights/`, what `--weights` names, and the classical ones. NMM is the mean of "
    "the standardised map inside the target's mask.")
KEYS = ("model",)
OPTIONS = ("weights",)

PAPER = numbers("understanding", "popout")
CLASSICAL = ("bms", "gbvs", "itti")
SHOWN = 6  # arrays of the figure


def parts(setting) -> list:
    names = [] if setting.quick else [*_trained(), *setting.weights]
    return [(str(name),) for name in (*list_models(classical=True), *names)]


def measure(setting, model) -> list:
    """Return the mean NMM over the arrays (eq. 4) with standard error, and by kind."""
    dataset = setting.arrays()
    maps, kinds = predictions(predictor(model), dataset), np.array(dataset.categories)
    values = np.array([metrics.nmm(saliency_map, pipeline.target_mask(dataset, index))
                       for index, saliency_map in enumerate(tqdm(
                           maps, total=len(dataset), desc=model, unit="stimulus"))])
    return [{"all": values.mean(), "standard_error": values.std(ddof=1) / np.sqrt(len(values)),
             **{kind: values[kinds == kind].mean() for kind in dict.fromkeys(kinds.tolist())}}]


def tables(rows) -> list:
    shown = ["all", "standard_error", *(c for c in rows[0] if c not in (
        "model", "all", "standard_error", "settings", "minutes"))]
    body = [[f"`{row['model']}`", *(number(row[c], 2) for c in shown)]
            for row in sorted(rows, key=lambda row: -row["all"])]
    paper = [f"{name} {value}" for names in PAPER.values() for name, value in names.items()]
    return [Table(f"Mean NMM (the paper, on 80 arrays of its own: {', '.join(paper)}):",
                  ["model", *(c.replace("_", " ") for c in shown)], body)]


def verdict(rows) -> Verdict:
    found = {name: column(some, "all")[0] for name, some in groups(rows, "model").items()}
    classical = {name: found[name] for name in CLASSICAL}
    deep = {name: value for name, value in found.items()
            if name not in (*CLASSICAL, "center_bias")}
    text = "classical models find the odd item better than deep ones"
    if not deep:
        return Verdict(None, f"{text}: no deep model was scored")
    worst, best = min(classical, key=classical.get), max(deep, key=deep.get)
    return Verdict(bool(classical[worst] > deep[best]),
                   f"{text}: the lowest classical NMM is {classical[worst]:.2f} ({worst}), the "
                   f"highest deep one {deep[best]:.2f} ({best})")


def show(setting, rows) -> list:
    """Draw Figure 8: arrays of different kinds, every model's map on its own canvas."""
    dataset = setting.arrays()
    load = pipeline.stimulus_loader(dataset)
    models = {row["model"]: predictor(row["model"]) for row in rows}
    chosen = dataset.spread(SHOWN)
    images = [load(index).numpy() for index in chosen]
    strip = [(image, *(predict(model, image) for model in models.values()),
              dataset.categories[index]) for index, image in zip(chosen, images)]
    path = setting.scratch / "popout_maps.png"
    plots.sample_strip(strip, path, ("array", *models))
    return [path]


def _trained() -> list:
    """Return the trained models in `weights/`, each once though it may have an alias."""
    by_file = {}
    for name in list_pretrained():
        by_file.setdefault(find_weights(name), name)
    return list(by_file.values())
