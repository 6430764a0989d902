"""DeepGaze I on subsets of its backbone's layers (Kuemmerer, Theis and Bethge 2015, Figure 5)."""
from papers.figures.subsets import subset_figure
from papers.making.rows import column, groups, number
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import deepgaze1_fit as shared

TITLE = "DeepGaze I on subsets of layers"
ABOUT = (
    f"{shared.SUBSETS_ABOUT} Depth is the block of VGG16, whose convolutions number two or three "
    "in each (one in AlexNet); it has no normalisation layers.")
KEYS = ("group", "layers_chosen")
DATA = ("mit1003",)
RECIPE = shared.RECIPE

PAPER_ALL = numbers("deepgaze1", "deepgaze1_layers")["all_layers"]
FINAL, ALL = ("type", "5 conv"), ("from", "1")
# Groups of fits: panels a to d of the figure
GROUPS = {"from": ("layers from a depth upwards", "block"), "to": ("layers up to a depth", "block"),
          "of": ("layers of one depth", "block"), "type": ("layers of one type", "type")}
TYPES = ("conv", "relu", "pool")
GAINS = {"share_training": "training stimuli, observers fitted to",
         "share_observers": "training stimuli, observers left out",
         "share_validation": "test stimuli"}
AUCS = {"auc_training": "training stimuli", "auc_validation": "test stimuli"}
CAPTION = (
    "Bits per fixation over the center bias (on the training stimuli of the observers fitted to "
    "and of those left out, on the test stimuli), their share of the gold standard in percent, and "
    "shuffled AUC")
HEADER = ("bits, training", "left out", "test", "%, training", "left out", "test",
          "AUC, training", "test")
MEASURES = (("information gain explained", GAINS), ("shuffled AUC", AUCS))


def parts(setting) -> list:
    if setting.quick:
        return [ALL, FINAL]
    # made once: "to 5" is "from 1", "to 1" is "of 1", "of 5" is "from 5"
    return [FINAL, *(("type", kind) for kind in TYPES), *(("from", str(k)) for k in range(1, 6)),
            *(("to", str(k)) for k in range(2, 5)), *(("of", str(k)) for k in range(1, 5))]


def measure(setting, group, layers) -> list:
    """Fit to the chosen layers; a row with bits per fixation, their share and shuffled AUC."""
    return [shared.measure_subset(setting, subset_of(group, str(layers)))]


def subset_of(group, layers) -> dict:
    """Return the `layer_subset` of `deepgaze1` that a part means."""
    if (group, layers) == FINAL:
        return {"of": 5, "type": "conv"}
    return {group: layers if group == "type" else int(layers)}


def panels(rows) -> dict:
    """Return {group: [(name, row)]} in order; a fit that belongs to two groups is in both."""
    found = {(row["group"], str(row["layers_chosen"])): row for row in rows}
    twins = {("to", "5"): ("from", "1"), ("of", "5"): ("from", "5"), ("to", "1"): ("of", "1")}
    names = {"from": "12345", "to": "12345", "of": "12345", "type": [*TYPES, "5 conv"]}
    every = {group: [(name, found.get((group, name), found.get(twins.get((group, name)))))
                     for name in names[group]] for group in GROUPS}
    return {group: [(name, row) for name, row in some if row]
            for group, some in every.items() if any(row for _, row in some)}


def tables(rows) -> list:
    body = [[GROUPS[group][0], name, row["layers"], row["units"], *cells(row)]
            for group, some in panels(rows).items() for name, row in some]
    return [Table(f"{CAPTION} (the paper, all layers, observers left out: {PAPER_ALL:.0%}):",
                  ["layers", "", "number", "units", *HEADER], body)]


def cells(row) -> list:
    """Return the scores of a fit as cells under `HEADER`."""
    return [*(number(row[f"gain_{part}"]) for part in ("training", "observers", "validation")),
            *(number(100 * row[key], 0) for key in GAINS), *(number(row[key]) for key in AUCS)]


def verdict(rows) -> Verdict:
    found = {(row["group"], str(row["layers_chosen"])): row for row in rows}
    final, every = found[FINAL], found[ALL]
    best = max(found, key=lambda key: found[key]["auc_validation"])
    fits = every["share_observers"] > final["share_observers"]
    generalizes = all(row["auc_validation"] <= final["auc_validation"] for row in rows)
    return Verdict(
        bool(fits and generalizes),
        "the last block's convolutions predict new stimuli best though more layers fit the "
        f"training stimuli better; ours: shuffled AUC {final['auc_validation']:.3f} against "
        f"{every['auc_validation']:.3f} with all layers (best: {' '.join(best)}, "
        f"{found[best]['auc_validation']:.3f}); explained on the training stimuli "
        f"{final['share_observers']:.0%} against {every['share_observers']:.0%}")


def draw(rows, stem) -> None:
    """Draw Figure 5, a row for each group; dotted lines mark the final model."""
    shown = {title: (axis, [name for name, _ in some],
                     {key: column([row for _, row in some], key) for key in (*GAINS, *AUCS)})
             for group, some in panels(rows).items() for title, axis in [GROUPS[group]]}
    final = {key: row for key, row in groups(rows, "group", "layers_chosen").items()}.get(FINAL)
    marks = (final[0]["share_observers"], final[0]["auc_validation"]) if final else (None, None)
    subset_figure(shown, MEASURES, marks, stem)
