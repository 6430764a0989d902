"""Tables of the region study and of pop-out targets, as rows of plain values.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), Tables 2, 3, 5, 6, Figures 4 and 7.
"""
from typing import Mapping, Sequence

import numpy as np

from keras_saliency.datasets.region_labels import CATEGORIES
from keras_saliency.metrics.streaming import Moments
from keras_saliency.units import regions
from keras_saliency.units.relation import CLUSTERS, Relation
from keras_saliency.units.statistics import GroupComparison, mean_of_top


def unit_rows(scores: Mapping[str, regions.RegionScores], statistic: str = "top") -> list[dict]:
    """Rows laid out as Tables 2 and 3: one per model and layer, a column per category.

    Args:
        scores: {model: RegionScores}. statistic: "top", the mean of the ten best units' mean
            NSS, or "above", the number of units above 1.5.
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


def output_rows(scores: Mapping[str, regions.RegionScores]) -> list[dict]:
    """A row per category: number of regions, OS_c and OD_c of each model."""
    rows = []
    for category in _categories(scores):
        row = {"category": category, "regions": max(
            len(s.output.get(category, ())) for s in scores.values())}
        for model, s in scores.items():
            row[f"{model}: OS"] = regions.output_saliency(s).get(category)
            row[f"{model}: OD"] = regions.output_difference(s).get(category)
        rows.append(row)
    return rows


def relation_rows(relations: Mapping[str, Relation]) -> list[dict]:
    """The points of Figure 7 of {model: Relation}: a row per model and category."""
    return [{"model": model, "layer": r.layer, "category": category, "inner": inner, "OS": output,
             "OD": difference, "cluster": CLUSTERS[cluster]}
            for model, r in relations.items()
            for category, inner, output, difference, cluster in zip(
                r.categories, r.inner, r.output, r.difference, r.cluster)]


def variance_rows(relations: Mapping[str, Relation]) -> list[dict]:
    """Section 6's analysis of variance: a row per model and source of variation."""
    rows = []
    for model, r in relations.items():
        sources = ("measurement", "cluster", "measurement x cluster")
        rows += [{"model": model, "source": source, "sum of squares": e.squares, "df": e.freedom,
                  "F": e.f, "p": e.p_value} for source, e in zip(sources, r.variance[:3])]
        rows.append({"model": model, "source": "within", "sum of squares": r.variance.residual,
                     "df": r.variance.freedom, "F": None, "p": None})
    return rows


def pair_rows(test: GroupComparison) -> list[dict]:
    """A row per pair of categories: difference of their inner saliency, Tukey's p."""
    return [{"category": a, "other": b, "difference": difference, "p": p}
            for (a, b), (difference, p) in test.pairs.items()]


def relation_statements(model: str, relation: Relation) -> list[str]:
    """Sentences on the relation of inner representation and output in one model."""
    lines = []
    if np.isfinite(relation.ranks.coefficient):
        lines.append(
            f"{model}: over {relation.ranks.points} categories, the ten best units of "
            f"{relation.layer} and the output correlate with a Spearman coefficient of "
            f"{relation.ranks.coefficient:.2f} (p = {relation.ranks.p_value:.2g}).")
    if np.isfinite(relation.variance.second.p_value):
        of = {c: relation.difference[relation.cluster == c].mean() for c in (0, 1)}
        salient = [c for c, i in zip(relation.categories, relation.cluster) if i]
        lines.append(
            f"{model}: more salient inside are {', '.join(salient)}; their mean OD is {of[1]:.2f}, "
            f"that of the others {of[0]:.2f}. Analysis of variance with measurement (inner "
            "saliency, OD) and cluster (these, the others) as factors: p = "
            + ", ".join(f"{e.p_value:.2g} for {source}" for source, e in zip(
                ("measurement", "cluster", "their interaction"), relation.variance[:3])) + ".")
    return lines


def inner_statement(models: Sequence[str], test: GroupComparison) -> str:
    """A sentence on how categories of the models that `compare_inner` had differ (section 5.2)."""
    if not np.isfinite(test.p_value):
        return ("Inner saliency of the categories: not compared, because fewer than two of them "
                "have two values.")
    values = (f"of the {len(models)} trained models" if len(models) > 1 else
              f"of the ten best units of {models[0]}")
    unlike = {c: [pair for pair in test.pairs if c in pair] for c in test.sizes}
    apart = [c for c, pairs in unlike.items() if all(p in test.different() for p in pairs)]
    return (f"Inner saliency {values} by category: analysis of variance F = {test.f:.2f}, p = "
            f"{test.p_value:.2g}; {len(test.different())} of {len(test.pairs)} pairs differ "
            f"(Tukey, 5 %). Different from all other categories: {', '.join(apart) or 'none'}.")


def improvements(scores: Mapping[str, regions.RegionScores]) -> dict[str, dict[str, float]]:
    """Return {model: {category: gain over the first model}}, of `mean_of_top` in the last layer."""
    columns, tops = _categories(scores), {}
    for model, s in scores.items():
        last = list(s.units.values())[-1]
        tops[model] = [mean_of_top(last[c]) if c in last else np.nan for c in columns]
    first = next(iter(tops))
    return {model: dict(zip(columns, np.subtract(values, tops[first])))
            for model, values in tops.items() if model != first}


def target_rows(scores: Mapping[str, Mapping[str, Moments]]) -> list[dict]:
    """Rows laid out as Tables 5 and 6: mean NMM of the ten best units, a column per layer."""
    return [{"model": model, **{layer: mean_of_top(m) for layer, m in layers.items()}}
            for model, layers in scores.items()]


def _categories(scores: dict) -> list:
    """The categories that occur, in the paper's order."""
    found = {c for s in scores.values() for moments in s.units.values() for c in moments}
    found |= {c for s in scores.values() for c in s.output}
    ordered = [c for c in CATEGORIES.values() if c in found]
    return ordered + sorted(found - set(ordered))
