"""Thin wrappers around scipy: what is left out, and known results."""
import numpy as np
import pytest
from scipy import stats

from keras_saliency.units.statistics import compare_groups, pearson, spearman


def test_groups_that_differ_are_told_apart():
    rng = np.random.default_rng(3)
    groups = {"a": rng.normal(0, 1, 40), "b": rng.normal(0.1, 1, 30), "c": rng.normal(3, 1, 20)}
    result = compare_groups(groups)
    expected = stats.f_oneway(*groups.values())
    assert result.f == pytest.approx(expected.statistic)
    assert result.p_value == pytest.approx(expected.pvalue) and result.p_value < 1e-6
    assert sorted(result.different()) == [("a", "c"), ("b", "c")]
    assert result.pairs["a", "c"][0] == pytest.approx(groups["a"].mean() - groups["c"].mean())


def test_missing_values_and_small_groups_are_left_out():
    result = compare_groups({"a": [1.0, np.nan, 2.0], "b": [5.0, 6.0], "c": [np.nan, 4.0]})
    assert result.sizes == {"a": 2, "b": 2} and list(result.pairs) == [("a", "b")]
    alone = compare_groups({"a": [1.0, 2.0], "b": []})
    assert np.isnan(alone.f) and alone.pairs == {} and alone.different() == []


def test_correlations():
    assert spearman([1, 2, 3, np.nan, 4], [1, 8, 27, 5, 64]) == (1.0, 0.0, 4)
    x, y = [1.0, 2.0, 4.0, 3.0], [0.5, 3.0, 2.0, 2.5]
    expected = stats.pearsonr(x, y)
    assert pearson(x, y) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue), 4)
    for a, b in (([1, 2], [2, 1]), ([1, 1, 1], [1, 2, 3])):
        assert np.isnan(pearson(a, b).coefficient)
