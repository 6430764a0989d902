"""Units that DeepGaze I relies on (Kuemmerer, Theis and Bethge 2015, Figures 6 and 7)."""
import numpy as np

from keras_saliency import maps
from keras_saliency.datasets import pipeline
from keras_saliency.report import plots
from keras_saliency.training import lbfgs
from keras_saliency.units.activations import dataset_activations
from keras_saliency.units.unit_scores import score_dataset
from papers.figures.marked_pictures import response_picture, with_box
from papers.making.rows import column, number
from papers.making.spec import Table, Verdict
from papers.shared import deepgaze1_fit as shared

TITLE = "Units that DeepGaze I relies on"
ABOUT = (
    f"{shared.ABOUT}. Responses are before the rectification, as the paper's; a unit with a "
    "negative weight is shown where it responds least. The pictures hold stimuli and are not "
    "committed. The paper's 256 units are of one layer, ours of three.")
KEYS = ("backbone",)
DATA = ("mit1003",)
RECIPE = shared.RECIPE

UNITS = 10                 # of Figure 6
SHOWN_UNITS, SHOWN = 4, 4  # units of Figure 7, patches of each


def parts(setting) -> list:
    return [("vgg16",)]


def measure(setting, backbone) -> list:
    """Return a row for each of the ten units with the largest weights.

    It has the weight, also as a share of the largest; the share of all weights (by absolute value)
    up to this unit; the unit's mean NSS over the validation stimuli and its place among all units,
    the highest first.
    """
    run = shared.fit(setting)
    units = lbfgs.read_rows(run.folder / lbfgs.UNITS)
    scores = score_dataset(run.model, list(dict.fromkeys(u["layer"] for u in units)),
                           run.section.evaluated, run.section.spec.canvas)
    nss = {layer: found.moments.mean for layer, found in scores.items()}
    every = np.array([nss[u["layer"]][u["unit"]] for u in units])
    weights = np.abs([u["weight"] for u in units])
    return [{**unit, "share_of_largest": weights[k] / weights[0],
             "share_of_all_so_far": weights[:k + 1].sum() / weights.sum(),
             "nss": every[k], "nss_place": int((every > every[k]).sum()) + 1,
             "units": len(units)} for k, unit in enumerate(units[:UNITS])]


def tables(rows) -> list:
    body = [[row["rank"], f"`{row['layer']}` {row['unit']}", number(row["weight"], 4),
             number(row["share_of_largest"], 2), number(100 * row["share_of_all_so_far"], 1),
             number(row["nss"], 2), row["nss_place"]] for row in rows]
    return [Table(f"The ten most weighted of {rows[0]['units']} units; NSS on the validation "
                  "stimuli:", ["", "unit", "weight", "of the largest", "% of all weights so far",
                               "NSS", "place by NSS"], body)]


def verdict(rows) -> Verdict:
    weight, nss = column(rows, "weight"), column(rows, "nss")
    agree = int((np.sign(weight) == np.sign(nss)).sum())
    first, last = rows[0], rows[-1]
    return Verdict(None, (
        "faces, text and pop-out as the first three units are the paper's reading of patches, "
        f"which has no number; ours: {len(rows)} of {first['units']} units have "
        f"{last['share_of_all_so_far']:.1%} of all weights, the last of them "
        f"{last['share_of_largest']:.2f} of the largest; weight and NSS have the same sign in "
        f"{agree} of them, and the first has NSS {first['nss']:.2f}, place {first['nss_place']} of "
        "all units"))


def show(setting, rows) -> list:
    """Draw Figure 6, the nine best patches of each unit, and Figure 7, some of them in context."""
    run = shared.fit(setting)
    setting.scratch.mkdir(parents=True, exist_ok=True)
    patches, context = (setting.scratch / f"{name}.png" for name in ("patches", "context"))
    lbfgs.draw_patches(run, patches)
    _draw_context(run, context)
    return [patches, context]


def _draw_context(run, path) -> None:
    """Draw a row for each place with two pictures for each unit: marked stimulus, response."""
    signs = {unit["rank"]: -1 if unit["weight"] < 0 else 1
             for unit in lbfgs.read_rows(run.folder / lbfgs.UNITS)}
    chosen = [patch for patch in lbfgs.read_rows(run.folder / lbfgs.PATCHES)
              if patch["rank"] <= SHOWN_UNITS and patch["place"] <= SHOWN]
    load, index_of = pipeline.stimulus_loader(run.section.training), {
        name: index for index, name in enumerate(run.section.training.names)}
    rows, canvas = {}, run.section.spec.canvas
    responses = _responses(run, chosen, index_of)
    for patch in chosen:
        index = index_of[patch["stimulus"]]
        picture = maps.to_canvas(load(index), canvas).numpy()
        response = responses[index][patch["layer"]][..., patch["unit"]]
        rows.setdefault(patch["place"], []).extend([
            with_box(picture, *lbfgs.patch_box(patch["layer"], patch["row"],
                                                       patch["column"])),
            response_picture(signs[patch["rank"]] * response, canvas)])
    titles = [title for patch in chosen if patch["place"] == 1
              for title in (f"{patch['layer']} {patch['unit']}",
                            "response" if signs[patch["rank"]] > 0 else "response times -1")]
    plots.sample_strip([(*cells, "") for cells in rows.values() if len(cells) == len(titles)],
                         path, titles)


def _responses(run, patches, index_of) -> dict:
    """Return {index: {layer: [h, w, U]}} for the training stimuli of the patches."""
    indices = sorted({index_of[patch["stimulus"]] for patch in patches})
    layers = list(dict.fromkeys(patch["layer"] for patch in patches))
    return {index: {layer: maps_of[layer][place] for layer in layers}
            for some, maps_of in dataset_activations(run.model, layers, run.section.training,
                                                     run.section.spec.canvas, indices)
            for place, index in enumerate(some)}
