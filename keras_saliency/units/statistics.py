"""Statistics of unit studies: the best units, correlations, analyses of variance."""
from itertools import combinations
from typing import Any, Mapping, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.metrics.streaming import Moments

TOP_UNITS = 10


def best_means(moments: Moments, top: int = TOP_UNITS) -> np.ndarray:
    """float64 [<= top]: the highest mean scores among units that have one, best first."""
    return np.sort(moments.mean[moments.count > 0])[::-1][:top]


def mean_of_top(moments: Moments, top: int = TOP_UNITS) -> float:
    """Return the mean of the `best_means`, NaN without any (CVPR 2019, Tables 2, 3, 5, 6)."""
    best = best_means(moments, top)
    return float(best.mean()) if len(best) else np.nan


class Correlation(NamedTuple):
    """A correlation coefficient, its two-sided p value and its number of points."""

    coefficient: float
    p_value: float
    points: int


def spearman(a: ArrayLike, b: ArrayLike) -> Correlation:
    """Rank correlation of two sequences; pairs with a NaN are left out."""
    return _correlate("spearmanr", a, b)


def pearson(a: ArrayLike, b: ArrayLike) -> Correlation:
    """Linear correlation of two sequences; pairs with a NaN are left out."""
    return _correlate("pearsonr", a, b)


def _correlate(function, a, b) -> Correlation:
    """NaN for fewer than three points (two always lie on a line) and for constants."""
    from scipy import stats  # here: the import takes a second, and few studies need it

    a, b = np.asarray(a, float), np.asarray(b, float)
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Correlation(np.nan, np.nan, len(a))
    coefficient, p_value = getattr(stats, function)(a, b)
    return Correlation(float(coefficient), float(p_value), len(a))


class GroupComparison(NamedTuple):
    """One-way analysis of variance, and a test of all pairs of groups.

    Attributes:
        f, p_value: NaN if the analysis cannot be made. sizes: {group: number of its values}.
        pairs: {(a, b): (mean of a - mean of b, p value)}, Tukey's honestly significant difference.
    """

    f: float
    p_value: float
    sizes: dict
    pairs: dict

    def different(self) -> list[tuple]:
        """The pairs whose means differ at the level of 5 %."""
        return [pair for pair, (_, p) in self.pairs.items() if p < 0.05]


def compare_groups(groups: Mapping[Any, ArrayLike]) -> GroupComparison:
    """ANOVA and Tukey's test over {group: values}; NaN values and groups below two are left out."""
    from scipy import stats

    values = {name: np.asarray(group, float) for name, group in groups.items()}
    values = {name: known for name, group in values.items()
              if len(known := group[np.isfinite(group)]) > 1}
    sizes = {name: len(group) for name, group in values.items()}
    if len(values) < 2:
        return GroupComparison(np.nan, np.nan, sizes, {})
    f, p_value = stats.f_oneway(*values.values())
    tukey = stats.tukey_hsd(*values.values())
    pairs = {(a, b): (float(tukey.statistic[i, j]), float(tukey.pvalue[i, j]))
             for (i, a), (j, b) in combinations(enumerate(values), 2)}
    return GroupComparison(float(f), float(p_value), sizes, pairs)


class Effect(NamedTuple):
    """One source of variation: sum of squares, degrees of freedom, F and its p value."""

    squares: float
    freedom: int
    f: float
    p_value: float


class TwoWay(NamedTuple):
    """Two-way analysis of variance with interaction.

    `residual` is the sum of squares within the cells, `freedom` its degrees of freedom.
    """

    first: Effect
    second: Effect
    interaction: Effect
    residual: float
    freedom: int


def two_way(values: ArrayLike, first: ArrayLike, second: ArrayLike) -> TwoWay:
    """Two-way ANOVA with interaction, of balanced and unbalanced designs.

    Sums of squares are of type II: a factor's sum is what it explains beyond the other factor, the
    interaction's what it explains beyond both. In a balanced design all types agree. SciPy has
    only the one-way test. f and p_value are NaN where a factor has one level, a pair of levels has
    no value, no pair has two, or the values do not vary within any pair.

    Args:
        values: [n]; NaN is left out. first, second: [n], levels of the two factors.
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    values = values[known]
    (a, rows), (b, columns) = (
        np.unique(np.asarray(levels)[known], return_inverse=True) for levels in (first, second))
    cells = rows * len(b) + columns
    freedom = len(values) - len(a) * len(b)
    of_a, of_b, of_cells = (
        np.eye(count)[places] for count, places in
        ((len(a), rows), (len(b), columns), (len(a) * len(b), cells)))
    without_a, without_b, additive, residual = (  # least squares; columns may depend on each other
        float(np.sum((values - design @ np.linalg.lstsq(design, values, rcond=None)[0]) ** 2))
        for design in (of_b, of_a, np.hstack([of_a, of_b]), of_cells))
    possible = (min(len(a), len(b)) > 1 and len(np.unique(cells)) == len(a) * len(b)
                and freedom > 0 and residual > 1e-12 * np.sum(values ** 2))
    sums = (without_a - additive, without_b - additive, additive - residual)
    freedoms = (len(a) - 1, len(b) - 1, (len(a) - 1) * (len(b) - 1))
    return TwoWay(*(_effect(squares, of, residual, freedom, possible)
                    for squares, of in zip(sums, freedoms)), residual, freedom)


def _effect(squares, freedom, residual, residual_freedom, possible) -> Effect:
    from scipy import stats

    if not possible:
        return Effect(squares, freedom, np.nan, np.nan)
    f = squares / freedom / (residual / residual_freedom)
    return Effect(squares, freedom, f, float(stats.f.sf(f, freedom, residual_freedom)))
