"""Committed results: verdicts follow from the rows, the page from the files."""
import re
import shutil
from pathlib import Path

import pytest

from papers import RESULTS
from papers.making import ledger, page, runner

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "results"
MADE = sorted(path.stem for path in COMMITTED.glob("*.json"))


@pytest.mark.parametrize("name", MADE)
def test_the_verdict_follows_from_the_rows(name):
    rows, facts = runner.rows_of(name, COMMITTED), ledger.read_facts(COMMITTED / f"{name}.json")
    verdict = runner.verdict_of(RESULTS[name], rows, facts["parts"])
    assert (facts["holds"], facts["verdict"]) == tuple(verdict)
    assert {"quick"}.isdisjoint(str(facts["settings"]).split())


def test_the_page_is_made_of_the_files(tmp_path):
    shutil.copytree(COMMITTED, tmp_path / "results")
    made = page.write(RESULTS, tmp_path / "results").read_bytes()
    assert made == COMMITTED.with_suffix(".md").read_bytes(), "scripts/reproduce.py --page"


def test_no_path_of_a_machine_is_in_the_files():
    assert MADE
    for path in COMMITTED.glob("*.[cj]s*"):
        assert not re.search(r"(^|[\s\",=])/\w+/", path.read_text()), path.name
