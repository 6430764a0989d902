"""AUCs of models on MIT1003 (Kuemmerer, Theis and Bethge 2015, Figure 4)."""
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.scores import remove_center_bias
from keras_saliency.evaluation.sources import predictions
from keras_saliency.models import list_models
from papers.figures.subsets import bar_figure
from papers.making.rows import column, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import deepgaze1_fit as shared

TITLE = "AUCs of DeepGaze I"
ABOUT = (
    f"{shared.ABOUT}; the paper's scores are of the MIT benchmark, whose fixations cannot be had. "
    "Nonfixations of shuffled AUC are the fixations on all other validation stimuli. The "
    "benchmark's ten thresholds are coarse for peaked densities: the middle column has a "
    "thousand. Models other than DeepGaze I are scored as they are; `msi_net` and `ead` of "
    "`weights/` were trained on MIT1003 by another division, in which most of these stimuli were "
    "for training.")
KEYS = ("model",)
DATA = ("mit1003",)
RECIPE = shared.RECIPE
OPTIONS = ("weights",)

PAPER = numbers("deepgaze1", "deepgaze1_auc")
COLUMNS = {"auc_shuffled": "shuffled AUC", "auc_shuffled_fine": "with fine thresholds",
           "auc_judd": "AUC-Judd"}
FITTED_BIAS = "training histogram"
CLASSICAL = tuple(list_models(classical=True))


def parts(setting) -> list:
    return [(name,) for name in (*shared.model_names(setting), FITTED_BIAS)]


def measure(setting, model) -> list:
    """Return mean AUCs over the validation stimuli.

    DeepGaze I has its center bias for AUC-Judd and not for shuffled AUC (section 2.2).
    """
    training, validation, _ = shared.data(setting)
    if model == FITTED_BIAS:
        bias = center_bias(training, method="histogram")
        maps, name = (bias(validation, i).saliency_map for i in range(len(validation))), model
    else:
        network = shared.load(setting, model)
        maps, name = predictions(network, validation), network.facts.name
    found = shared.aucs(maps, validation, model)
    row = {"network": name, "stimuli": len(validation),
           **{metric: column(found, metric).mean() for metric in COLUMNS}}
    if name == shared.FIT:
        row.update(auc_shuffled_with_prior=row["auc_shuffled"])
        remove_center_bias(network.model)
        without = shared.aucs(predictions(network, validation), validation,
                              f"{model}, uniform prior")
        row.update({metric: column(without, metric).mean()
                    for metric in ("auc_shuffled", "auc_shuffled_fine")})
    row["trained_on"] = "" if model == FITTED_BIAS else (
        network.facts.about.get("dataset", ""))
    return [row]


def tables(rows) -> list:
    body = [[f"`{row['model']}`" + " (trained on MIT1003)" * shared.saw_the_data(row),
             *(number(row[metric]) for metric in COLUMNS)]
            for row in sorted(rows, key=lambda row: -row["auc_shuffled"])]
    names = dict.fromkeys(name for values in PAPER.values() for name in values)
    body += [[name, *(number(PAPER.get(metric, {}).get(name, "")) for metric in COLUMNS)]
             for name in names]
    return [Table(f"Means over {rows[0]['stimuli']} validation stimuli; shuffled AUC of DeepGaze I "
                  "under a uniform prior; the paper's are of the MIT benchmark:",
                  ["model", *COLUMNS.values()], body)]


def verdict(rows) -> Verdict:
    ours = max((row for row in rows if row["network"] == shared.FIT),
               key=lambda row: row["auc_shuffled"])
    before = [row for row in rows if row["model"] in (*CLASSICAL, FITTED_BIAS)]
    best = {metric: max(before, key=lambda row: row[metric]) for metric in PAPER}
    texts = [f"{COLUMNS[metric]} {ours[metric]:.3f} against {best[metric][metric]:.3f} "
             f"({best[metric]['model']})" for metric in PAPER]
    later = [f"{row['model']} {row['auc_shuffled']:.3f} and {row['auc_judd']:.3f}" for row in rows
             if row not in before and row["network"] != shared.FIT]
    return Verdict(
        all(ours[metric] > best[metric][metric] for metric in PAPER),
        f"DeepGaze I beats the models before it in shuffled AUC {_paper('auc_shuffled')} and in "
        f"AUC {_paper('auc_judd')}; ours {' and '.join(texts)}"
        + (f"; later networks: {', '.join(later)}" if later else ""))


def _paper(metric) -> str:
    """Return the paper's scores of DeepGaze I and the best model before it, as text."""
    ours, before, _ = PAPER[metric].values()
    return f"({ours:.3f} against {before:.3f})"


def draw(rows, stem) -> None:
    """Draw Figure 4, a and b."""
    marked = {row["model"] for row in rows if row["network"] == shared.FIT}
    bar_figure([(COLUMNS[metric], label, 0.5, {row["model"]: row[metric] for row in rows}, marked,
                 PAPER[metric])
                for metric, label in (("auc_shuffled", "DeepGaze I: uniform prior"),
                                      ("auc_judd", "DeepGaze I: with its center bias"))], stem)
