"""Metrics of a map against fixations.

All take a map [H, W] (finite, any real dtype and scale) and a `fixation_map` [H, W] (counts per
pixel, never blurred) and return a Python float computed in float64. Defaults are those of the MIT
saliency benchmark's MATLAB code (Bylinskii et al. 2019, "What do different evaluation metrics tell
us about saliency models?"): a pixel counts once, however often it was fixated.

All return NaN without fixations. A constant map scores 0.5 (AUCs) or 0 (nss, nmm), and is the
uniform distribution for information_gain. All raise `InputError` for inputs that `checks` refuses.
"""
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.metrics import checks
from keras_saliency.metrics.checks import EPS, check_fixations, check_map


def nss(saliency_map: ArrayLike, fixation_map: ArrayLike, repeats: bool = False) -> float:
    """Normalised scanpath saliency: mean of the standardised map (std with N - 1) at fixations.

    Unit: standard deviations of the map; chance is 0. `repeats=True` counts each fixation instead
    of each fixated pixel.

    Source: Peters et al. 2005, "Components of bottom-up gaze allocation"; NSS.m.
    """
    saliency = check_map(saliency_map)
    fixations = check_fixations(fixation_map, saliency.values.shape)
    return _mean_standardised(saliency, fixations.index, fixations.counts if repeats else None)


def nmm(saliency_map: ArrayLike, mask: ArrayLike) -> float:
    """Normalised mask mean: mean of the standardised map (std with N - 1) inside a mask.

    Args:
        mask: [H, W], bool, 0/1 or 0/255: a target or a labelled region. NaN if empty.

    Source: He et al. 2019, "Understanding and visualizing deep visual saliency models".
    """
    saliency = check_map(saliency_map)
    return _mean_standardised(saliency, checks.check_mask(mask, saliency.values.shape))


def information_gain(saliency_map: ArrayLike, fixation_map: ArrayLike,
                     baseline_map: ArrayLike) -> float:
    """Bits per fixated pixel over a named baseline: mean of log2(eps + p) - log2(eps + b).

    Both maps are min-max normalised, then divided by their sum; eps is 2.2204e-16.

    Source: Kuemmerer et al. 2015, "Information-theoretic model comparison unifies saliency
    metrics"; InfoGain.m. For true densities use `information_gain_density`.
    """
    saliency = check_map(saliency_map)
    shape = saliency.values.shape
    baseline = check_map(baseline_map, "baseline_map", shape)
    index, _ = check_fixations(fixation_map, shape)
    if len(index) == 0:
        return float("nan")
    gain = np.log2(EPS + _probability(saliency, index))
    return float(np.mean(gain - np.log2(EPS + _probability(baseline, index))))


def log_likelihood(log_density: ArrayLike, fixation_map: ArrayLike, repeats: bool = True) -> float:
    """Mean log-likelihood in nats per fixation of a log_density [H, W] (logsumexp 0, nats).

    A likelihood is a product over fixations, so each fixation counts; `repeats=False` counts each
    fixated pixel once. Never above 0; chance is -log(H * W).

    Source: Kuemmerer et al. 2015.
    """
    checked = checks.check_log_density(log_density)
    return _mean_at(checked.values, check_fixations(fixation_map, checked.values.shape), repeats)


def information_gain_density(
        log_density: ArrayLike, fixation_map: ArrayLike, baseline_log_density: ArrayLike,
        repeats: bool = True) -> float:
    """Bits per fixation: difference of two mean log-likelihoods (see there) over ln 2.

    Source: Kuemmerer et al. 2015, "Information-theoretic model comparison".
    """
    checked = checks.check_log_density(log_density)
    shape = checked.values.shape
    baseline = checks.check_log_density(baseline_log_density, "baseline_log_density", shape)
    fixations = check_fixations(fixation_map, shape)
    gain = (_mean_at(checked.values, fixations, repeats)
            - _mean_at(baseline.values, fixations, repeats))
    return gain / float(np.log(2))


def _mean_standardised(saliency, index, weights=None) -> float:
    if len(index) == 0:
        return float("nan")
    if saliency.constant:
        return 0.0
    values = saliency.centred()
    deviation = np.sqrt(checks.dot(values, values) / (values.size - 1))
    return float(np.average(values[index], weights=weights) / deviation)


def _mean_at(values, fixations, repeats) -> float:
    if len(fixations.index) == 0:
        return float("nan")
    at = values.ravel()[fixations.index].astype(np.float64)
    return float(np.average(at, weights=fixations.counts if repeats else None))


def _probability(checked, index) -> np.ndarray:
    """float64 [n]: the map as a distribution, at the given pixels."""
    values = checked.mass()
    return values[index] / values.sum()
