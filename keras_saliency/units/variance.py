"""Two-way analysis of variance with interaction, of balanced and unbalanced designs."""
from typing import NamedTuple

import numpy as np


class Effect(NamedTuple):
    """One source of variation: sum of squares, degrees of freedom, F and its p value."""

    squares: float
    freedom: int
    f: float
    p_value: float


class TwoWay(NamedTuple):
    """What two factors and their interaction explain of some values.

    Attributes:
        first, second, interaction: `Effect`s; f and p_value NaN if the analysis cannot be made.
        residual: sum of squares within the cells. freedom: its degrees of freedom.
    """

    first: Effect
    second: Effect
    interaction: Effect
    residual: float
    freedom: int


def two_way(values, first, second) -> TwoWay:
    """Two-way ANOVA with interaction, its sums of squares of type II.

    A factor's sum is what it explains beside the other one, the interaction's what remains
    beside both; in a balanced design all types of sums agree. Scipy has the one-way test alone.

    Args:
        values: [n]; NaN is left out. first, second: [n], levels of the two factors.

    Returns:
        TwoWay; f and p_value are NaN where a factor has one level, a pair of levels has no value,
        no pair has two, or the values of every pair are all alike.
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
    left = [_unexplained(values, design) for design in (
        of_b, of_a, np.hstack([of_a, of_b]), of_cells)]
    without_a, without_b, additive, residual = left
    possible = (min(len(a), len(b)) > 1 and len(np.unique(cells)) == len(a) * len(b)
                and freedom > 0 and residual > 1e-12 * np.sum(values ** 2))
    sums = (without_a - additive, without_b - additive, additive - residual)
    freedoms = (len(a) - 1, len(b) - 1, (len(a) - 1) * (len(b) - 1))
    return TwoWay(*(_effect(squares, of, residual, freedom, possible)
                    for squares, of in zip(sums, freedoms)), residual, freedom)


def _unexplained(values, design) -> float:
    """Sum of squares that least squares leave; columns may depend on each other."""
    return float(np.sum((values - design @ np.linalg.lstsq(design, values, rcond=None)[0]) ** 2))


def _effect(squares, freedom, residual, residual_freedom, possible) -> Effect:
    from scipy import stats  # here: it takes a second, and few studies need it

    if not possible:
        return Effect(squares, freedom, np.nan, np.nan)
    f = squares / freedom / (residual / residual_freedom)
    return Effect(squares, freedom, f, float(stats.f.sf(f, freedom, residual_freedom)))
