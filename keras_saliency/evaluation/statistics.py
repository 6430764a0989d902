"""Intervals, tests and ranks of models scored on the same images."""
from typing import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.metrics import METRICS

# Weakly correlated metrics whose ranks are added up (Kroner et al. 2020, section 4.3).
RANKED = ("auc_shuffled", "cc", "kld")
# Random numbers held at once by the bootstrap, whatever the number of images.
_CHUNK = 1 << 22


def paired_p_value(scores: ArrayLike, reference: ArrayLike, higher_is_better: bool = True) -> float:
    """Return p of a one-sided paired t-test for an advantage of `scores` over `reference`.

    Both are [N], of the same images, without NaN. NaN below two images; 0.5 without a difference.
    """
    from scipy import stats  # here: it takes longer to import than to score an image

    scores, reference = np.asarray(scores, np.float64), np.asarray(reference, np.float64)
    if len(scores) < 2:
        return float("nan")
    difference = scores - reference
    if (difference == difference[0]).all():  # no deviation: t is 0, or infinite
        gain = difference[0] if higher_is_better else -difference[0]
        return 0.5 - 0.5 * float(np.sign(gain))
    return float(stats.ttest_rel(
        scores, reference, alternative="greater" if higher_is_better else "less").pvalue)


def bootstrap_intervals(values: ArrayLike, confidence: float = 0.95, draws: int = 10000,
                        seed: int = 0) -> np.ndarray:
    """Return percentile bootstrap intervals of column means, float64 [K, 2] (low, high).

    Args:
        values: [N, K], one row per image; a drawn row is drawn for all columns. NaN is left out
            of its column's mean; a column without values has the interval NaN.
        draws: resamples of N rows with replacement. seed: of the draws.
    """
    values = np.asarray(values, np.float64)
    require(values.ndim == 2 and 0 < confidence < 1 <= draws, "values must be [N, K], confidence "
            f"in (0, 1) and draws above 0; not {values.shape}, {confidence}, {draws}")
    intervals = np.full((values.shape[1], 2), np.nan)
    scored = ~np.isnan(values)
    usable = scored.any(axis=0)
    if not usable.any():
        return intervals
    filled, scored = np.where(scored, values, 0)[:, usable], scored[:, usable].astype(np.float64)
    rng, count = np.random.default_rng(seed), len(values)
    chunk, means = max(1, _CHUNK // count), []
    for start in range(0, draws, chunk):
        # how often each row is drawn: the means of a resample are then a product of matrices
        size = min(chunk, draws - start)
        drawn = rng.integers(0, count, (size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        with np.errstate(invalid="ignore"):  # a resample may miss all values of a column
            means.append((times @ filled) / (times @ scored))
    tail = (1 - confidence) / 2
    intervals[usable] = np.nanquantile(np.concatenate(means), [tail, 1 - tail], axis=0).T
    return intervals


def cumulative_rank(means: Mapping[str, ArrayLike], metrics: Sequence[str] = RANKED) -> np.ndarray:
    """Return the sums int64 [K] of the models' ranks over metrics; the means [K] must be finite.

    Models that tie share the better rank and the next ranks are left out (1, 2, 2, 4).

    Source: Kroner et al. 2020, "Contextual encoder-decoder network", section 4.3.
    """
    from scipy import stats

    missing = [metric for metric in metrics
               if metric not in means or not np.isfinite(means[metric]).all()]
    require(not missing, f"the cumulative rank needs {', '.join(missing)} of every model")
    ranks = 0
    for metric in metrics:
        sign = -1 if METRICS[metric].higher_is_better else 1
        ranks = ranks + stats.rankdata(sign * np.asarray(means[metric]), method="min")
    return ranks.astype(np.int64)
