"""Relation between the inner representation of categories and the output.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 6 and Figure 7: inner saliency of
a category (mean of the ten best units' mean NSS), output saliency OS_c (eq. 2), output difference
OD_c (eq. 3), their rank correlation, and the analysis of variance "with measurements and clusters
as factors"; section 5.2: categories compared by their inner saliency.

The paper says no more about its tests. Here the values of section 6's test are the inner saliency
and the OD_c of every category. One factor is the measurement, inner saliency or OD_c. The other is
the cluster of the category, less or more salient inside (`split_in_two`). The clusters are made
from one of the two measurements, and both are taken from the same categories, so the p values are
too small. In section 5.2's test the values are those of the paper's Table 3, one for each
fine-tuned model. On the published table both heads then differ from all categories and from each
other, as the paper says, and "other" from all but object and text.
"""
from typing import Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_loader
from keras_saliency.prediction.predictor import predict
from keras_saliency.units import regions
from keras_saliency.units.statistics import (
    Correlation,
    GroupComparison,
    TwoWay,
    best_means,
    compare_groups,
    mean_of_top,
    spearman,
    two_way,
)

CLUSTERS = ("less salient", "more salient")


class Example(NamedTuple):
    """Region of the category of highest OD_c in which the output exceeds the density most.

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
        layer: the one whose units are the inner representation. categories: C names.
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
    """Return {model: Relation}, from the last layer of each model.

    Args:
        models: the trained ones. dataset: that of the scores. canvas: (h, w), None for their own.
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
    """Return the `Relation` of one model's scores, without categories that have no fixations."""
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


def split_in_two(values: ArrayLike) -> np.ndarray:
    """int [n]: 1 for values in the higher of two clusters, the exact k-means for k = 2.

    The clusters vary least within themselves. If all values are equal, all are 0.
    """
    values = np.asarray(values, float)
    cuts = np.unique(values)[1:]
    if not len(cuts):
        return np.zeros(len(values), int)
    within = [sum(part.var() * len(part) for part in (values[values < cut], values[values >= cut]))
              for cut in cuts]
    return (values >= cuts[int(np.argmin(within))]).astype(int)


def compare_inner(scores: Mapping[str, regions.RegionScores]) -> GroupComparison:
    """Compare categories by their inner saliency: ANOVA and Tukey's test (section 5.2).

    Args:
        scores: of the fine-tuned models; the last layer of each counts. A category has one value
            per model; with a single model those of its ten best units.
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
