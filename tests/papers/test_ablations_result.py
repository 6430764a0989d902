"""The verdict on MSI-Net's parts counts metrics as the paper's stars do."""
from keras_saliency.metrics import METRICS
from papers import ablations
from papers.ablations import COLUMNS, FULL, PAPER, STARS


def rows(gains):
    """Five trainings of each network on each dataset; `gains`: {(dataset, variant): how much worse
    than MSI-Net it is on every metric}."""
    made = []
    for dataset, variants in PAPER.items():
        for variant in variants:
            worse = gains.get((dataset, variant), 0)
            made += [{"dataset": dataset, "seed": seed, "variant": variant, **{
                name: 1 + 0.01 * seed - (worse + 0.001 * (seed % 2 - 0.5)) * (
                    variant != FULL) * (1 if METRICS[name].higher_is_better else -1)
                for name in COLUMNS}} for seed in range(1, 6)]
    return made


def test_it_holds_where_the_paper_has_stars_on_most_metrics():
    helps = {("osie", "no_aspp"): 0.1, ("osie", "no_concat"): 0.1, ("mit1003", "no_aspp"): 0.1}
    verdict = ablations.verdict(rows(helps))
    assert verdict.holds  # on MIT1003 the concatenation has no star in the paper either
    assert "better than without ASPP on 8 (7) on MIT1003" in verdict.text
    assert "better than without concatenation on 5 (5) on OSIE" not in verdict.text
    for part in helps:
        assert ablations.verdict(rows({**helps, part: -0.1})).holds is False


def test_the_tables_have_the_stars_of_both():
    found = {table.caption.split(",")[0]: {line[0]: dict(zip(COLUMNS, line[2:]))
                                           for line in table.rows}
             for table in ablations.tables(rows({("osie", "no_aspp"): 0.1}))}
    for dataset, variants in STARS.items():
        for variant, stars in variants.items():
            title = ablations.TITLES[variant]
            lines = found[dataset.upper()]
            assert {name for name, cell in lines[f"{title}, paper"].items() if "*" in cell} == stars
            ours = {name for name, cell in lines[title].items() if "*" in cell}
            assert (ours == set(COLUMNS)) == ((dataset, variant) == ("osie", "no_aspp"))
