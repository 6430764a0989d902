"""Relation between the inner representation of categories and the output; tables of both.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 6 and Figure 7: inner saliency of
a category (mean of the ten best units' mean NSS), output saliency OS_c (eq. 2), output difference
OD_c (eq. 3), their rank correlation, and the analysis of variance "with measurements and clusters
as factors"; section 5.2: categories compared by their inner saliency. Tables 2, 3, 5, 6, Figure 4.

The paper says no more about its tests. Here the values of section 6's test are the inner saliency
and the OD_c of every category. One factor is the measurement, inner saliency or OD_c. The other is
the cluster of the category, less or more salient inside (`split_in_two`). The clusters are made
from one of the two measurements, and both are taken from the same categories, so the p values are
too small. In section 5.2's test the values are those of the paper's Table 3, one for each
fine-tuned model; the published table then gives the pairs that the paper names.
"""
from typing import Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_loader
from keras_saliency.datasets.region_labels import CATEGORIES
from keras_saliency.metrics.streaming import Moments
from keras_saliency.prediction.predictor import predict
from keras_saliency.units import regions, statistics
from keras_saliency.units.statistics import Correlation, GroupComparison, TwoWay, mean_of_top

CLUSTERS = ("less salient", "more salient")


class Example(NamedTuple):
    """Region of the category of highest OD_c in which the output exceeds the density most.

    `image` is its stimulus; `output` and `reference` are the NSS of saliency_map and density.
    """

    image: int
    category: str
    output: float
    reference: float


class Relation(NamedTuple):
    """Inner representation and output of one model over C categories.

    Attributes:
        layer: its units are the inner representation. categories: C names.
        inner, output, difference: float64 [C], inner saliency, OS_c and OD_c.
        cluster: int [C], 0 for less and 1 for more salient inside (`CLUSTERS`).
        ranks: Spearman's correlation of inner and output. variance: two-way, the first factor the
            measurement (inner saliency or OD_c), the second the cluster.
        example: `Example`, None without any region. prediction: float32 [H, W], the saliency_map
            of its stimulus.
    """

    layer: str
    categories: list
    inner: np.ndarray
    output: np.ndarray
    difference: np.ndarray
    cluster: np.ndarray
    ranks: Correlation
    variance: TwoWay
    example: Optional[Example]
    prediction: Optional[np.ndarray] = None


def study_relations(models: Mapping[str, keras.Model], scores: Mapping[str, regions.RegionScores],
                    dataset: SaliencyDataset,
                    canvas: Optional[Sequence[int]] = None) -> dict[str, Relation]:
    """Return {model: Relation} of trained models, from the last layer of each."""
    load, result = stimulus_loader(dataset), {}
    for name, model in models.items():
        found = relate(scores[name], list(scores[name].units)[-1])
        if found.example is not None:
            stimulus = load(found.example.image).numpy()
            found = found._replace(prediction=predict(model, stimulus, canvas))
        result[name] = found
    return result


def relate(scores: regions.RegionScores, layer: str) -> Relation:
    """Return the `Relation` of one model's scores, without categories that have no fixations."""
    outputs, differences = regions.output_saliency(scores), regions.output_difference(scores)
    inner = {c: mean_of_top(m) for c, m in scores.units[layer].items()}
    names = [c for c in outputs if np.isfinite([inner[c], outputs[c], differences[c]]).all()]
    inside, outside, difference = (np.array([table[c] for c in names]) for table in (
        inner, outputs, differences))
    cluster = split_in_two(inside)
    variance = statistics.two_way(np.concatenate([inside, difference]),
                                  np.repeat([0, 1], len(names)), np.tile(cluster, 2))
    example = _example(scores, names[int(difference.argmax())]) if names else None
    return Relation(layer, names, inside, outside, difference, cluster,
                    statistics.spearman(inside, outside), variance, example)


def split_in_two(values: ArrayLike) -> np.ndarray:
    """int [n]: 1 for values in the higher of two clusters, by exact k-means; 0 if all are equal."""
    values = np.asarray(values, float)
    cuts = np.unique(values)[1:]
    if not len(cuts):
        return np.zeros(len(values), int)
    within = [sum(part.var() * len(part) for part in (values[values < cut], values[values >= cut]))
              for cut in cuts]
    return (values >= cuts[int(np.argmin(within))]).astype(int)


def compare_inner(scores: Mapping[str, regions.RegionScores]) -> GroupComparison:
    """Compare categories by their inner saliency: ANOVA and Tukey's test (section 5.2).

    The last layer of each fine-tuned model counts. A category has one value per model; with a
    single model those of its ten best units.
    """
    last = [list(s.units.values())[-1] for s in scores.values()]
    names = list(dict.fromkeys(category for layer in last for category in layer))
    of_one = statistics.best_means if len(last) == 1 else mean_of_top
    return statistics.compare_groups({
        c: np.hstack([of_one(layer[c]) for layer in last if c in layer]) for c in names})


def unit_rows(scores: Mapping[str, regions.RegionScores], statistic: str = "top") -> list[dict]:
    """Rows laid out as Tables 2 and 3: one per model and layer, a column per category.

    `statistic` is "top", the mean of the ten best units' mean NSS, or "above", the number of units
    above 1.5.
    """
    columns = _categories(scores)
    tables = [(model, layer, regions.category_statistics(moments))
              for model, of_model in scores.items() for layer, moments in of_model.units.items()]
    return [{"model": model, "layer": layer, **{
        category: getattr(table.get(category), statistic, None) for category in columns}}
        for model, layer, table in tables]


def output_rows(scores: Mapping[str, regions.RegionScores]) -> list[dict]:
    """A row per category: number of regions, OS_c and OD_c of each model."""
    columns = {}
    for model, s in scores.items():
        columns[f"{model}: OS"] = regions.output_saliency(s)
        columns[f"{model}: OD"] = regions.output_difference(s)
    return [{"category": category,
             "regions": max(len(s.output.get(category, ())) for s in scores.values()),
             **{name: values.get(category) for name, values in columns.items()}}
            for category in _categories(scores)]


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
    first, *others = tops
    return {model: dict(zip(columns, np.subtract(tops[model], tops[first]))) for model in others}


def target_rows(scores: Mapping[str, Mapping[str, Moments]]) -> list[dict]:
    """Rows laid out as Tables 5 and 6: mean NMM of the ten best units, a column per layer."""
    return [{"model": model, **{layer: mean_of_top(m) for layer, m in layers.items()}}
            for model, layers in scores.items()]


def _example(scores, category) -> Example:
    excess = scores.output[category] - scores.reference[category]
    region = int(np.nanargmax(excess))
    return Example(int(scores.images[category][region]), category,
                   float(scores.output[category][region]),
                   float(scores.reference[category][region]))


def _categories(scores: dict) -> list:
    """The categories that occur, in the paper's order."""
    found = {c for s in scores.values() for of in (*s.units.values(), s.output) for c in of}
    ordered = [c for c in CATEGORIES.values() if c in found]
    return ordered + sorted(found - set(ordered))
