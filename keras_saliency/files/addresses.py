"""Files by address: `s3://bucket/key` and others that fsspec opens, or a path of this machine.

Made for archives: listings are read while they are used, and an object is written whole or not at
all.
"""
import posixpath
from collections import Counter
from pathlib import Path
from typing import Iterator

from keras_saliency.files import (
    AnyPath,
    InputError,
    MissingPackage,
    folders,
    import_optional,
    warn,
    write_whole,
)
from keras_saliency.files.picture_headers import LIMIT, PICTURE_TYPES, check_bytes, read_file

LIST = ".txt"  # ending of a file with one address a line
# Stores where an object appears whole or not at all; elsewhere a finished file gets its name.
STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")


def is_address(text: AnyPath) -> bool:
    """Return True for an address for fsspec, False for a path of this machine."""
    return "://" in str(text)


def is_archive(source: AnyPath) -> bool:
    """Return True for an address, or a list of addresses, from which pictures come one by one."""
    return is_address(source) or str(source).endswith(LIST)


def join(folder: AnyPath, *names: str) -> str:
    """Return the address, or path, of an entry of a folder."""
    return posixpath.join(str(folder), *names) if is_address(folder) else str(Path(folder, *names))


def is_below(folder: AnyPath, other: AnyPath) -> bool:
    """Return True if a folder or address is another, or lies in it."""
    return _whole(folder).startswith(_whole(other))


def _whole(folder) -> str:
    text = str(folder).removeprefix("file://")
    return (text if is_address(text) else str(Path(text).resolve())).rstrip("/") + "/"


def pictures(source: AnyPath) -> Iterator[tuple[AnyPath, str]]:
    """Yield (address, name) of picture files, in a fixed order, one folder in memory at a time.

    `source` is a list (`LIST`), a folder with subfolders, or a picture. The name is a picture's
    path below the source, with "/" between folders; it is unique. A warning after the last one
    counts other files that could be taken for pictures.
    """
    found, others = 0, Counter()
    listed = str(source).endswith(LIST)
    for address, name in _listed(source) if listed else _walked(source, others):
        found += 1
        yield address, name
    if not found:
        raise InputError(f"{source}: no pictures there ({', '.join(PICTURE_TYPES)})")
    if others:
        warn(f"{source}: {folders.describe(others)}")


def read_bytes(address: AnyPath, limit: int = LIMIT) -> bytes:
    """Return the contents of a picture file of at most `limit` pixels, or raise `InputError`."""
    if not is_address(address):
        return read_file(address, limit)
    files, path = _open(address)
    try:
        check_bytes(files.size(path) or 0, address, limit)
        return files.cat_file(path)
    except OSError as error:
        raise InputError(f"{address}: {error.strerror or error}") from None


def write_bytes(address: AnyPath, contents: bytes) -> None:
    """Write a file whole or not at all, and its missing folders; an OSError names the address."""
    if not is_address(address):
        write_whole(address, contents)
        return
    files, path = _open(address)
    try:
        if address.partition("://")[0] in STORES:
            files.pipe_file(path, contents)
        else:
            files.makedirs(posixpath.dirname(path), exist_ok=True)
            temporary = posixpath.join(posixpath.dirname(path), f".ks-{posixpath.basename(path)}")
            files.pipe_file(temporary, contents)
            files.mv(temporary, path)
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error}", address) from error


def names_in(folder: AnyPath) -> set[str]:
    """Return the names of a folder's entries; none if there is no folder."""
    if not is_address(folder):
        return {path.name for path in Path(folder).glob("*")}
    files, path = _open(folder)
    try:
        return {posixpath.basename(found.rstrip("/")) for found in files.ls(path, detail=False)}
    except OSError:
        return set()


def _open(address) -> tuple:
    """Return (fsspec file system, path in it)."""
    fsspec = import_optional("fsspec", "cluster")
    try:
        return fsspec.core.url_to_fs(str(address), use_listings_cache=False)
    except ImportError as error:
        raise MissingPackage(f"{address}: {error}") from None
    except ValueError as error:
        raise InputError(f"{address}: {error}") from None


def _listed(source):
    fsspec = import_optional("fsspec", "cluster")
    try:
        with fsspec.open(str(source), "rt", encoding="utf-8") as lines:
            for address in filter(None, map(str.strip, lines)):
                yield address, address.replace("://", "/").lstrip("/")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: no list of addresses ({error})") from None


def _walked(source, others):
    """Yield what `pictures` does for a folder, and count in `others` what is left out."""
    files, root = _open(source)
    scheme = f"{source.partition('://')[0]}://" if is_address(source) else ""
    try:
        if files.isfile(root):
            yield source, posixpath.basename(root)
            return
        for folder, below, names in files.walk(root):
            below.sort()  # in place: the walk goes on with it
            for name in sorted(names):
                if folders.is_picture(name):
                    path = posixpath.join(folder, name)
                    yield scheme + path, posixpath.relpath(path, root)
                elif folders.kind_left_out(name):
                    others[folders.kind_left_out(name)] += 1
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from None
