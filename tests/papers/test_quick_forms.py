"""Every result: its quick form runs through, is not made again, and the page shows it."""
import csv
import dataclasses
import json

import cv2
import pytest

from papers import RESULTS
from papers.making import page, runner
from papers.making.spec import OPTIONS, ROOTS
from papers.published import ITEMS, Missing


@pytest.mark.slow
@pytest.mark.usefixtures("op_by_op")
@pytest.mark.parametrize("name", RESULTS)
def test_quick_form(name, setting, tmp_path):
    spec = RESULTS[name]
    rows = runner.make(name, spec, setting, tmp_path)
    facts = json.loads((tmp_path / f"{name}.json").read_text())
    parts = [tuple(str(value) for value in part) for part in spec.parts(setting)]
    with open(tmp_path / f"{name}.csv", newline="") as file:
        assert {tuple(row[key] for key in spec.keys) for row in csv.DictReader(file)} == set(parts)
    assert facts["parts"] == len(parts) and facts["versions"] and facts["minutes"] >= 0
    verdict = spec.verdict(rows)
    assert (facts["holds"], facts["verdict"]) == tuple(verdict)
    assert verdict.text and "\n" not in verdict.text
    for table in spec.tables(rows):
        assert table.rows and {len(row) for row in table.rows} == {len(table.header)}
    if spec.draw is not None:
        assert cv2.imread(str(tmp_path / f"{name}.png")).std() > 0
        assert (tmp_path / f"{name}.svg").read_text().rstrip().endswith("</svg>")
    for path in spec.show(setting, rows) if spec.show else ():
        assert path.is_relative_to(setting.scratch) and cv2.imread(str(path)).std() > 0

    def measured_again(*arguments):
        raise AssertionError("a finished part was made again")

    again = dataclasses.replace(spec, measure=measured_again)
    assert runner.make(name, again, setting, tmp_path) == rows
    assert page.section(name, spec, tmp_path).startswith(f"## {name}\n")


def test_each_result_makes_something_or_is_our_own():
    made = {item for items in ITEMS.values() for item in items.values()
            if not isinstance(item, Missing)}
    # frequencies and scenes are of the user's labels; a loss curve is in no paper
    assert set(RESULTS) - made <= {"calibration", "frequencies", "salnet_deep", "scenes"}


@pytest.mark.parametrize("name", RESULTS)
def test_the_registry_says_what_a_result_reads(name):
    spec = RESULTS[name]
    assert set(spec.data) <= set(ROOTS)
    assert set(spec.options) <= set(OPTIONS)
    assert spec.title and spec.about.endswith(".")
