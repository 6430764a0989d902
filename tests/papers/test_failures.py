"""Failures: the verdict on single stimuli, and their order."""
from papers import failures


def _rows(failed, of=10, model="runs/made/best.h5"):
    return [{"model": model, "stimulus": 1000 + index, "nss": 0.4 if index < failed else 1.5,
             "gold_standard": 2.0, "center_bias": 0.8, "below_gold": 0.0} for index in range(of)]


def test_failures_are_few_and_there():
    holds, text = failures.verdict(_rows(4))
    assert holds is True and "made fails on 4 of 10" in text and "(0.40 of 2.00)" in text
    assert failures.verdict(_rows(3)).holds is False
    assert failures.verdict(_rows(5)).holds is False  # it is off everywhere


def test_the_worst_come_first(setting):
    rows = failures.measure(setting, "itti")
    gaps = [row["gold_standard"] - row["nss"] for row in rows]
    assert gaps == sorted(gaps, reverse=True) and gaps[0] > gaps[-1]
    assert len({row["stimulus"] for row in rows}) == len(rows)


def test_the_table_lists_the_first_of_each_model():
    worst, other = failures.tables(_rows(4, 12) + _rows(1, 3, "itti"))
    assert len(worst.rows) == failures.LISTED and worst.rows[0][:2] == [1000, "0.40"]
    assert "12 validation" in worst.caption and "4 have less" in worst.caption
    assert len(other.rows) == 3 and "`itti`" in other.caption
