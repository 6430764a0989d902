"""Inner representation against output: clusters, Figure 7's tests, and section 5.2's on the
published table."""
import numpy as np
import pytest
from scipy import stats

from keras_saliency.metrics.streaming import Moments
from keras_saliency.units import relation
from keras_saliency.units.regions import RegionScores
from keras_saliency.units.relation import (
    inner_statement,
    relation_rows,
    relation_statements,
    variance_rows,
)

CATEGORIES = ["person head", "person part", "animal head", "animal part", "object", "text",
              "symbol", "vehicle", "food", "plant", "drink", "other"]
# Table 3 of the paper, mean NSS of the ten best units: a row per number of layers fine-tuned
TABLE_3 = np.array("""2.61 1.63 2.44 1.7 1.31 1.17 1.56 2.21 1.97 1.89 1.99 1.09
3.25 1.77 2.75 1.78 1.25 1.32 1.56 1.91 1.89 1.66 1.65 1.12
3.28 1.78 3.04 1.79 1.28 1.34 1.57 1.94 1.96 1.81 1.68 1.2
3.38 1.83 3.08 1.78 1.24 1.25 1.47 1.97 1.87 1.73 1.63 1.12
3.32 1.78 2.84 1.82 1.28 1.38 1.59 2.1 1.95 1.75 1.77 1.17
3.08 1.83 2.57 1.78 1.25 1.25 1.45 2.03 1.99 1.8 1.66 1.11
2.85 1.75 2.36 1.65 1.14 1.2 1.41 1.72 1.84 1.71 1.33 1.07""".split(), float).reshape(7, 12)


def made(inner, output, difference):
    """RegionScores of categories a, b, ... with two regions each: units as good as `inner`, the
    output's mean NSS `output`, the density's apart from it by `difference` on either side."""
    names = [chr(97 + i) for i in range(len(inner))]
    outputs = {c: np.array([o - 1, o + 1]) for c, o in zip(names, output)}
    return RegionScores(
        {"layer": {c: Moments.of(np.full((2, 3), v)) for c, v in zip(names, inner)}}, outputs,
        {c: outputs[c] + [d, -d] for c, d in zip(names, difference)},
        {c: np.array([0, 3 + i]) for i, c in enumerate(names)})


INNER, OUTPUT = [0.5, 0.7, 0.9, 2.8, 3.1], [0.4, 0.9, 0.8, 2.0, 2.5]
DIFFERENCE = [0.2, 0.4, 0.3, 0.9, 1.2]


@pytest.fixture
def found():
    return relation.relate(made(INNER, OUTPUT, DIFFERENCE), "layer")


@pytest.mark.parametrize("values, clusters", [
    ([3, 1, 2, 9, 8], [0, 0, 0, 1, 1]), ([1, 1, 1, 2], [0, 0, 0, 1]), ([5, 5], [0, 0]), ([], []),
    ([0, 10, 11, 12], [0, 1, 1, 1])])
def test_two_clusters(values, clusters):
    assert relation.split_in_two(values).tolist() == clusters


def test_the_clusters_are_the_best_of_all_splits():
    values = np.random.default_rng(5).normal(size=9)
    cluster = relation.split_in_two(values)

    def within(mask):
        return sum(part.var() * len(part) for part in (values[mask], values[~mask]))

    every = [np.array([n >> i & 1 for i in range(9)], bool) for n in range(1, 511)]
    assert within(cluster == 1) == pytest.approx(min(map(within, every)))


def test_points_ranks_and_two_factors(found):
    np.testing.assert_allclose(
        [found.inner, found.output, found.difference], [INNER, OUTPUT, DIFFERENCE])
    assert found.cluster.tolist() == [0, 0, 0, 1, 1]
    assert found.ranks.coefficient == pytest.approx(0.9)  # one pair of neighbours is exchanged
    # sums by hand: cell means 0.7 and 2.95 inside, 0.3 and 1.05 of the difference
    # all cells have 3 or 2 values in both measurements, so the factors are orthogonal
    grand_low, grand_high, grand = 0.5, 2.0, 1.1
    cluster = 6 * (grand_low - grand) ** 2 + 4 * (grand_high - grand) ** 2
    inside, outside = np.mean(INNER), np.mean(DIFFERENCE)
    measurement = 5 * ((inside - grand) ** 2 + (outside - grand) ** 2)
    residual = 0.08 + 0.045 + 0.02 + 0.045
    assert found.variance.second.squares == pytest.approx(cluster)
    assert found.variance.first.squares == pytest.approx(measurement)
    assert found.variance.residual == pytest.approx(residual) and found.variance.freedom == 6
    assert found.variance.second.p_value == pytest.approx(
        stats.f.sf(cluster / (residual / 6), 1, 6))
    total = np.var([*INNER, *DIFFERENCE]) * 10
    assert found.variance.interaction.squares == pytest.approx(
        total - cluster - measurement - residual)


def test_the_example_is_where_the_output_exceeds_the_density_most(found):
    """Of e, which differs most, the second region: output 3.5, density 3.5 - 1.2."""
    assert found.example == (7, "e", 3.5, pytest.approx(2.3))


def test_rows_and_sentences(found):
    rows = relation_rows({"ead": found})
    assert rows[3] == {"model": "ead", "layer": "layer", "category": "d",
                       "inner": pytest.approx(2.8), "OS": 2.0, "OD": pytest.approx(0.9),
                       "cluster": "more salient"}
    table = variance_rows({"ead": found})
    assert [row["source"] for row in table] == ["measurement", "cluster", "measurement x cluster",
                                                "within"]
    assert [row["df"] for row in table] == [1, 1, 1, 6]
    ranks, clusters = relation_statements("ead", found)
    assert "Spearman coefficient of 0.90" in ranks
    assert "d, e; their mean OD is 1.05, that of the others 0.30" in clusters
    lonely = relation.relate(made([1.0], [1.0], [0.5]), "layer")
    assert relation_statements("ead", lonely) == [] and lonely.example.category == "a"
    nothing = relation.relate(RegionScores({"layer": {}}, {}, {}, {}), "layer")
    assert nothing.example is None and nothing.categories == []


def test_the_papers_test_on_its_own_table():
    """Section 5.2: person head, animal head and other differ from all others and each other. So do
    both heads here; other does not from object and text, whose columns lie close."""
    scores = {f"{depth} layers": RegionScores({"block5_conv3": {
        c: Moments.of(np.full((1, 10), v)) for c, v in zip(CATEGORIES, row)}}, {}, {}, {})
        for depth, row in enumerate(TABLE_3, start=1)}
    test = relation.compare_inner(scores)
    assert test.f == pytest.approx(stats.f_oneway(*TABLE_3.T).statistic)
    assert set(test.sizes.values()) == {7}
    alike = {frozenset(pair) for pair in test.pairs} - {frozenset(p) for p in test.different()}
    assert not [pair for pair in alike if pair & {"person head", "animal head"}]
    assert {pair for pair in alike if "other" in pair} == {
        frozenset(("other", "object")), frozenset(("other", "text"))}
    assert inner_statement(list(scores), test).endswith(
        "Different from all other categories: person head, animal head.")


def test_one_model_is_compared_by_its_ten_best_units():
    means = np.linspace(0, 1, 30)
    scores = RegionScores({"first": {}, "last": {
        "text": Moments.of([means]), "food": Moments.of([means + 1])}}, {}, {}, {})
    test = relation.compare_inner({"ead": scores})
    assert test.sizes == {"text": 10, "food": 10} and test.different() == [("text", "food")]
    assert test.pairs["text", "food"][0] == pytest.approx(-1)
    assert "of the ten best units of ead" in inner_statement(["ead"], test)
    alone = relation.compare_inner({})
    assert "not compared" in inner_statement([], alone)
