"""What a model must beat, and what it can at best reach.

`uniform` knows nothing, `center_bias` where people look in any image, `gold_standard` where
other people look in the same image. All give a `Prediction`.
"""
import numpy as np

from keras_saliency.baselines.center_bias import CenterBias, center_bias
from keras_saliency.baselines.gold_standard import GoldStandard, fit_gold_standard
from keras_saliency.baselines.prediction import Prediction, uniform

__all__ = ["CenterBias", "GoldStandard", "Prediction", "center_bias", "fit_gold_standard",
           "information_gain_explained", "uniform"]


def information_gain_explained(model_ll, baseline_ll, gold_ll) -> float:
    """Share of the explainable information gain that a model explains; 1 is the gold standard.

    Args:
        model_ll, baseline_ll, gold_ll: mean log-likelihood per fixation of each image, [N] (or
            scalars), all in one unit (nats or bits: it cancels). An image where one is NaN is
            left out for all three.

    Returns:
        (model - baseline) / (gold - baseline) of the means over images, not the mean of the
        images' ratios: where an image's gold standard gains nothing, its ratio means nothing.
        Below 0 for a model worse than the baseline; NaN if the gold standard does not beat the
        baseline, or no image is left.

    Raises:
        ValueError: arrays of different length.

    Source: Kuemmerer et al. 2015, "Information-theoretic model comparison unifies saliency
    metrics".
    """
    likelihoods = [np.atleast_1d(np.asarray(ll, np.float64))
                   for ll in (model_ll, baseline_ll, gold_ll)]
    if len({ll.shape for ll in likelihoods}) > 1 or likelihoods[0].ndim != 1:
        raise ValueError("model_ll, baseline_ll and gold_ll must be of one length, not of shapes "
                         f"{', '.join(str(ll.shape) for ll in likelihoods)}")
    stacked = np.stack(likelihoods)
    stacked = stacked[:, ~np.isnan(stacked).any(axis=0)]
    if stacked.size == 0:
        return float("nan")
    model, baseline, gold = stacked.mean(axis=1)
    return float((model - baseline) / (gold - baseline)) if gold > baseline else float("nan")
