"""Units before and after: the order of their changes, and verdicts on selectivity."""
import dataclasses

import pytest

from keras_saliency.files import InputError
from papers import unit_changes


def rows(shift=0.5, fallen=3):
    return [{"model": "runs/a", "unit": unit, "before": unit / 20,
             "after": unit / 20 + (-1 if unit < fallen else shift), "best_stimulus": 1000 + unit}
            for unit in range(20)]


def test_holds_where_the_best_units_and_most_units_rise():
    found = unit_changes.verdict(rows())
    assert found.holds is True and "0.47 to 0.97" in found.text and "17 of 20" in found.text


def test_fails_where_few_units_rise_or_the_best_do_not():
    assert unit_changes.verdict(rows(fallen=10)).holds is False
    assert unit_changes.verdict(rows(shift=-0.1)).holds is False


def test_a_unit_that_falls_silent_has_not_risen():
    below = [{**row, "before": -0.1, "after": 0.0} for row in rows()]
    assert "0 of 20 rise and 20 respond nowhere" in unit_changes.verdict(below).text


def test_table_has_those_that_rose_and_fell_most():
    [table] = unit_changes.tables(rows(fallen=1))
    assert len(table.rows) == 10 and table.rows[-1][:4] == [0, "0.00", "-1.00", "-1.00"]
    assert table.rows[0][3] == "0.50"


def test_a_run_that_is_missing_is_named(setting):
    setting = dataclasses.replace(setting, quick=False)
    [part] = unit_changes.parts(setting)
    assert part[0].endswith("readouts/finetuned_3_1")
    with pytest.raises(InputError, match="make `readouts` first"):
        unit_changes.measure(setting, *part)
