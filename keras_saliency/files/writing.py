"""Files and folders that appear whole or not at all, so that no reader meets half of one."""
import errno
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
from typing import Iterator, Union

from keras_saliency.files.errors import require

AnyPath = Union[str, os.PathLike]

# A temporary file names its machine and process, so that those of killed processes are recognised.
_HOST = f"{zlib.crc32(socket.gethostname().encode()):08x}"
_TEMPORARY = re.compile(r"\.ks-(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}")
_LONGEST_SUFFIX = 16


def require_writable(path: AnyPath) -> None:
    """Raise `InputError` if a file or folder `path` cannot be made, before work is put into it."""
    path = Path(path)
    there = next((p for p in (path.parent, *path.parent.parents) if p.exists()), Path())
    require(there.is_dir(), f"{path}: {there} is not a folder")
    require(os.access(there, os.W_OK), f"{path}: no permission to write into {there.resolve()}")


def file_state(path: AnyPath) -> tuple:
    """Return (bytes, time of the last change in nanoseconds) of a file; () without a file."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns


@contextmanager
def atomic_path(path: AnyPath) -> Iterator[Path]:
    """Make `path` appear complete or not at all: write to the name that the `with` gives.

    The temporary file lies in the same folder (renaming across disks is not atomic) and has the
    ending of `path`, since many writers choose the format by it. The block must create it. Missing
    folders are made. If the block raises, the temporary file is removed and an older `path` stays
    as it was. When the block has ended, file and name are on the disk: a crash of the machine
    leaves no empty file.

    Raises:
        FileNotFoundError: the block wrote nothing there. OSError: naming `path`; the disk is full,
            the name too long ...
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
        # The error of a full disk has no name, or that of the temporary file, which nobody knows.
        if type(error) is OSError and error.filename in (None, str(temporary)):
            reason = error.strerror or str(error)
            raise OSError(error.errno or errno.EIO, reason, str(path)) from error
        raise


def write_whole(path: AnyPath, contents: Union[str, bytes]) -> Path:
    """Write a file by `atomic_path`, a text in UTF-8; return its path."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return Path(path)


@contextmanager
def atomic_folder(path: AnyPath) -> Iterator[Path]:
    """Make the folder `path`, which must be new, appear complete or not at all.

    The block must create the temporary folder, whose path it is given. Folders that killed
    processes left beside it are removed.
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


def temporary_path(path: AnyPath) -> Path:
    """Return a short name of this process beside `path`, with the same ending."""
    path = Path(path)
    endings = ("".join(path.suffixes[-2:]), path.suffix, "")
    suffix = next(ending for ending in endings if len(ending) <= _LONGEST_SUFFIX)
    return path.with_name(f".ks-{_HOST}-{os.getpid()}-{uuid.uuid4().hex[:8]}{suffix}")


def remove_abandoned(folder: AnyPath) -> None:
    """Remove the unfinished files that killed processes of this machine left in a folder."""
    for path in Path(folder).glob(".ks-*"):
        name = _TEMPORARY.match(path.name)
        if name and name["host"] == _HOST and not _is_running(int(name["process"])):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C until the block ends, so that files which belong together are all written.
    """
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


def _sync(path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders, and writes names at once
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there the call below would end the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        pass
    return True
