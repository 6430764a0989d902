"""Metrics of a map against a fixation density.

All take a map [H, W] (finite, any real dtype) and a `fixation_density_map` [H, W] (>= 0, any
scale) and return a Python float computed in float64, as the MIT saliency benchmark's MATLAB code
(Bylinskii et al. 2019, "What do different evaluation metrics tell us about saliency models?").

All return NaN for a density that sums to 0 (no fixation). A constant map, zeros included, counts
as the uniform distribution in sim, kld and emd, where MATLAB's min-max divides 0 by 0; cc is 0.
All raise `InputError` for inputs that `checks` refuses.
"""
import warnings
from typing import Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.metrics.checks import EPS, Map, check_density, check_map, dot

_REDUCTION = 32
_NOTHING = 1e-10  # share of the mass that `transport_cost` leaves where it is
_STEPS = 10 ** 7  # of the network simplex; maps of 34x60 pixels take fewer than 3e4


def cc(saliency_map: ArrayLike, fixation_density_map: ArrayLike) -> float:
    """Pearson's correlation coefficient of the two maps, -1..1; 0 if either is constant.

    Source: CC.m.
    """
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    if saliency.constant or density.constant:
        return 0.0
    a, b = saliency.centred(), density.centred()
    return float(np.clip(dot(a, b) / np.sqrt(dot(a, a) * dot(b, b)), -1, 1))


def sim(saliency_map: ArrayLike, fixation_density_map: ArrayLike) -> float:
    """Similarity, 0..1: both maps min-max normalised, divided by their sums, sum of the minima.

    Source: Judd et al. 2012, "A benchmark of computational models of saliency"; similarity.m.
    """
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    a, b = saliency.mass(), density.mass()
    total = b.sum()
    a *= total / a.sum()
    return float(np.minimum(a, b, out=a).sum() / total)


def kld(saliency_map: ArrayLike, fixation_density_map: ArrayLike) -> float:
    """Kullback-Leibler divergence in nats, 0 is best: sum(q * log(eps + q / (p + eps))).

    p is the saliency_map and q the density, each divided by its sum and *not* shifted: unlike the
    others, this metric depends on the zero of the map. eps is 2.2204e-16. A map that is negative
    throughout is divided by its negative sum, as in MATLAB, which turns it upside down:
    exponentiate a log-density first. A map with values of both signs is no distribution: NaN with
    a RuntimeWarning (MATLAB returns a complex number).

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
            total == 0 or min(saliency.low / total, saliency.high / total) <= -EPS):
        return _no_distribution("kld", saliency)
    q = density.values.astype(np.float64).ravel()
    q_total = q.sum()
    # q / (p + eps) of the normalised maps, without forming them
    p += EPS * total
    np.divide(q, p, out=p)
    p *= total / q_total
    p += EPS
    np.log(p, out=p)
    return float(dot(q, p) / q_total)


def emd(saliency_map: ArrayLike, fixation_density_map: ArrayLike, reduction: str = "area") -> float:
    """Earth mover's distance in pixels of maps reduced 32 times, 0 is best.

    Both maps are reduced to ceil(H / 32) x ceil(W / 32) and divided by their sums; the ground
    distance is Euclidean, the optimum exact. That takes about 2 ms for 480x640, 4 ms for 600x800,
    8 ms for 768x1024 and 40 ms for 1080x1920. A map with negative values is no distribution: NaN
    with a RuntimeWarning.

    Args:
        reduction: "area" averages, and a map has distance 0 to itself. "matlab" is EMD.m in full:
            the density as by MATLAB's `imresize(density, 1/32)`, the map by `imresize(map, size)`,
            both bicubic. If 32 does not divide a side these two lie a little apart, so that even
            equal maps have a distance. Negative values that the kernel makes on one side count as
            mass of the other, as in FastEMD. FastEMD rounds masses and distances to millionths,
            this function does not: they agree to about 2e-4.

    Source: Rubner et al. 2000, "The earth mover's distance"; EMD.m of github.com/cvzoya/saliency
    at 3c4d244 (26e7105 of 2014 also matched the histograms of the reduced maps).
    """
    require(reduction in ("area", "matlab"),
            f'reduction must be "area" or "matlab", not {reduction!r}')
    saliency = check_map(saliency_map)
    density = check_density(fixation_density_map, saliency.values.shape)
    if density is None:
        return float("nan")
    if saliency.low < 0 and not saliency.constant:
        return _no_distribution("emd", saliency)
    a = np.ones(saliency.values.shape) if saliency.constant else (
        saliency.values.astype(np.float64) / saliency.high)
    b = density.values.astype(np.float64) / density.high
    size = [-(-side // _REDUCTION) for side in a.shape]
    if reduction == "matlab":
        a, b = imresize(a, size), imresize(b, size, 1 / _REDUCTION)
    else:
        import cv2  # here, so that the other metrics need numpy only

        a, b = (cv2.resize(m, size[::-1], interpolation=cv2.INTER_AREA) for m in (a, b))
    return transport_cost(a / a.sum() - b / b.sum())


def transport_cost(difference: np.ndarray) -> float:
    """Return the least cost, mass times pixels, of moving surplus mass to pixels that lack it.

    The distance is Euclidean, the optimum exact: POT's network simplex. (cv2.EMD gives up after
    500 steps: up to 5 % above it on 24x32 pixels.)

    Args:
        difference: float64 [h, w] with sum 0 but for rounding: one map of sum 1 minus another.
            Mass that both have at a pixel stays there, as the distance is a metric.

    Source: Hitchcock 1941, "The distribution of a product from several sources to numerous
    localities"; of the solver, Bonneel et al. 2011, "Displacement interpolation using Lagrangian
    mass transport".
    """
    moved = np.abs(difference).sum() / 2
    if moved < _NOTHING:  # equal but for rounding
        return 0.0
    import ot  # here: it imports every package of arrays that is installed

    sources, sinks = difference > _NOTHING * moved, difference < -_NOTHING * moved
    supply, demand = (mass / mass.sum() for mass in (difference[sources], -difference[sinks]))
    between = np.argwhere(sources)[:, None] - np.argwhere(sinks)
    distance = np.sqrt((between ** 2).sum(axis=-1))
    cost, solved = ot.emd2(supply, demand, distance, numItermax=_STEPS, log=True)
    assert solved["warning"] is None, solved["warning"]
    return float(cost * moved)


def _no_distribution(metric: str, saliency: Map) -> float:
    """NaN, with a warning: one such map must not end the evaluation of a whole dataset."""
    warnings.warn(
        f"{metric}: saliency_map holds negative values ({saliency.low:.3g} to "
        f"{saliency.high:.3g}) and is no distribution: NaN. Subtract its minimum, clip it at 0, "
        "or take exp() of a log-density", RuntimeWarning, stacklevel=3)
    return float("nan")


def imresize(image: ArrayLike, size: Sequence[int], scale: Optional[float] = None) -> np.ndarray:
    """Resize an image [H, W] as MATLAB's `imresize` of EMD.m: float64, bicubic, antialiased.

    Output pixel i (from 0) lies at (i + 0.5) / scale - 0.5 of the image, which is mirrored at its
    borders. Keys' cubic (a = -0.5) is stretched by 1 / scale if scale < 1, and its samples are
    divided by their sum. Values can leave the range of the image a little.

    Args:
        size: (rows, columns) of the result.
        scale: output pixels per input pixel, as in `imresize(image, scale)`, whose size is
            ceil(scale * H), ceil(scale * W); None for rows / H and columns / W, as in
            `imresize(image, size)`. They differ if the side is no multiple.

    Source: the MATLAB documentation of imresize; Keys 1981, "Cubic convolution interpolation for
    digital image processing".
    """
    image = np.asarray(image, np.float64)
    rows, columns = (_weights(length, out, scale or out / length)
                     for length, out in zip(image.shape, size))
    return rows @ image @ columns.T


def _weights(length: int, out: int, scale: float) -> np.ndarray:
    """float64 [out, length]: each output pixel as a sum of input pixels."""
    stretch = min(scale, 1.0)
    place = (np.arange(out) + 0.5) / scale - 0.5
    near = np.arange(np.floor(place.min() - 2 / stretch), np.ceil(place.max() + 2 / stretch) + 1)
    samples = _cubic(stretch * (place[:, None] - near))
    samples /= samples.sum(axis=1, keepdims=True)
    inside = near.astype(np.int64) % (2 * length)
    weights = np.zeros((out, length))
    np.add.at(weights.T, np.minimum(inside, 2 * length - 1 - inside), samples.T)
    return weights


def _cubic(x) -> np.ndarray:
    """Keys' kernel with a = -0.5; 0 beyond 2."""
    x = np.abs(x)
    inner, outer = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, inner, np.where(x <= 2, outer, 0))
