"""MSI-Net with and without ASPP and concatenation, by kind of pop-out array.

Kroner et al. 2020, Table 7 and Table A.9 (there by CAT2000's categories).
"""
import numpy as np

from keras_saliency.evaluation.statistics import cumulative_rank
from keras_saliency.metrics import METRICS
from keras_saliency.models import load_pretrained
from papers import ablated
from papers.ablations import COLUMNS, FULL, TITLES
from papers.numbers import column, groups
from papers.scored import evaluation_of
from papers.spec import ResultSpec, Table, Verdict
from papers.studied import short

# What a part adds, in the order of COLUMNS; Pattern is the category with pop-out arrays
PAPER = {
    "no_aspp": {"Noisy": (0.010, 0.073, -0.506, -0.015, -0.009, 0.122, 0.395, -0.099),
                "Satellite": (0.015, 0.060, -0.663, -0.012, -0.007, 0.137, 0.362, -0.100),
                "Cartoon": (0.015, 0.066, -0.652, -0.010, -0.004, 0.125, 0.349, -0.121),
                "Pattern": (0.011, 0.050, -0.437, -0.003, 0.001, 0.078, 0.277, -0.065)},
    "no_concat": {"Action": (0.001, 0.007, -0.062, 0.001, 0.000, 0.010, 0.025, -0.020),
                  "Social": (0.004, 0.003, -0.064, 0.002, 0.002, 0.007, 0.025, -0.037),
                  "Fractal": (0.001, -0.001, 0.034, -0.017, -0.004, 0.000, 0.018, 0.018),
                  "Pattern": (0.000, 0.006, -0.051, -0.005, -0.004, 0.000, -0.005, 0.016)},
}
ADDED = {"no_aspp": "ASPP", "no_concat": "concatenation"}


def parts(setting) -> list:
    return [(path,) for path in ablated.runs(setting)]


def measure(setting, model) -> list:
    """A row for each kind of array: means of every metric of one network."""
    network, dataset = load_pretrained(model), setting.arrays()
    result = evaluation_of(network, dataset, dataset.pixels_per_dva, list(COLUMNS),
                           label=short(model))
    kinds = np.array(dataset.categories)
    facts = {"variant": ablated.variant_of(network), "trained_on": ablated.trained_on(network)}
    return [{**facts, "kind": kind, "arrays": int((kinds == kind).sum()), **{
        metric: np.nanmean(values[kinds == kind]) for metric, values in result.scores.items()}}
        for kind in dict.fromkeys(kinds.tolist())]


def gains(rows, variant) -> dict:
    """{kind: float64 [metrics]}: the full network's means over its trainings minus those of the
    one without a part, in the order of COLUMNS; empty without either."""
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
    """On how many metrics a gain is one."""
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


SPEC = ResultSpec(
    title="What ASPP and concatenation add, by kind of array",
    about="The networks of `--weights` (by default all trainings of `ablations`) on 80 generated "
          "pop-out arrays of 480x640 with simulated fixations (mostly on the target, blurred by 32 "
          "pixels), eight of each of ten kinds, in place of CAT2000's categories, which are not at "
          "hand; none of the networks saw arrays in training, where the paper's were fine-tuned on "
          "CAT2000. Differences are means over the trainings with a part minus those without; the "
          "paper lists the categories that gain most (and for concatenation least), of which "
          "Pattern holds such arrays.",
    keys=("model",), parts=parts, measure=measure, tables=tables, verdict=verdict,
    options=("weights",))
