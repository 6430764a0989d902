"""MSI-Net with and without ASPP and concatenation, by kind of pop-out array.

Kroner et al. 2020, Table 7 and Table A.9 (there by CAT2000's categories).
"""
import numpy as np

from keras_saliency.evaluation.statistics import cumulative_rank
from keras_saliency.metrics import METRICS
from keras_saliency.models import load_pretrained
from papers.ablations import COLUMNS, FULL, TITLES
from papers.making.rows import column, groups
from papers.making.spec import Table, Verdict
from papers.published import numbers
from papers.shared import ablated
from papers.shared.scored import evaluation_of
from papers.shared.studied import short

TITLE = "What ASPP and concatenation add, by kind of array"
ABOUT = (
    "The networks of `--weights` (by default all trainings of `ablations`) on 80 generated "
    "pop-out arrays of 480x640 with simulated fixations (mostly on the target, blurred by 32 "
    "pixels), eight of each of ten kinds, in place of CAT2000's categories, which are not at "
    "hand; none of the networks saw arrays in training, where the paper's were fine-tuned on "
    "CAT2000. Differences are means over the trainings with a part minus those without; the paper "
    "lists the categories that gain most (and for concatenation least), of which Pattern holds "
    "such arrays.")
KEYS = ("model",)
OPTIONS = ("weights",)

PAPER = numbers("msi_net", "ablation_kinds")  # lists in the order of COLUMNS
ADDED = {"no_aspp": "ASPP", "no_concat": "concatenation"}


def parts(setting) -> list:
    return [(path,) for path in ablated.runs(setting)]


def measure(setting, model) -> list:
    """Score one network: a row with the mean of each metric for each kind of array."""
    network, dataset = load_pretrained(model), setting.arrays()
    result = evaluation_of(network, dataset, dataset.pixels_per_dva, list(COLUMNS),
                           label=short(model))
    kinds = np.array(dataset.categories)
    facts = {"variant": ablated.variant_of(network), "trained_on": ablated.trained_on(network)}
    return [{**facts, "kind": kind, "arrays": int((kinds == kind).sum()), **{
        metric: np.nanmean(values[kinds == kind]) for metric, values in result.scores.items()}}
        for kind in dict.fromkeys(kinds.tolist())]


def gains(rows, variant) -> dict:
    """Return {kind: float64 [metrics]}, the gain by the part that a variant lacks.

    Differences of means over trainings, in the order of COLUMNS; empty without either network.
    """
    by_variant = groups(rows, "variant")
    if FULL not in by_variant or variant not in by_variant:
        return {}
    full, without = (groups(by_variant[name], "kind") for name in (FULL, variant))
    return {kind: np.array([column(full[kind], metric).mean() - column(its, metric).mean()
                            for metric in COLUMNS]) for kind, its in without.items()}


def tables(rows) -> list:
    found = []
    for (dataset, variant), gained in _all_gains(rows).items():
        ranks = cumulative_rank({metric: [values[place] for values in gained.values()]
                                 for place, metric in enumerate(COLUMNS)})
        body = [[kind, *map(_signed, gained[kind])]
                for _, kind in sorted(zip(ranks.tolist(), gained))]
        body.append(["mean", *map(_signed, _mean(gained))])
        body += [[f"{kind} (the paper)", *map(_signed, values)]
                 for kind, values in PAPER[variant].items()]
        found.append(Table(f"What {ADDED[variant]} adds to networks trained on {dataset}, by kind "
                           "of array, most first (by ranks in shuffled AUC, CC and KLD):",
                           ["kind", *(f"{title} {'↑' if METRICS[name].higher_is_better else '↓'}"
                                      for name, title in COLUMNS.items())], body))
    return found or [Table("No pair of networks to compare:", ["network"], [
        [TITLES[variant]] for variant in groups(rows, "variant")])]


def _all_gains(rows) -> dict:
    found = {(dataset, variant): gains(some, variant)
             for dataset, some in groups(rows, "trained_on").items() for variant in PAPER}
    return {key: gained for key, gained in found.items() if gained}


def _mean(gained) -> np.ndarray:
    return np.mean(list(gained.values()), axis=0)


def _better(values) -> int:
    """Count the metrics that improve."""
    return sum(bool(value > 0 if METRICS[name].higher_is_better else value < 0)
               for name, value in zip(COLUMNS, values))


def _signed(value) -> str:
    return f"{value:+.3f}"


def verdict(rows) -> Verdict:
    found = _all_gains(rows)
    text = ("ASPP helps on arrays that something pops out of, by most of the eight metrics, the "
            "concatenation does not")
    if not {variant for _, variant in found} == set(PAPER):
        return Verdict(None, f"{text}: there are no networks with and without each to compare")
    nss, half = list(COLUMNS).index("nss"), len(COLUMNS) / 2
    counts = {key: _better(_mean(gained)) for key, gained in found.items()}
    holds = all((count > half) == (variant == "no_aspp")
                for (_, variant), count in counts.items())
    ours = [f"{ADDED[key[1]]} {counts[key]} (NSS {_signed(_mean(gained)[nss])}, trained on "
            f"{key[0]})" for key, gained in found.items()]
    return Verdict(holds, f"{text}; ours, of {len(COLUMNS)}: {', '.join(ours)}")
