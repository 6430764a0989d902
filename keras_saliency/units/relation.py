"""How the inner representation of categories and the output go together.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 6 and Figure 7: inner saliency of
a category (mean of the ten best units' mean NSS), output saliency OS_c (eq. 2), output difference
OD_c (eq. 3), their rank correlation, and the analysis of variance "with measurements and clusters
as factors"; section 5.2: categories compared by their inner saliency.

The paper does not say more of its tests. Here the values of section 6's are the inner saliency and
the OD_c of every category: the measurement is which of the two, the clusters are the categories
that are less and more salient inside (`split_in_two`). The clusters are made from one of the two
measurements, and both are taken of the same categories, so its p values flatter. In section 5.2's
the values are those of the paper's Table 3, one for each fine-tuned model; on the published table
both heads then differ from all categories and each other, as the paper says, and "other" from all
but object and text.
"""
from typing import NamedTuple, Optional

import numpy as np

from keras_saliency.datasets.pipeline import stimulus_loader
from keras_saliency.prediction.predictor import predict
from keras_saliency.units import regions
from keras_saliency.units.statistics import (
    Correlation,
    GroupComparison,
    best_means,
    compare_groups,
    mean_of_top,
    spearman,
)
from keras_saliency.units.variance import TwoWay, two_way

CLUSTERS = ("less salient", "more salient")


class Example(NamedTuple):
    """The region in which the output exceeds the density most, of the category of highest OD_c.

    Attributes:
        image: index of the stimulus. category: of the region.
        output, reference: NSS of saliency_map and fixation density map in it.
    """

    image: int
    category: str
    output: float
    reference: float


class Relation(NamedTuple):
    """Inner representation and output of one model over C categories.

    Attributes:
        layer: whose units are the inner representation. categories: C names.
        inner, output, difference: float64 [C], inner saliency, OS_c and OD_c.
        cluster: int [C], 0 less and 1 more salient inside (`CLUSTERS`).
        ranks: Spearman's, of inner and output. variance: two-way, first factor the measurement
            (inner saliency or OD_c), second the cluster.
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


def study_relations(models: dict, scores: dict, dataset, canvas=None) -> dict:
    """{model: Relation}, of the last layer of each model whose output means something.

    Args:
        models: {name: model}, the trained ones. scores: {name: RegionScores}. dataset: that they
            are of. canvas: (h, w), None for each model's own.
    """
    load, result = stimulus_loader(dataset), {}
    for name, model in models.items():
        found = relate(scores[name], list(scores[name].units)[-1])
        if found.example is not None:
            stimulus = load(found.example.image).numpy()
            found = found._replace(prediction=predict(model, stimulus, canvas))
        result[name] = found
    return result


def relate(scores: regions.RegionScores, layer: str) -> Relation:
    """The `Relation` of one model's scores; categories without fixations are left out."""
    outputs, differences = regions.output_saliency(scores), regions.output_difference(scores)
    inner = {c: mean_of_top(m) for c, m in scores.units[layer].items()}
    names = [c for c in outputs if np.isfinite([inner[c], outputs[c], differences[c]]).all()]
    inside, outside, difference = (np.array([table[c] for c in names]) for table in (
        inner, outputs, differences))
    cluster = split_in_two(inside)
    variance = two_way(np.concatenate([inside, difference]), np.repeat([0, 1], len(names)),
                       np.tile(cluster, 2))
    example = _example(scores, names[int(difference.argmax())]) if names else None
    return Relation(layer, names, inside, outside, difference, cluster,
                    spearman(inside, outside), variance, example)


def split_in_two(values) -> np.ndarray:
    """int [n]: 1 for the higher of two clusters of numbers, which vary least within themselves.

    It is the exact solution of k-means for k = 2. Of equal values all are 0.
    """
    values = np.asarray(values, float)
    cuts = np.unique(values)[1:]
    if not len(cuts):
        return np.zeros(len(values), int)
    within = [sum(part.var() * len(part) for part in (values[values < cut], values[values >= cut]))
              for cut in cuts]
    return (values >= cuts[int(np.argmin(within))]).astype(int)


def compare_inner(scores: dict) -> GroupComparison:
    """Do categories differ in their inner saliency? ANOVA and Tukey's test (section 5.2).

    Args:
        scores: {model: RegionScores} of the fine-tuned models; the last layer of each counts.
            Its values are one per model; of a single model its ten best units'.
    """
    last = [list(s.units.values())[-1] for s in scores.values()]
    names = list(dict.fromkeys(category for layer in last for category in layer))
    of_one = best_means if len(last) == 1 else mean_of_top
    return compare_groups({c: np.hstack([of_one(layer[c]) for layer in last if c in layer])
                           for c in names})


def _example(scores, category) -> Example:
    excess = scores.output[category] - scores.reference[category]
    region = int(np.nanargmax(excess))
    return Example(int(scores.images[category][region]), category,
                   float(scores.output[category][region]),
                   float(scores.reference[category][region]))
