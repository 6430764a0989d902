"""Writing files so that a reader never meets half of one; the error for what cannot be used."""
import csv
import errno
import hashlib
import importlib
import os
import re
import shutil
import signal
import socket
import threading
import uuid
import zlib
from contextlib import contextmanager
from pathlib import Path

# A temporary file says whose it is, so that those of killed processes can be told apart.
_HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
_TEMPORARY = re.compile(r"\.ks-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}")
_LONGEST_SUFFIX = 16
# A spreadsheet computes a cell that begins so.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class InputError(ValueError):
    """What a user gave cannot be used; the message names file, key or layer, and the remedy.

    All errors about input derive from it. The scripts show it as one line with exit code 2; any
    other ValueError is a bug and keeps its traceback.
    """


class MissingPackage(InputError, ImportError):
    """An optional package is not installed; the message has the pip command."""


def import_optional(module: str, extra: str):
    """The module of a package that comes with an extra of this one.

    Raises:
        MissingPackage: it cannot be imported; with the pip command.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackage(f"{module} cannot be imported ({error}): python -m pip install "
                             f'"keras_saliency[{extra}]"') from None


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


def first_line(error) -> str:
    """The first line of an error's message; its type where it has none."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def sha256(path) -> str:
    """Of a file's contents, in hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def require_writable(path) -> None:
    """Raise `InputError` if a file or folder `path` cannot be made, before work is put into it."""
    path = Path(path)
    there = next((p for p in (path.parent, *path.parent.parents) if p.exists()), Path())
    if not there.is_dir():
        raise InputError(f"{path}: {there} is not a folder")
    if not os.access(there, os.W_OK):
        raise InputError(f"{path}: no permission to write into {there.resolve()}")


@contextmanager
def atomic_path(path):
    """Write to the name given by the `with`, and `path` appears complete or not at all.

    The temporary file lies in the same folder (renaming across disks is not atomic) and ends like
    `path`, since many writers choose the format by the name. The folder is made if need be. If
    the block raises, the temporary file is removed and an older `path` stays as it was. When the
    block has ended, file and name are on the disk: a crash of the machine leaves no empty file.

    Yields:
        Path of the temporary file; the block must create it.

    Raises:
        FileNotFoundError: the block wrote nothing there.
        OSError: naming `path`: the disk is full, the name too long ...
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)
    except BaseException as error:  # also KeyboardInterrupt: leave nothing behind
        temporary.unlink(missing_ok=True)
        # A full disk names no file; and nobody knows the temporary one.
        if type(error) is OSError and error.filename in (None, str(temporary)):
            reason = error.strerror or str(error)
            raise OSError(error.errno or errno.EIO, reason, str(path)) from error
        raise


@contextmanager
def atomic_folder(path):
    """Fill the folder of the name given by the `with`, and `path`, which must be new, appears
    complete or not at all. What killed processes left beside it is removed.

    Yields:
        Path of the temporary folder; the block must create it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    temporary = temporary_path(path)
    try:
        yield temporary
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def temporary_path(path) -> Path:
    """A name of this process beside `path`, short however long that is, with the same ending."""
    path = Path(path)
    endings = ("".join(path.suffixes[-2:]), path.suffix, "")
    suffix = next(ending for ending in endings if len(ending) <= _LONGEST_SUFFIX)
    return path.with_name(f".ks-{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}{suffix}")


def remove_abandoned(folder) -> None:
    """Remove what killed processes of this machine left of unfinished files in a folder."""
    for path in Path(folder).glob(".ks-*"):
        name = _TEMPORARY.match(path.name)
        if name and name["host"] == _HOST and not _is_running(int(name["process"])):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def uninterrupted():
    """Within the block Ctrl-C waits for its end, so that files which belong together are all
    written."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is ever interrupted
        return
    waiting = []
    before = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if waiting:
        raise KeyboardInterrupt


def write_csv(path, header, rows) -> None:
    """Write a header and rows of cells as CSV (UTF-8), texts `safe_cell`, whole or not at all."""
    with atomic_path(path) as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [safe_cell(cell) if isinstance(cell, str) else cell for cell in row]
                for row in (header, *rows))


def safe_cell(text) -> str:
    """`text` so that a spreadsheet does not take it for a formula; `plain_cell` undoes it.

    Numbers stay, with any sign.
    """
    text = str(text)
    formula = text.lstrip("'").startswith(FORMULA_STARTS) and not _is_number(text)
    return f"'{text}" if formula else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    quoted = text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS)
    return text[1:] if quoted else text


def _sync(path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders, and writes names at once
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there the call below would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
