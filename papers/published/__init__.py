"""The papers: their tables and figures, what makes each of them, and the numbers they state.

One YAML file for each paper: `title`; `items`, for each table or figure the result that makes it or
`missing`, the data it needs; `numbers`, for each result the numbers of the paper.
"""
from pathlib import Path
from typing import NamedTuple

import yaml


class Missing(NamedTuple):
    """The data that a table or figure needs and that is not available here."""

    data: str


_FILES = {paper: yaml.safe_load(Path(__file__).with_name(f"{paper}.yaml").read_text("utf-8"))
          for paper in ("msi_net", "ead", "understanding", "deepgaze1", "salnet")}

# {paper: authors, title and year}
PAPERS = {paper: file["title"] for paper, file in _FILES.items()}

# {paper: {table or figure: name of a result, or `Missing`}}
ITEMS = {paper: {item: Missing(made["missing"]) if isinstance(made, dict) else made
                 for item, made in file["items"].items()} for paper, file in _FILES.items()}


def items_of(result: str) -> list:
    """Return the tables and figures that a result makes, as [paper, item]."""
    return [[paper, item] for paper, items in ITEMS.items() for item, made in items.items()
            if made == result]


def numbers(paper: str, result: str):
    """Return the numbers of a paper that a result is compared with, as its file has them."""
    return _FILES[paper]["numbers"][result]
