"""DeepGaze I without and with its center bias (Kuemmerer, Theis and Bethge 2015, Figure 1)."""
import numpy as np

from keras_saliency import metrics
from keras_saliency.datasets import pipeline
from keras_saliency.evaluation.scores import remove_center_bias
from keras_saliency.evaluation.sources import predictions
from keras_saliency.prediction.predictor import predictor
from keras_saliency.report import plots
from papers.figures.marked_pictures import with_fixations
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.shared import deepgaze1_fit as shared

TITLE = "DeepGaze I without and with its center bias"
ABOUT = (
    f"{shared.ABOUT}. Two training and four validation stimuli are shown. The center bias is that "
    "of the fit's 363 stimuli, its weight fitted. The picture holds stimuli and is not committed.")
KEYS = ("prior",)
DATA = ("mit1003",)
RECIPE = shared.RECIPE

PRIORS = ("uniform", "center_bias")
OF_TRAINING, OF_VALIDATION = 2, 4  # stimuli shown; the paper's first two were in training
EVERY = "all validation stimuli"
SMALLEST = np.finfo(np.float32).tiny  # smallest density with a logarithm


def parts(setting) -> list:
    return [(prior,) for prior in PRIORS]


def measure(setting, prior) -> list:
    """Return rows of bits per fixation over a uniform density and shuffled AUC.

    One row for each stimulus shown, one with the means over all validation stimuli.
    """
    model, (training, validation, _) = _model(setting, prior), shared.data(setting)
    found = _scores(model, validation, f"{prior} prior")
    shown = training.select(training.spread(OF_TRAINING))
    rows = [{"stimulus": name, "part": "training", **row}
            for name, row in zip(shown.names, _scores(model, shown, "training stimuli"))]
    rows += [{"stimulus": validation.names[index], "part": "validation", **found[index]}
             for index in validation.spread(OF_VALIDATION)]
    every = {key: np.nanmean(column(found, key)) for key in found[0]}
    above = int((column(found, "bits") > 0).sum())
    return rows + [{"stimulus": EVERY, "part": "validation", **every, "stimuli": len(validation),
                    "above_chance": above}]


def _model(setting, prior):
    model = shared.fit(setting).model
    if prior == "uniform":
        remove_center_bias(model)
    return model


def _scores(model, dataset, label) -> list:
    densities = [values / values.sum(dtype=np.float64)
                 for values in predictions(predictor(model), dataset)]
    aucs = shared.aucs(densities, dataset, label)
    return [{"bits": metrics.log_likelihood(
        log_density(density), dataset.fixations.fixation_map(index)) / np.log(2)
        + np.log2(density.size), "auc_shuffled": aucs[index]["auc_shuffled"]}
        for index, density in enumerate(densities)]


def log_density(density) -> np.ndarray:
    """Return the logarithm in nats, finite also where the density is 0 in float32."""
    return np.log(np.maximum(density, SMALLEST))


def tables(rows) -> list:
    by_prior = groups(rows, "prior")
    body = [[first["stimulus"], first["part"],
             *(number(row[key]) for key in ("bits", "auc_shuffled") for row in (first, *others))]
            for first, *others in zip(*by_prior.values())]
    names = [prior.replace("_", " ") for prior in by_prior]
    return [Table("Bits per fixation over a uniform density, and shuffled AUC, by the prior:",
                  ["stimulus", "", *(f"bits, {name}" for name in names),
                   *(f"shuffled AUC, {name}" for name in names)], body)]


def verdict(rows) -> Verdict:
    every = {row["prior"]: row for row in rows if row["stimulus"] == EVERY}
    without, with_bias = (every[prior] for prior in PRIORS)
    return Verdict(
        bool(0 < without["bits"] < with_bias["bits"]
             and without["auc_shuffled"] > max(0.5, with_bias["auc_shuffled"])),
        "without a center bias the maps still say where people look, and shuffled AUC asks for "
        f"them: ours have {without['bits']:.3f} bits per fixation over uniform with a uniform "
        f"prior (above 0 on {without['above_chance']} of {without['stimuli']} stimuli), "
        f"{with_bias['bits']:.3f} with the center bias; shuffled AUC "
        f"{without['auc_shuffled']:.3f} and {with_bias['auc_shuffled']:.3f}")


def show(setting, rows) -> list:
    """Draw Figure 1: stimuli with their fixations, the log-density under either prior."""
    training, validation, _ = shared.data(setting)
    models = {prior: _model(setting, prior) for prior in PRIORS}
    strip = []
    for dataset, count in ((training, OF_TRAINING), (validation, OF_VALIDATION)):
        shown = dataset.select(dataset.spread(count))
        load = pipeline.stimulus_loader(shown)
        found = [list(predictions(predictor(model), shown)) for model in models.values()]
        strip += [(with_fixations(load(index).numpy(), shown.fixations.of(index)),
                   *(log_density(densities[index]) for densities in found),
                   shown.names[index].replace("_", " ")) for index in range(len(shown))]
    setting.scratch.mkdir(parents=True, exist_ok=True)
    path = setting.scratch / "priors.png"
    plots.sample_strip(strip, path, ("fixations", "uniform prior", "center bias"))
    return [path]
