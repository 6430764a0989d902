"""Counting for the AUCs, exact and without a loop over thresholds."""
import numpy as np

from keras_saliency.files import require

# Few pixels share one of so many bins with a threshold, and the table fits the processor's cache.
_BINS = 1 << 15
# The passes over the bins cost more than they save on a map smaller than this.
_DIRECT_BELOW = 1 << 14
# A value this little below a threshold of the sweep (of a map in 0..1) still reaches it, so that
# the rounding of min-max in float64 does not decide. Not larger: sigmoids crowd just below 1.
_SLACK = 1e-12


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
