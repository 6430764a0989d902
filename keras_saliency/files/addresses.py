"""Files by address: `s3://bucket/key` and whatever else fsspec opens, or a path of this machine.

For archives: listings are read as they are used, and an object that is written is there as a whole
or not at all.
"""
import posixpath
from pathlib import Path

from keras_saliency.files import InputError, MissingPackage, atomic_path, import_optional
from keras_saliency.files.picture_headers import LIMIT, PICTURE_TYPES, check_bytes, read_file

LIST = ".txt"  # a file with one address a line
# What they are given is there as a whole or not at all; elsewhere a file is renamed to its name.
STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")


def is_address(text) -> bool:
    """Whether a text is an address for fsspec and no path of this machine."""
    return "://" in str(text)


def is_archive(source) -> bool:
    """Whether pictures come one by one from an address or a list of them."""
    return is_address(source) or str(source).endswith(LIST)


def join(folder, *names) -> str:
    """The address, or path, of what lies in a folder."""
    return posixpath.join(str(folder), *names) if is_address(folder) else str(
        Path(folder, *names))


def is_below(folder, other) -> bool:
    """Whether a folder or address is another, or lies in it."""
    return _whole(folder).startswith(_whole(other))


def _whole(folder) -> str:
    text = str(folder).removeprefix("file://")
    return (text if is_address(text) else str(Path(text).resolve())).rstrip("/") + "/"


def pictures(source):
    """Yield (address, name) of picture files, in a fixed order, one folder in memory at a time.

    Args:
        source: a list (`LIST`), a folder at any depth, or a picture. The name says where a picture
            lies below the source, with "/" between folders; it is unique.

    Raises:
        InputError: nothing is there, or no picture.
    """
    found = 0
    for address, name in _listed(source) if str(source).endswith(LIST) else _walked(source):
        found += 1
        yield address, name
    if not found:
        raise InputError(f"{source}: no pictures there ({', '.join(PICTURE_TYPES)})")


def read_bytes(address, limit: int = LIMIT) -> bytes:
    """The contents of a picture of at most `limit` pixels; `InputError` names what cannot be read.
    """
    if not is_address(address):
        return read_file(address, limit)
    files, path = _open(address)
    try:
        check_bytes(files.size(path) or 0, address, limit)
        return files.cat_file(path)
    except OSError as error:
        raise InputError(f"{address}: {error.strerror or error}") from None


def write_bytes(address, contents: bytes) -> None:
    """Write a file, whole or not at all; its folders are made if need be.

    Raises:
        OSError: naming what could not be written.
    """
    if not is_address(address):
        with atomic_path(address) as temporary:
            temporary.write_bytes(contents)
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


def names_in(folder) -> set:
    """Names of what lies in a folder; none where there is no folder."""
    if not is_address(folder):
        return {path.name for path in Path(folder).glob("*")}
    files, path = _open(folder)
    try:
        return {posixpath.basename(found.rstrip("/")) for found in files.ls(path, detail=False)}
    except OSError:
        return set()


def _open(address) -> tuple:
    """(fsspec file system, path in it)."""
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
            for line in lines:
                if line.strip():
                    address = line.strip()
                    yield address, address.replace("://", "/").lstrip("/")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: no list of addresses ({error})") from None


def _walked(source):
    files, root = _open(source)
    scheme = f"{source.partition('://')[0]}://" if is_address(source) else ""
    try:
        if files.isfile(root):
            yield source, posixpath.basename(root)
            return
        for folder, folders, names in files.walk(root):
            folders.sort()  # in place: the walk goes on with it
            for name in sorted(names):
                if name.lower().endswith(PICTURE_TYPES):
                    path = posixpath.join(folder, name)
                    yield scheme + path, posixpath.relpath(path, root)
    except OSError as error:
        raise InputError(f"{source}: {error.strerror or error}") from None
