"""Tables of the region study and of pop-out targets (He, Tavakoli, Borji, Mi and Pugeault, CVPR
2019: Tables 2, 3, 5 and 6, Figures 4 and 7), as rows of plain values."""
import numpy as np

from keras_saliency.analysis import regions
from keras_saliency.analysis.statistics import compare_groups, mean_of_top, spearman
from keras_saliency.datasets.region_labels import CATEGORIES


def unit_rows(scores: dict, statistic="top") -> list:
    """Rows of the layout of Tables 2 and 3: one per model and layer, a column per category.

    Args:
        scores: {model: RegionScores}. statistic: "top", the mean of the ten best units' mean
            NSS, or "above", how many exceed 1.5.
    """
    columns = _categories(scores)
    rows = []
    for model, of_model in scores.items():
        for layer, moments in of_model.units.items():
            table = regions.category_statistics(moments)
            rows.append({"model": model, "layer": layer, **{
                category: getattr(table[category], statistic) if category in table else None
                for category in columns}})
    return rows


def output_rows(scores: dict) -> list:
    """One row per category: regions, OS_c and OD_c of each model."""
    rows = []
    for category in _categories(scores):
        row = {"category": category, "regions": max(
            len(s.output.get(category, ())) for s in scores.values())}
        for model, s in scores.items():
            row[f"{model}: OS"] = regions.output_saliency(s).get(category)
            row[f"{model}: OD"] = regions.output_difference(s).get(category)
        rows.append(row)
    return rows


def statements(scores: dict, layer: str) -> list:
    """Sentences: how inner and output saliency rank the categories alike, and which differ.

    Args:
        layer: whose units are the inner representation.
    """
    lines = []
    for model, s in scores.items():
        inner = {c: v.top for c, v in regions.category_statistics(s.units[layer]).items()}
        outer = regions.output_saliency(s)
        common = [c for c in inner if c in outer]
        ranks = spearman([inner[c] for c in common], [outer[c] for c in common])
        if np.isfinite(ranks.coefficient):
            lines.append(f"{model}: over {ranks.points} categories, the ten best units of {layer} "
                         f"and the output correlate with a Spearman coefficient of "
                         f"{ranks.coefficient:.2f} (p = {ranks.p_value:.2g}).")
        test = compare_groups({c: np.abs(np.asarray(v) - s.reference[c])
                               for c, v in s.output.items()})
        if np.isfinite(test.p_value):
            pairs = ", ".join(f"{a} / {b}" for a, b in test.different()) or "none"
            lines.append(f"{model}: difference of output and density between categories, analysis "
                         f"of variance F = {test.f:.2f}, p = {test.p_value:.2g}; pairs that differ "
                         f"(Tukey, 5 %): {pairs}.")
    return lines


def improvements(scores: dict, layer: str) -> dict:
    """{model: {category: gain over the first model}} in the mean of the ten best units."""
    columns = _categories(scores)
    tops = {model: [regions.category_statistics(s.units[layer])[c].top
                    if c in s.units[layer] else np.nan for c in columns]
            for model, s in scores.items()}
    first = next(iter(tops))
    return {model: dict(zip(columns, np.subtract(values, tops[first])))
            for model, values in tops.items() if model != first}


def target_rows(scores: dict) -> list:
    """Rows of the layout of Tables 5 and 6: mean NMM of the ten best units, a column per layer.

    Args:
        scores: {model: {layer: Moments}} of `score_targets`.
    """
    return [{"model": model, **{layer: mean_of_top(moments)
                                for layer, moments in layers.items()}}
            for model, layers in scores.items()]


def _categories(scores: dict) -> list:
    """Those that occur, in the paper's order."""
    found = {c for s in scores.values() for moments in s.units.values() for c in moments}
    found |= {c for s in scores.values() for c in s.output}
    ordered = [c for c in CATEGORIES.values() if c in found]
    return ordered + sorted(found - set(ordered))
