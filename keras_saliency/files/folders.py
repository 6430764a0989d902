"""The pictures of a folder, and a clause on what else is in it."""
from collections import Counter
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from keras_saliency.files import AnyPath, list_some
from keras_saliency.files.picture_headers import PICTURE_TYPES

TYPES = ", ".join(ending[1:] for ending in PICTURE_TYPES)
# Endings of tables, texts and data that lie beside pictures; nobody takes these for pictures.
BESIDE_PICTURES = frozenset((
    ".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".yaml", ".yml", ".xml", ".html", ".css",
    ".js", ".ini", ".db", ".log", ".lock", ".npy", ".npz", ".mat", ".h5", ".hdf5", ".keras",
    ".parquet", ".xlsx", ".xls", ".ods", ".py", ".ipynb", ".sh", ".bat", ".url", ".lnk"))
FOLDER = "folder"


def is_hidden(name: str) -> bool:
    """Return True for a hidden file, such as the `._photo.jpg` that macOS adds to `photo.jpg`."""
    return name.startswith(".")


def is_picture(name: str) -> bool:
    """Return True if the ending of a file's name, which is not hidden, is that of a picture."""
    return name.lower().endswith(PICTURE_TYPES) and not is_hidden(name)


def kind_left_out(name: str) -> str:
    """Return the ending of a file that may be a picture of another type; "" for other files."""
    ending = Path(name).suffix.lower()
    if is_hidden(name) or is_picture(name) or ending in BESIDE_PICTURES:
        return ""
    return ending or "without an ending"


def list_files(folder: AnyPath, endings: Sequence[str] = PICTURE_TYPES) -> list[Path]:
    """Return the files of a folder with one of the endings, sorted, without hidden ones."""
    return sorted(path for path in Path(folder).iterdir()
                  if path.suffix.lower() in endings and not is_hidden(path.name))


def left_out(folder: AnyPath, apart: Iterable[AnyPath] = ()) -> str:
    """Return a clause on the entries of a folder that are no pictures; "" for none.

    It counts sub-folders and files such as HEIC, GIF, PDF and videos by their endings, and names
    some. Hidden entries, tables, texts and the paths `apart` are not mentioned.
    """
    known = {Path(path).resolve() for path in apart}
    kinds = {}
    for path in sorted(Path(folder).iterdir()):
        if not is_hidden(path.name) and not is_picture(path.name) and path.resolve() not in known:
            kind = FOLDER if path.is_dir() else kind_left_out(path.name)
            kinds.update({path.name: kind} if kind else {})
    return describe(Counter(kinds.values()), list_some(kinds))


def describe(counts: Mapping[str, int], names: str = "") -> str:
    """Return the clause of `left_out` for {ending or FOLDER: how many}; "" for none."""
    if not counts:
        return ""
    kinds = ", ".join(f"{count} {kind}{'s' * (kind == FOLDER and count > 1)}"
                      for kind, count in sorted(counts.items()))
    return f"left out {kinds}{names and f' ({names})'}; the types that are read are {TYPES}"
