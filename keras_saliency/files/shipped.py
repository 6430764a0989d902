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


def missing_weights(name: str, pretrained: Iterable) -> str:
    """Return why `name` gives no weights: it is no file, no run folder, and none of the names."""
    path, known = Path(name).expanduser(), sorted(pretrained)
    if path.is_dir():
        return f"{name}: a folder without best.h5, so it is no run folder; name a weights file"
    if path.suffix or len(path.parts) > 1:
        return f"{name}: no such weights file"
    hint = did_you_mean(name, known) or f" ({', '.join(known) or 'none here'})"
    return (f"no weights {str(name)!r}: give a file, a run folder with best.h5, or the name of a "
            f"pretrained model{hint}")


def did_you_mean(name: str, names: Iterable) -> str:
    """Return "; did you mean A or B?" with the names that are spelt most like `name`, else ""."""
    near = get_close_matches(str(name), [str(known) for known in names], n=3)
    return f"; did you mean {' or '.join(near)}?" if near else ""
