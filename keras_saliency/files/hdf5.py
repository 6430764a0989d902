"""HDF5 files from strangers, read without opening other files or taking too much memory.

An HDF5 file can take its contents from other files (soft and external links, external storage,
virtual datasets), and can name a filter, a program that is loaded to unpack a dataset. No file that
is read here needs that, so a file with any of it is refused. The declared size of a dataset or
attribute is checked before memory is taken.
"""
import math
import mmap
import re
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterable, Iterator, Optional, Type

import h5py
import numpy as np
from h5py import h5d, h5l, h5o, h5z

from keras_saliency.files import AnyPath, InputError, require
from keras_saliency.files.kinds import describe_kind, is_hdf5

# Most bytes in memory for one file: `LIMIT`, or `EXPANSION` times the file's size if that is more.
# Weights shrink little when compressed; a small file of zeros is an attack.
LIMIT, EXPANSION = 2 ** 28, 16
LONGEST_ATTRIBUTE, MOST_ATTRIBUTES = 2 ** 20, 256  # bytes of one; number on one object
_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32)  # HDF5's own, harmless
_NUMBERS = "fiub"  # kinds of NumPy's types


class Refused(InputError):
    """A fault of an object in a file; `open_foreign` adds the file's name to the message."""


@contextmanager
def open_foreign(path: AnyPath, error: Type[InputError]) -> Iterator[h5py.File]:
    """Open an HDF5 file, read only, after checking that all its contents lie in it.

    Raises:
        error: naming the file and the object at fault. The file is missing, damaged or not HDF5,
            it refers to other files, or `numbers`, `attribute` ... refuse one of its objects.
            Errors of h5py in the `with` become one too: damage may show at any access, as any of a
            dozen types.
    """
    path = Path(path)
    require(path.is_file(), f"no file {path}", error)
    require(is_hdf5(path), f"{path} is no HDF5 file, whatever its name says: "
            f"{describe_kind(path)}", error)
    try:
        with h5py.File(path, "r") as file:
            _require_alone(file)
            yield file
    except Refused as fault:
        raise error(f"{path}: {fault}") from None
    except InputError:
        raise
    except Exception as fault:
        raise error(f"{path} is not a readable HDF5 file ({type(fault).__name__}: {fault}); it may "
                    "be cut short: copy or download it again") from fault


def numbers(datasets: dict) -> dict:
    """Read {key: h5py.Dataset} as {key: array}, with the type and shape of each dataset."""
    for data in datasets.values():
        _require_dataset(data)
        if data.shape is None or data.dtype.kind not in _NUMBERS:
            raise Refused(f"{data.name} is {data.dtype}, not numbers")
    require_size(datasets.values())
    return {key: np.asarray(data[()]) for key, data in datasets.items()}


def require_size(datasets: Iterable[h5py.Dataset]) -> None:
    """Raise `Refused` if datasets of one file declare more than `LIMIT` and `EXPANSION` allow."""
    datasets = list(datasets)
    declared = sum(math.prod(data.shape or ()) * data.dtype.itemsize for data in datasets)
    if declared > LIMIT:
        size = datasets[0].file.id.get_filesize()
        largest = max(datasets, key=lambda data: math.prod(data.shape or ()))
        require(declared <= EXPANSION * size, f"its data would take {declared:.3g} bytes, the file "
                f"has {size}: more than compression explains ({largest.name} has the shape "
                f"{largest.shape})", Refused)


def texts(data: h5py.Dataset) -> list[str]:
    """Read the texts of a dataset [n], one by one: each may claim the length of the whole file."""
    _require_dataset(data)
    if h5py.check_string_dtype(data.dtype) is None or data.ndim != 1:
        raise Refused(f"{data.name} is {data.dtype} of shape {data.shape}, not a list of text")
    require_size([data])
    _require_sound_heaps(data.file)
    found, left = [], max(LIMIT, EXPANSION * data.file.id.get_filesize())
    for index in range(len(data)):
        value = data[index]
        left -= len(value)
        if left < 0:
            raise Refused(f"the texts of {data.name} are longer than the file")
        found.append(_text(value, data.name))
    return found


def references(data: h5py.Dataset) -> list[h5py.Reference]:
    """Read a dataset of references to objects, row by row; raises `Refused` as `numbers`."""
    _require_dataset(data)
    if h5py.check_ref_dtype(data.dtype) is not h5py.Reference:
        raise Refused(f"{data.name} is {data.dtype}, not references")
    require_size([data])
    return list(np.ravel(data[()]))


def attribute(item: h5py.HLObject, name: str, default: Any = None) -> Any:
    """Read an attribute like `attributes`; `default` stands for a missing one."""
    return attributes(item, [name])[name] if name in item.attrs else default


def attributes(item: h5py.HLObject, names: Optional[Iterable[str]] = None) -> dict:
    """Read attributes, default all, as {name: text, number, or array of numbers or bytes}.

    Raises:
        Refused: an attribute of another type, larger than `LONGEST_ATTRIBUTE`, or of text that is
            not UTF-8; or more than `MOST_ATTRIBUTES`.
    """
    names = list(item.attrs if names is None else names)
    if len(names) > MOST_ATTRIBUTES:
        raise Refused(f"{len(names)} attributes, more than {MOST_ATTRIBUTES}")
    stored = {name: item.attrs.get_id(name) for name in names}
    for name, one in stored.items():
        if one.shape is None or (h5py.check_string_dtype(one.dtype) is None
                                 and one.dtype.kind not in _NUMBERS):
            raise Refused(f"attribute {name!r} is {one.dtype}, neither text nor numbers")
        if _is_variable(one.dtype) and one.shape:
            raise Refused(f"attribute {name!r} is a list of texts of any length")
        if math.prod(one.shape) * one.dtype.itemsize > LONGEST_ATTRIBUTE:
            raise Refused(f"attribute {name!r} of shape {one.shape} is too large")
    if any(_is_variable(one.dtype) for one in stored.values()):
        _require_sound_heaps(item.file)
    return {name: _attribute(item, name) for name in names}


def _require_alone(file) -> None:
    """Raise `Refused` for an object outside the file, and for a group in two places.

    Links to one group may form loops, or more paths than can be followed.
    """
    seen, waiting = set(), [file]
    while waiting:
        group = waiting.pop()
        place = h5o.get_info(group.id)
        if (place.fileno, place.addr) in seen:
            raise Refused(f"the group {group.name} is also in another place of the file")
        seen.add((place.fileno, place.addr))
        for name in group:
            kind = group.id.links.get_info(name.encode("utf-8", "surrogateescape")).type
            if kind != h5l.TYPE_HARD:
                raise Refused(f"{group.name.rstrip('/')}/{name} is a link, which may lead to other "
                              "files; files with links are not read")
            item = group[name]
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                _require_stored_here(item)


def _require_stored_here(data) -> None:
    """Raise `Refused` for a dataset that is stored elsewhere, or packed by a foreign filter."""
    # no message is made before it is needed: HDF5 searches the file for the name of a dataset
    stored = data.id.get_create_plist()
    if stored.get_external_count():
        raise Refused(f"{data.name} is stored in another file (external storage), which is not "
                      "read")
    if stored.get_layout() == h5d.VIRTUAL:
        raise Refused(f"{data.name} is a virtual dataset, made of other files, which are not read")
    for index in range(stored.get_nfilters()):
        number = stored.get_filter(index)[0]
        if number not in _FILTERS:
            raise Refused(f"{data.name} is packed by the filter {number}; only deflate, shuffle "
                          "and fletcher32 are unpacked")


def _require_dataset(data) -> None:
    if not isinstance(data, h5py.Dataset):
        raise Refused(f"{data.name} is no dataset")
    _require_stored_here(data)  # a reference may lead to a dataset without a link


def _attribute(item, name):
    value = item.attrs[name]
    if not isinstance(value, (str, bytes)):
        return value
    if len(value) > LONGEST_ATTRIBUTE:
        raise Refused(f"attribute {name!r} is a text of {len(value)} bytes, too long")
    return _text(value, f"attribute {name!r}")


def _is_variable(dtype) -> bool:
    """Return True for the type of texts that each have their own length."""
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is None


def _require_sound_heaps(file) -> None:
    """Raise `Refused` for a damaged heap; texts of variable length lie in heaps.

    HDF5 (2.0 and before) walks through the parts of a heap, and never returns if one of them has no
    length. All heaps start with the same bytes, by which they are found here.
    """
    if file.id.get_create_plist().get_sizes() != (8, 8):
        raise Refused("its addresses and sizes do not have 8 bytes, as today's files have")
    with open(file.filename, "rb") as stream, \
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as contents:
        left = len(contents) // 16  # most parts in heaps that do not overlap: each has 16 bytes
        for found in re.finditer(rb"GCOL\x01", contents):
            for _ in _heap_parts(contents, found.start()):
                left -= 1
                require(left >= 0, "its heaps overlap", Refused)


def _heap_parts(contents, start):
    """Yield once for each part of the heap at `start`.

    Raises `Refused` for a part that has no length or leaves the heap. Bytes that only look like the
    start of a heap have no parts.
    """
    header = contents[start + 8:start + 16]
    end = start + int.from_bytes(header, "little")
    place = start + 16
    while len(header) == 8 and end <= len(contents) and place + 16 <= end:
        index, length = struct.unpack("<H6xQ", contents[place:place + 16])
        taken = 16 + -(-length // 8) * 8 if index else length  # index 0 is free space
        if not 0 < taken <= end - place:
            raise Refused(f"a heap of texts is damaged at byte {place}")
        place += taken
        yield


def _text(value, where) -> str:
    """Return a string of h5py, bytes or str, as str; `Refused` if it is not UTF-8."""
    try:
        # h5py hides bytes that are not UTF-8 in a str, which then cannot be printed
        return value.decode() if isinstance(value, bytes) else value.encode().decode()
    except UnicodeError:
        raise Refused(f"{where}: the text {value[:40]!r} is not UTF-8") from None
