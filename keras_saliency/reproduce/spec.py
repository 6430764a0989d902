"""What the registry knows of a table or figure; each one's file ends with its `SPEC`."""
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class ResultSpec:
    """A table or figure that `scripts/reproduce.py` makes.

    Attributes:
        run: function (config, log=print, **options). summary: what it is, in a sentence or two.
        config: file of `configs/` that it starts from.
        options: of the command line that it takes, of "pictures" and "weights".
    """

    run: Callable
    summary: str
    config: str
    options: tuple = ()
