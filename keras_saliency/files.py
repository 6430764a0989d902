"""Writing files so that a reader never meets half of one."""
import csv
import os
import uuid
from contextlib import contextmanager
from pathlib import Path


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
