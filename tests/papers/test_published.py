"""The papers' data files name results that exist, and every number has a reader."""
import re
from pathlib import Path

import pytest
import yaml

import papers
from papers.published import ITEMS, PAPERS, Missing, items_of, numbers

FOLDER = Path(papers.__file__).parent


@pytest.mark.parametrize("paper", PAPERS)
def test_items_and_numbers_are_of_results(paper):
    file = yaml.safe_load((FOLDER / "published" / f"{paper}.yaml").read_text("utf-8"))
    assert set(file) == {"title", "items", "numbers"} and file["title"] == PAPERS[paper]
    assert {*file["numbers"]} <= {*papers.NAMES}
    assert all(made.data if isinstance(made, Missing) else made in papers.NAMES
               for made in ITEMS[paper].values())
    code = "".join(path.read_text("utf-8") for path in FOLDER.rglob("*.py"))
    for result in file["numbers"]:
        assert result == "architectures" or f'numbers("{paper}", "{result}")' in code
    assert {*re.findall(rf'numbers\("{paper}", "(\w+)"\)', code)} <= {*file["numbers"]}


def test_a_result_knows_its_items():
    assert items_of("costs") == [["msi_net", "Table 3"], ["msi_net", "Table 4"],
                                 ["msi_net", "Table 5"], ["salnet", "Table 1"]]
    assert numbers("ead", "detectors")["correlation"] == 0.94
