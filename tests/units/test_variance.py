"""Two-way analysis of variance against a textbook's table, hand sums, statsmodels and t tests."""
import numpy as np
import pytest
from scipy import stats

from keras_saliency.units.statistics import two_way

# R's ToothGrowth: growth of teeth under two supplements at three doses, ten animals each.
GROWTH = """4.2 11.5 7.3 5.8 6.4 10 11.2 11.2 5.2 7
16.5 16.5 15.2 17.3 22.5 17.3 13.6 14.5 18.8 15.5
23.6 18.5 33.9 25.5 26.4 32.5 26.7 21.5 23.3 29.5
15.2 21.5 17.6 9.7 14.5 10 8.2 9.4 16.5 9.7
19.7 23.3 23.6 26.4 20 25.2 25.8 21.2 14.5 27.3
25.5 26.4 22.4 24.5 24.8 30.9 26.4 27.3 29.4 23"""

# Without four of them: statsmodels 0.15, anova_lm(ols("v ~ C(a) * C(b)").fit(), typ=2)
UNBALANCED = [(168.5319537783, 12.190993109090, 1.013467952718e-03),
              (2149.9814585016, 77.760948466019, 4.495703022830e-16),
              (100.4193302651, 3.631985910791, 3.366769815849e-02)]


@pytest.fixture
def growth():
    values = np.array(GROWTH.split(), float)
    return values, np.repeat(["VC", "OJ"], 30), np.tile(np.repeat([0.5, 1, 2], 10), 2)


def test_the_table_that_r_prints(growth):
    result = two_way(*growth)
    assert [(e.freedom, round(e.f, 3)) for e in result[:3]] == [(1, 15.572), (2, 92.0), (2, 4.107)]
    assert [e.squares for e in result[:3]] == pytest.approx([205.35, 2426.434, 108.319], rel=1e-5)
    assert [e.p_value for e in result[:3]] == pytest.approx(
        [0.0002312, 4.046e-18, 0.02186], rel=5e-4)
    assert result.residual == pytest.approx(712.106, rel=1e-6) and result.freedom == 54


def test_hand_sums_of_a_balanced_design():
    """Cells (1, 3), (5, 7); (2, 4), (14, 16): means 2, 6, 3, 15 about a grand mean of 6.5."""
    result = two_way([1, 3, 5, 7, 2, 4, 14, 16], list("aaaabbbb"), [0, 0, 1, 1, 0, 0, 1, 1])
    # rows 4 and 9: 8 * 2.5^2; columns 2.5 and 10.5: 8 * 4^2; what is left of the cells: 8 * 2^2
    assert [e.squares for e in result[:3]] == pytest.approx([50, 128, 32])
    assert result.residual == pytest.approx(8) and result.freedom == 4
    assert [e.f for e in result[:3]] == pytest.approx([25, 64, 16])


def test_unbalanced_as_statsmodels_type_2(growth):
    values, first, second = (x[np.r_[:7, 10:19, 20:60]] for x in growth)
    result = two_way(values, first, second)
    for effect, expected in zip(result[:3], UNBALANCED):
        assert (effect.squares, effect.f, effect.p_value) == pytest.approx(expected, rel=1e-9)


def test_two_balanced_levels_are_t_tests():
    """The interaction of 2x2 cells is the t test of the differences between paired columns."""
    rng = np.random.default_rng(4)
    low, high = rng.normal(size=(2, 9))
    constant = np.zeros(9) + rng.normal(0, 1e-3, 9)
    result = two_way(np.concatenate([low, high, constant, constant]),
                     np.repeat([0, 0, 1, 1], 9), np.repeat([0, 1, 0, 1], 9))
    means = [x.mean() for x in (low, high, constant, constant)]
    variance = np.mean([x.var(ddof=1) for x in (low, high, constant, constant)])
    t = (means[0] - means[1] - means[2] + means[3]) / np.sqrt(variance * 4 / 9)
    assert result.interaction.f == pytest.approx(t ** 2)
    assert result.interaction.p_value == pytest.approx(2 * stats.t.sf(abs(t), 32))


@pytest.mark.parametrize("values, first, second", [
    ([], [], []), ([1.0, 2, 3, 4], [0, 0, 1, 1], [0, 1, 0, 1]),  # one value each
    ([1.0, 2, 3, 4, 5], [0, 0, 1, 1, 1], [0, 1, 0, 0, 0]),  # a pair without a value
    ([1.0, 2, 3], [0, 0, 0], [0, 1, 1]), ([2.0, 2, 5, 5] * 2, [0, 0, 1, 1] * 2, [0, 1] * 4)])
def test_what_cannot_be_analysed_is_nan(values, first, second):
    result = two_way(values, first, second)
    assert all(np.isnan(e.f) and np.isnan(e.p_value) for e in result[:3])


def test_missing_values_are_left_out(growth):
    values, first, second = growth
    longer = two_way(np.append(values, np.nan), np.append(first, "XX"), np.append(second, 7.0))
    assert longer == two_way(values, first, second)
