"""DeepGaze I at different weights of its sparsity (Kuemmerer, Theis and Bethge 2015, Figure 8)."""
import numpy as np

from papers.deepgaze1_layers import AUCS, CAPTION, GAINS, HEADER, MEASURES, cells
from papers.figures.subsets import subset_figure
from papers.making.rows import column
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import deepgaze1_fit as shared

TITLE = "DeepGaze I and its sparsity"
ABOUT = (
    f"{shared.SUBSETS_ABOUT} The paper does not state its grid of lambda; ours is 0 and the "
    "decades from 1e-5 to 1e-1.")
KEYS = ("sparsity",)
DATA = ("mit1003",)
RECIPE = shared.RECIPE

PAPER = numbers("deepgaze1", "deepgaze1_sparsity")["final_lambda"]
SPARSITIES, QUICK = (0.0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1), (0.0, 1e-3)
SMALL = 0.01  # a small spread of shuffled AUC; Figure 5 spreads over several hundredths
MOST = 1e-2   # largest lambda of the paper's order


def parts(setting) -> list:
    # as texts, which are the same in the file
    return [(f"{sparsity:g}",) for sparsity in (QUICK if setting.quick else SPARSITIES)]


def measure(setting, sparsity) -> list:
    """Fit to the convolutions of block 5."""
    return [shared.measure_subset(setting, {"of": 5, "type": "conv"}, float(sparsity))]


def tables(rows) -> list:
    return [Table(f"{CAPTION} (the paper's final lambda: {PAPER:g}):", ["lambda", *HEADER],
                  [[f"{row['sparsity']:g}", *cells(row)] for row in rows])]


def verdict(rows) -> Verdict:
    values, auc = column(rows, "sparsity"), column(rows, "auc_validation")
    near = auc[values <= MOST]
    spread = float(np.ptp(near))
    return Verdict(
        0 < spread < SMALL,
        "lambda has a visible but very small effect on test stimuli; ours: shuffled AUC "
        f"{near.min():.3f} to {near.max():.3f} for lambda up to {MOST:g}"
        + "".join(f", {value:.3f} at {sparsity:g}"
                  for sparsity, value in zip(values, auc) if sparsity > MOST))


def draw(rows, stem) -> None:
    """Draw Figure 8; dotted lines mark the paper's lambda."""
    shown = {"block 5 conv": ("lambda", [f"{row['sparsity']:g}" for row in rows],
                              {key: column(rows, key) for key in (*GAINS, *AUCS)})}
    paper = next((row for row in rows if row["sparsity"] == PAPER), None)
    marks = (paper["share_observers"], paper["auc_validation"]) if paper else (None, None)
    subset_figure(shown, MEASURES, marks, stem)
