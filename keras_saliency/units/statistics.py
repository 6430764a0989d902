"""Statistics of unit studies: the best units, groups compared, ranks and numbers correlated."""
from itertools import combinations
from typing import NamedTuple

import numpy as np

TOP_UNITS = 10


def best_means(moments, top=TOP_UNITS) -> np.ndarray:
    """float64 [<= top]: the highest mean scores among units, best first.

    Args:
        moments: `Moments` of the units; those without a score are left out.
    """
    return np.sort(moments.mean[moments.count > 0])[::-1][:top]


def mean_of_top(moments, top=TOP_UNITS) -> float:
    """Mean of the `best_means`, NaN of none (CVPR 2019, Tables 2, 3, 5, 6)."""
    best = best_means(moments, top)
    return float(best.mean()) if len(best) else np.nan


class GroupComparison(NamedTuple):
    """One-way analysis of variance and all pairs after it.

    Attributes:
        f, p_value: of the analysis of variance; NaN if it cannot be made.
        sizes: {group: values it had}.
        pairs: {(a, b): (mean of a - mean of b, p value)}, Tukey's honestly significant difference.
    """

    f: float
    p_value: float
    sizes: dict
    pairs: dict

    def different(self, alpha=0.05) -> list:
        """The pairs whose means differ at level `alpha`."""
        return [pair for pair, (_, p) in self.pairs.items() if p < alpha]


class Correlation(NamedTuple):
    """A correlation coefficient, its two-sided p value, and of how many points it is."""

    coefficient: float
    p_value: float
    points: int


def compare_groups(groups: dict) -> GroupComparison:
    """ANOVA and Tukey's test over {group: values}; NaN values and groups below two are left out.

    Returns:
        GroupComparison; f and p_value NaN and no pairs if fewer than two groups remain.
    """
    from scipy import stats  # here: it takes a second, and few studies need it

    values = {name: np.asarray(group, float) for name, group in groups.items()}
    values = {name: group[np.isfinite(group)] for name, group in values.items()}
    values = {name: group for name, group in values.items() if len(group) > 1}
    sizes = {name: len(group) for name, group in values.items()}
    if len(values) < 2:
        return GroupComparison(np.nan, np.nan, sizes, {})
    f, p_value = stats.f_oneway(*values.values())
    tukey = stats.tukey_hsd(*values.values())
    pairs = {(a, b): (float(tukey.statistic[i, j]), float(tukey.pvalue[i, j]))
             for (i, a), (j, b) in combinations(enumerate(values), 2)}
    return GroupComparison(float(f), float(p_value), sizes, pairs)


def spearman(a, b) -> Correlation:
    """Rank correlation of two sequences; pairs with a NaN are left out."""
    from scipy import stats

    return _correlate(stats.spearmanr, a, b)


def pearson(a, b) -> Correlation:
    """Linear correlation of two sequences; pairs with a NaN are left out."""
    from scipy import stats

    return _correlate(stats.pearsonr, a, b)


def _correlate(function, a, b) -> Correlation:
    """NaN for fewer than three points (two always lie on a line) and for constants."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(np.nan, np.nan, len(a))
    coefficient, p_value = function(a, b)
    return Correlation(float(coefficient), float(p_value), len(a))
