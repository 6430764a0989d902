"""Areas under the ROC curve of a map at fixations; they differ in their nonfixations.

Never a bare "AUC": auc_judd (all other pixels), auc_borji (random pixels), auc_shuffled (pixels
fixated in other images). The scale and zero of the map do not matter; for auc_judd without jitter,
neither does any ascending function of it. Inputs, NaN and constant maps: see `fixation_metrics`.
"""
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.metrics.checks import check_fixations, check_map
from keras_saliency.metrics.ranking import area, count_reaching, count_steps, histogram_of_steps


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
