"""Files that come with the package, and the names that a misspelt one may mean."""
from difflib import get_close_matches
from pathlib import Path
from typing import Iterable

PACKAGE = Path(__file__).resolve().parents[1]
CLONE = PACKAGE.parent


def shipped(folder: str) -> Path:
    """Return a folder of files that come with the package: "weights" or "configs".

    A wheel holds it inside the package, a clone beside it.
    """
    inside = PACKAGE / folder
    return inside if inside.is_dir() else CLONE / folder


def did_you_mean(name: str, names: Iterable) -> str:
    """Return "; did you mean A or B?" with the names that are spelt most like `name`, else ""."""
    near = get_close_matches(str(name), [str(known) for known in names], n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
