"""What the registry knows of a table or figure; each one's file ends with its `SPEC`."""
from dataclasses import dataclass
from typing import Callable, NamedTuple, Optional, Sequence


class Verdict(NamedTuple):
    """Whether a paper's finding shows in the numbers made here.

    holds: True or False; None where there is no finding to compare with. text: one line, which
    names the finding and our numbers, and the likely reason where it does not hold.
    """

    holds: Optional[bool]
    text: str


class Table(NamedTuple):
    """A table of the page: a caption in Markdown, one text for each column, and rows of texts."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ResultSpec:
    """A table or figure that `scripts/reproduce.py` makes, part by part.

    A row is a dict of the columns of the result's CSV file: the keys of its part, then what was
    measured. Rows come back from the file as numbers and texts.

    Attributes:
        title: of its section on the page. about: what was done here and every difference from the
            paper, a paragraph in Markdown.
        data: what it reads of `Setting.roots`, of "osie", "mit1003", "osie_sr" and "broden"; none
            for generated arrays alone.
        keys: names of the columns that tell its parts apart.
        parts: function (setting) -> list of tuples, a value for each of `keys`, in order. A part
            is what Ctrl-C may lose: a training, a model scored on a dataset.
        measure: function (setting, *part) -> list of rows, without the keys.
        tables: function (rows) -> list of `Table`, ours beside the paper's numbers.
        verdict: function (rows) -> `Verdict`.
        recipe: file of `configs/` that its trainings start from; --set changes it.
        options: of the command line that it takes, of "weights", "pictures" and "least_images".
        draw: function (rows, stem) that draws the numbers as <stem>.png and <stem>.svg.
        show: function (setting, rows) -> list of paths, pictures of stimuli in `setting.scratch`;
            they are not committed.
    """

    title: str
    about: str
    keys: Sequence[str]
    parts: Callable
    measure: Callable
    tables: Callable
    verdict: Callable
    data: Sequence[str] = ()
    recipe: Optional[str] = None
    options: Sequence[str] = ()
    draw: Optional[Callable] = None
    show: Optional[Callable] = None
