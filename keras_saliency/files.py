"""Writing files so that a reader never meets half of one; the error for what cannot be used."""
import csv
import os
import uuid
from contextlib import contextmanager
from pathlib import Path


class InputError(ValueError):
    """What a user gave cannot be used; the message names file, key or layer, and the remedy.

    All errors about input derive from it. The scripts show it as one line with exit code 2; any
    other ValueError is a bug and keeps its traceback.
    """


class MissingPackage(InputError, ImportError):
    """An optional package is not installed; the message has the pip command."""


def list_some(items, count: int = 5) -> str:
    """The first items, comma separated, and how many more there are; for messages."""
    items = [str(i) for i in items]
    more = f" and {len(items) - count} more" if len(items) > count else ""
    return ", ".join(items[:count]) + more


def printable(text) -> str:
    """`text` with control characters as escapes (but for line ends), so that what a file says of
    itself cannot steer the terminal."""
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode()
                   for c in str(text))


@contextmanager
def atomic_path(path):
    """Write to the name given by the `with`, and `path` appears complete or not at all.

    The temporary file lies in the same folder (renaming across disks is not atomic) and ends like
    `path`, since many writers choose the format by the name. The folder is made if need be. If
    the block raises, the temporary file is removed and an older `path` stays as it was.

    Yields:
        Path of the temporary file; the block must create it.

    Raises:
        FileNotFoundError: the block wrote nothing there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}.{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:  # also KeyboardInterrupt: leave nothing behind
        temporary.unlink(missing_ok=True)
        raise


def write_csv(path, header, rows) -> None:
    """Write a header and rows of cells as CSV (UTF-8), whole or not at all."""
    with atomic_path(path) as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
