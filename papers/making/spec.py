"""The description of a table or figure, read from its module."""
from dataclasses import MISSING, dataclass, fields
from typing import Callable, NamedTuple, Optional, Sequence

# Data that results read, by the names that --root takes
ROOTS = {"osie": "OSIE", "mit1003": "MIT1003 in the FixaTons collection",
         "osie_sr": "the labels of OSIE-SR", "broden": "Broden, or a labelled folder like it"}
# Options of the command line that a result may take
OPTIONS = ("weights", "pictures", "least_images")


class Verdict(NamedTuple):
    """The answer to whether a paper's finding shows in our numbers.

    holds: True or False; None where there is nothing to compare. text: one line with the finding,
    our numbers and, where it does not hold, the likely reason.
    """

    holds: Optional[bool]
    text: str


class Table(NamedTuple):
    """A table of the page: its caption in Markdown, a header and rows of cells."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class ResultSpec:
    """A table or figure that `scripts/reproduce.py` makes part by part.

    Its module has these names, the constants in capitals (`TITLE`) and the functions as they are
    (`measure`); those with a default may be absent. A row is a dict of the columns of the CSV
    file: the keys of its part, then the measured values. Rows read from the file hold numbers and
    texts.

    Attributes:
        title: of the section on the page.
        about: a paragraph in Markdown: the experiment and every difference from the paper.
        keys: names of the columns that identify a part.
        parts: function (setting) -> list of tuples, one value for each of `keys`, in order. A part
            is the work that an interruption may lose: one training, one model on one dataset.
        measure: function (setting, *part) -> list of rows without the keys.
        tables: function (rows) -> list of `Table`, our numbers beside the paper's.
        verdict: function (rows) -> `Verdict`.
        data: the data it reads, of `ROOTS`; none if generated arrays are enough.
        recipe: file of `configs/` that its trainings start from and --set changes.
        options: those of `OPTIONS` that it takes.
        draw: function (rows, stem) that plots the numbers as <stem>.png and <stem>.svg.
        show: function (setting, rows) -> paths of pictures of stimuli in `setting.scratch`, which
            are not committed.
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


CONSTANTS = ("title", "about", "keys", "data", "recipe", "options")


def read_spec(module) -> ResultSpec:
    """Return the result that a module describes.

    Raises:
        TypeError: the module lacks a name that has no default.
    """
    names = {field.name: field.name.upper() if field.name in CONSTANTS else field.name
             for field in fields(ResultSpec)}
    missing = [names[field.name] for field in fields(ResultSpec)
               if field.default is MISSING and not hasattr(module, names[field.name])]
    if missing:
        raise TypeError(f"{module.__name__} lacks {', '.join(missing)}; papers/making/spec.py "
                        "lists the names of a result")
    return ResultSpec(**{field: getattr(module, name) for field, name in names.items()
                         if hasattr(module, name)})
