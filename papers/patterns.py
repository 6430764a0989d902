"""Responses of units with high, medium and low scores.

He, Borji, Mi and Pugeault 2018, Figures 5 to 8, 10 and 11.
"""
import numpy as np

from keras_saliency.datasets.loading import load_part
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.metrics import cc
from keras_saliency.models import facts_of
from keras_saliency.report.study_plots import unit_figures
from keras_saliency.units.detectors import tiers
from keras_saliency.units.patterns import mean_maps
from keras_saliency.units.unit_study import MEAN_MAP_UNITS, UNITS_SHOWN, LayerStudy, study_units
from papers.making.rows import groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared.studied import UNTRAINED, encoder_output, model_of, score_encoder, short

TITLE = "Patterns of units that follow the fixations, and of those that do not"
ABOUT = (
    "Units of the encoder's last layer by their score (mean NSS of the 5 best stimuli) on the 200 "
    "validation stimuli of MIT1003, which no model was trained on (the paper: all 1003; its "
    "models are trained on SALICON). High, medium and low units without those that are never "
    "active; the crops of image times activation are pictures of stimuli and not committed. Up to "
    "50 units of a tier are standardised and averaged over the stimuli of the commonest size, and "
    "correlated with the center bias of the training fixations: below 0 they look away from the "
    "center. `imagenet` is the encoder before saliency training, which shows what training adds; "
    "the verdict is over the others. A score is over 5 stimuli and the model's NSS over all, as "
    "in the paper; the unit's NSS over all is beside it.")
KEYS = ("model",)
DATA = ("mit1003",)
OPTIONS = ("weights",)

PAPER = numbers("ead", "patterns")
MODELS, QUICK_MODELS = (UNTRAINED, "msi_net", "ead"), ("ead",)
GROUP = "mean of units"  # replaces the unit in rows of many units of a tier


def parts(setting) -> list:
    models = QUICK_MODELS if setting.quick else (*MODELS, *map(str, setting.weights))
    return [(name,) for name in dict.fromkeys(models)]


def measure(setting, model) -> list:
    """Return rows for a few units of each tier, and one for up to 50 units of it together.

    The mean activation_map of the latter is correlated with the center bias.
    """
    data, network = setting.data("mit1003"), model_of(setting, model)
    dataset, canvas = load_part(data, "validation"), facts_of(network).require_canvas()
    layer, units_of, joined, found, nss = score_encoder(network, dataset, model)
    study = LayerStudy(model, layer, units_of, joined, found)
    center = center_bias(load_part(data, "training"))
    alike, rows = _commonest_size(dataset), []
    shown = tiers(found, UNITS_SHOWN, joined.alive)
    for tier, units in tiers(found, MEAN_MAP_UNITS, joined.alive).items():
        rows += [{"tier": tier, "unit": study.name(unit), "score": found.scores[unit],
                  "mean_nss": joined.moments.mean[unit], "model_nss": nss, "center": np.nan,
                  "units": 1, "stimuli": len(dataset)} for unit in shown[tier]]
        rows.append({"tier": tier, "unit": GROUP, "score": found.scores[units].mean(),
                     "mean_nss": joined.moments.mean[units].mean(), "model_nss": nss,
                     "center": _centered(network, study, units, dataset, alike, canvas, center),
                     "units": len(units), "stimuli": len(alike)})
    return rows


def _commonest_size(dataset) -> np.ndarray:
    """Return the indices of stimuli of the commonest size, which leave no uneven padding."""
    _, kinds, counts = np.unique(dataset.sizes, axis=0, return_inverse=True, return_counts=True)
    return np.flatnonzero(kinds.ravel() == counts.argmax())


def _centered(network, study, units, dataset, indices, canvas, center) -> float:
    """Correlate the units' mean standardised activation_map with the center bias.

    The result for several layers is their mean, weighted by the number of units.
    """
    by_layer = {}
    for unit in units:
        layer, place = study.place(unit)
        by_layer.setdefault(layer, []).append(place)
    maps = mean_maps(network, by_layer, dataset, indices, canvas, label="averaging")
    return float(np.average([cc(values, center.predict(values.shape).saliency_map)
                             for values in maps.values()],
                            weights=[len(by_layer[layer]) for layer in maps]))


def tables(rows) -> list:
    body = [[f"`{short(row['model'])}`", row["tier"],
             f"{row['units']} units" if row["unit"] == GROUP else row["unit"],
             number(row["score"], 2), number(row["mean_nss"], 2), number(row["model_nss"], 2),
             number(row["center"], 2)] for row in rows]
    paper = "; ".join(f"{name} {score:.2f} and {nss:.2f}" for name, (score, nss) in PAPER.items())
    return [Table("Mean NSS of a unit's 5 best stimuli and of all; the model's; correlation of "
                  f"the mean map with the center bias (the paper's best units and models: "
                  f"{paper}):",
                  ["model", "tier", "unit", "NSS, 5 best", "NSS, all", "NSS of the model",
                   "correlation with the center"], body)]


def verdict(rows) -> Verdict:
    texts, beyond, away = [], [], []
    for model, some in groups(rows, "model").items():
        best = max((row for row in some if row["unit"] != GROUP), key=lambda row: row["score"])
        [low] = [row for row in some if (row["tier"], row["unit"]) == ("low", GROUP)]
        if model != UNTRAINED:
            beyond.append(best["score"] > best["model_nss"])
            away.append(low["center"] < 0)
        texts.append(f"{short(model)} {best['score']:.2f} ({best['mean_nss']:.2f} over all) "
                     f"against {best['model_nss']:.2f}, {low['center']:+.2f}")
    return Verdict(bool(beyond and all(beyond) and all(away)), (
        "the best units' score is far beyond the model's NSS, and low units have a negative "
        f"center bias; ours (score, NSS of the model, correlation): {'; '.join(texts)}"))


def show(setting, rows) -> list:
    """Draw Figures 5 to 11: crops of image times activation for each tier, and mean maps."""
    models = {short(name): model_of(setting, name) for name in groups(rows, "model")}
    study = study_units(models, [f"{name}:{encoder_output(model)}"
                                 for name, model in models.items()],
                        load_part(setting.data("mit1003"), "validation"))
    return list(unit_figures(study, setting.scratch).values())
