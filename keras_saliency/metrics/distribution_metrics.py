"""Metrics of a map against a fixation density: how alike two distributions are.

All take a map [H, W] (finite, any real dtype) and a `fixation_density_map` [H, W] (>= 0, any
scale) and return a Python float computed in float64, as the MIT saliency benchmark's MATLAB code
(Bylinskii et al. 2019, "What do different evaluation metrics tell us about saliency models?").

All answer NaN for a density that sums to 0 (no fixation). A constant map, zeros included, says
nothing about place and is taken for the uniform distribution by sim, kld and emd, where MATLAB's
min-max divides 0 by 0; cc is then 0. All raise `ValueError` for inputs that `checks` refuses.
"""
import numpy as np

from keras_saliency.metrics.checks import Map, check_density, check_map

_EPS = 2.0 ** -52  # MATLAB's eps
_REDUCTION = 32


def unit_range(checked: Map) -> np.ndarray:
    """float64 [H, W] in 0..1, a new array: min-max of a checked map that is not constant."""
    values = checked.values.astype(np.float64)
    values -= checked.low
    values /= checked.high - checked.low
    return values


def cc(saliency_map, fixation_density_map) -> float:
    """Pearson's correlation coefficient of the two maps, -1..1; 0 if either is constant.

    Source: CC.m.
    """
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    if saliency.constant or density.constant:
        return 0.0
    # min-max first: squares of very small or very large values leave the range of float64
    a, b = unit_range(saliency).ravel(), unit_range(density).ravel()
    a -= a.mean()
    b -= b.mean()
    return float(np.clip((a @ b) / np.sqrt((a @ a) * (b @ b)), -1, 1))


def sim(saliency_map, fixation_density_map) -> float:
    """Similarity, 0..1: both maps min-max normalised, divided by their sums, sum of the minima.

    Source: Judd et al. 2012, "A benchmark of computational models of saliency"; similarity.m.
    """
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    a, b = _unit_or_uniform(saliency), _unit_or_uniform(density)
    total = b.sum()
    a *= total / a.sum()
    return float(np.minimum(a, b, out=a).sum() / total)


def kld(saliency_map, fixation_density_map) -> float:
    """Kullback-Leibler divergence in nats, 0 is best: sum(q * log(eps + q / (p + eps))).

    p is the saliency_map and q the density, each divided by its sum and *not* shifted, so unlike
    the others this metric depends on the zero of the map. eps is 2.2204e-16. A map that is
    negative throughout is divided by its negative sum, as in MATLAB: that turns it upside down,
    so exponentiate a log-density first.

    Raises:
        ValueError: also for a map with values of both signs, which is no distribution.

    Source: KLdiv.m.
    """
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    p = saliency.values.astype(np.float64).ravel()
    if saliency.constant:
        p.fill(1.0)
    total = p.sum()
    # What MATLAB's eps outweighs is the rounding of a convolution, not a negative map.
    if not saliency.constant and (
            total == 0 or min(saliency.low / total, saliency.high / total) <= -_EPS):
        raise ValueError(
            f"kld: saliency_map has values of both signs ({saliency.low:.3g} to "
            f"{saliency.high:.3g}); subtract its minimum, clip it at 0, or take exp() of a "
            "log-density")
    q = density.values.astype(np.float64).ravel()
    q_total = q.sum()
    # q / (p + eps) of the normalised maps, without forming them
    p += _EPS * total
    np.divide(q, p, out=p)
    p *= total / q_total
    p += _EPS
    np.log(p, out=p)
    return float(q @ p / q_total)


def emd(saliency_map, fixation_density_map) -> float:
    """Earth mover's distance in pixels of maps reduced 32 times, 0 is best; exact.

    Both maps are reduced to ceil(H / 32) x ceil(W / 32) by area averaging and divided by their
    sums (MATLAB's histogram matching is left out); the ground distance is Euclidean. The
    transport problem takes about 0.1 s for 480x640 and 0.4 s for 600x800.

    Raises:
        ValueError: also for a map with negative values: there is no negative mass.

    Source: Rubner et al. 2000, "The earth mover's distance"; EMD.m.
    """
    import cv2  # here, so that the other metrics need numpy only

    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    if saliency.low < 0 and not saliency.constant:
        raise ValueError(f"emd: saliency_map has negative values (minimum {saliency.low:.3g}); "
                         "subtract its minimum, clip it at 0, or take exp() of a log-density")
    values = np.ones_like(saliency.values) if saliency.constant else saliency.values
    height, width = values.shape
    size = (-(-width // _REDUCTION), -(-height // _REDUCTION))
    a, b = (_signature(cv2.resize(m.astype(np.float64), size, interpolation=cv2.INTER_AREA))
            for m in (values, density.values))
    return float(cv2.EMD(a, b, cv2.DIST_L2)[0])


def _unit_or_uniform(checked: Map) -> np.ndarray:
    return np.ones(checked.values.shape) if checked.constant else unit_range(checked)


def _signature(values: np.ndarray) -> np.ndarray:
    """float32 [h * w, 3]: the share of each pixel, its row and its column."""
    rows, columns = np.indices(values.shape)
    share = values / values.sum()
    return np.stack([share.ravel(), rows.ravel(), columns.ravel()], axis=1).astype(np.float32)
