"""Areas under the ROC curve of a map at fixations; they differ in their nonfixations.

Never a bare "AUC": auc_judd (all other pixels), auc_borji (random pixels), auc_shuffled (pixels
fixated in other images). The scale and zero of the map do not matter; for auc_judd without jitter,
neither does any ascending function of it. Counting is exact, without a loop over thresholds.
Inputs, NaN and constant maps: see `fixation_metrics`.
"""
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.metrics.checks import check_fixations, check_map

# Few pixels share one of so many bins with a threshold, and the table fits the processor's cache.
_BINS = 1 << 15
# The passes over the bins cost more than they save on a map smaller than this.
_DIRECT_BELOW = 1 << 14
# A value this little below a threshold of the sweep (of a map in 0..1) still reaches it, so that
# the rounding of min-max in float64 does not decide. Not larger: sigmoids crowd just below 1.
_SLACK = 1e-12


def auc_judd(saliency_map: ArrayLike, fixation_map: ArrayLike, jitter: bool = False,
             seed: int = 0, ties: str = "matlab") -> float:
    """Area under the ROC curve, 0..1; nonfixations are all other pixels (NaN without any).

    Args:
        jitter: add uniform noise in 0..1e-7 to the min-max normalised map first, so that no two
            pixels tie (MATLAB adds it before the min-max: the same for maps in 0..1).
        seed: seed or Generator of the jitter.
        ties: "matlab" sweeps the sorted fixated values i = 1..Nfix with true positives i / Nfix
            and false positives (pixels reaching the value - i) / (Npix - Nfix). Joining these
            points reads up to 1 / (2 Nfix) too high; of fixations that tie, all but the last
            count too many false positives. "half" is the exact area: the share of (fixation,
            nonfixation) pairs in the right order, 1/2 for a tie. The negated map has 1 - area.

    Source: Judd et al. 2009, "Learning to predict where humans look"; AUC_Judd.m.
    """
    require(ties in ("matlab", "half"), f'ties must be "matlab" or "half", not {ties!r}')
    saliency = check_map(saliency_map)
    index, _ = check_fixations(fixation_map, saliency.values.shape)
    positives, negatives = len(index), saliency.values.size - len(index)
    if positives == 0 or negatives == 0:
        return float("nan")
    if saliency.constant:
        return 0.5
    values = saliency.values.ravel()
    if jitter:
        values = saliency.mass() / (saliency.high - saliency.low)
        values += np.random.default_rng(seed).random(values.size) / 1e7
    fixated = np.sort(values[index])
    at_least = count_reaching(values, fixated)
    if ties == "half":
        # Fixations are pixels too: what they win and lose among themselves is half of all pairs.
        above = count_reaching(values, fixated, strict=True)
        credit = np.sum(2 * values.size - at_least - above) - positives ** 2
    else:
        rank = np.arange(positives + 1)
        false = np.concatenate([[0], at_least[::-1] - rank[1:], [negatives]])
        heights = 2 * rank + 1  # twice the mean height of two neighbours; the last is flat
        heights[-1] = 2 * positives
        credit = np.sum(np.diff(false) * heights)
    return float(credit / (2 * positives * negatives))


def auc_borji(saliency_map: ArrayLike, fixation_map: ArrayLike, splits: int = 100,
              step: float = 0.1, seed: int = 0) -> float:
    """Area under the ROC curve, 0..1; nonfixations are random pixels, fixated ones included.

    Each of `splits` splits draws as many pixels as there are fixations, uniformly with
    replacement. Thresholds are 0, step, ..., 1 after min-max. The area is the mean over splits.

    Args:
        seed: seed or `numpy.random.Generator`. Standard error of the sampling, roughly:
            0.3 / sqrt(splits * fixations).

    Source: Borji et al. 2013, "Quantitative analysis of human-model agreement"; AUC_Borji.m.
    """
    saliency = check_map(saliency_map)
    index, _ = check_fixations(fixation_map, saliency.values.shape)
    _check_splits(splits, step)
    if len(index) == 0:
        return float("nan")
    if saliency.constant:
        return 0.5
    values, scale = saliency.values.ravel(), (saliency.low, saliency.high, step)
    rng, draws = np.random.default_rng(seed), splits * len(index)
    if draws < values.size:
        drawn = histogram_of_steps(values[rng.integers(0, values.size, draws)], *scale)
    else:  # more draws than pixels: count the pixels once and draw the histogram
        drawn = rng.multinomial(draws, histogram_of_steps(values, *scale) / values.size)
    return area(histogram_of_steps(values[index], *scale), drawn)


def auc_shuffled(saliency_map: ArrayLike, fixation_map: ArrayLike, other_map: ArrayLike,
                 splits: int = 100, step: float = 0.1, seed: int = 0) -> float:
    """Area under the ROC curve, 0..1; nonfixations are pixels fixated in other images.

    Each split draws min(Nfix, Nother) different pixels from `other_map`; the rest is as in
    `auc_borji`. A mere center_bias scores low. Pixels drawn without replacement and sorted into
    steps are a multivariate hypergeometric draw.

    Args:
        other_map: counts [H, W], the union of other images' fixations; NaN if it holds none.

    Source: Zhang et al. 2008, "SUN"; Borji et al. 2013; AUC_shuffled.m.
    """
    saliency = check_map(saliency_map)
    index, _ = check_fixations(fixation_map, saliency.values.shape)
    other, _ = check_fixations(other_map, saliency.values.shape, "other_map", union=True)
    _check_splits(splits, step)
    if len(index) == 0 or len(other) == 0:
        return float("nan")
    if saliency.constant:
        return 0.5
    values, scale = saliency.values.ravel(), (saliency.low, saliency.high, step)
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(
        histogram_of_steps(values[other], *scale), min(len(index), len(other)), size=splits)
    return area(histogram_of_steps(values[index], *scale), drawn.sum(axis=0))


def _check_splits(splits, step) -> None:
    count_steps(step)
    require(splits >= 1, f"splits must be at least 1, not {splits}")


def count_reaching(values: np.ndarray, thresholds: np.ndarray, strict: bool = False) -> np.ndarray:
    """Count the `values` [N] that are >= (or, if `strict`, >) each of `thresholds` [n]; int64 [n].

    Both arrays are finite floats of one dtype, thresholds ascending. Pixels are put into equal
    bins; only those that share a bin with a threshold are compared with it. The bin number is one
    monotone function of both, so its rounding does no harm.
    """
    low = values.min()
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale = values.dtype.type(_BINS - 1) / (values.max() - low)
    if values.size < _DIRECT_BELOW or not (np.isfinite(scale) and scale > 0):
        return _count_directly(values, thresholds, strict)
    # intp throughout: numpy would convert any other index type at each use
    bins = ((values - low) * scale).astype(np.intp)
    threshold_bins = ((thresholds - low) * scale).astype(np.intp)
    shared = np.zeros(_BINS, bool)
    shared[threshold_bins] = True
    histogram = np.bincount(bins, minlength=_BINS)
    histogram[shared] = 0
    beyond = np.cumsum(histogram[::-1])[::-1][threshold_bins]
    return beyond + _count_directly(values[shared[bins]], thresholds, strict)


def _count_directly(values, thresholds, strict):
    # A binary search of each value among the thresholds: numpy's vector sort of the values is very
    # slow where many tie (a map clipped at 0).
    distinct, position = np.unique(thresholds, return_inverse=True)
    passed = np.searchsorted(distinct, values, "left" if strict else "right")
    up_to = np.cumsum(np.bincount(passed, minlength=len(distinct) + 1))
    return (values.size - up_to[:-1])[position.ravel()]


def count_steps(step: float) -> int:
    """Return the number of thresholds 0, step, 2 step, ... up to 1."""
    require(0 < step <= 1, f"step must be above 0 and at most 1, not {step}")
    return int((1 + _SLACK) / step) + 1


def histogram_of_steps(values: np.ndarray, low: float, high: float, step: float) -> np.ndarray:
    """Count `values` [n] by the highest threshold each reaches after min-max; int64 [steps]."""
    unit = (values.astype(np.float64) - low) / (high - low)
    return np.bincount(((unit + _SLACK) / step).astype(np.intp), minlength=count_steps(step))


def area(positives: np.ndarray, negatives: np.ndarray) -> float:
    """Return the area under the ROC curve of two histograms [K] over the same ascending thresholds.

    The trapezoids add up to the share of pairs in which the positive lies above the negative, half
    for a pair in one step. That is linear in `negatives`, so the mean area of several sets of
    negatives of one size is the area of their summed histogram.
    """
    above = positives.sum() - np.cumsum(positives)
    credit = negatives @ (2 * above + positives)
    return float(credit / (2 * positives.sum() * negatives.sum()))
