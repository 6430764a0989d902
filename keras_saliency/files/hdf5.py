"""HDF5 files from elsewhere, opened so that to read one is to read no other, and no more than it
is worth.

HDF5 lets a file take its contents from others: by soft and external links, as external storage, as
a virtual dataset; and lets it name a filter, a program that is loaded to unpack a dataset. None of
the files that are read here need that, so one that has it is refused. What a dataset or attribute
declares as its size is checked before memory is taken.
"""
import math
import mmap
import re
import struct
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from h5py import h5d, h5l, h5o, h5z

from keras_saliency.files import InputError

# Bytes that what is read from one file may take together, or so many times the file's size where
# that is more: weights shrink little when compressed, and a file of zeros is an attack.
LIMIT, EXPANSION = 2 ** 28, 16
LONGEST_ATTRIBUTE, MOST_ATTRIBUTES = 2 ** 20, 256  # bytes of one; number of one object
_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32)  # HDF5's own, harmless
_NUMBERS = "fiub"  # kinds of NumPy's types


class Refused(InputError):
    """What is wrong with an object of a file; `open_foreign` puts the file's name before it."""


@contextmanager
def open_foreign(path, error):
    """The HDF5 file `path`, read only, all of whose contents lie in it.

    Args:
        error: class of `InputError` to raise.

    Yields:
        h5py.File. What h5py raises in the `with` becomes an `error` as well: a damaged file may
        show it at any access, by any of a dozen types.

    Raises:
        error: naming the file, and the object at fault: it is missing, damaged or no HDF5, it
            refers to other files, or what is read with `numbers` and `attribute` is refused.
    """
    path = Path(path)
    if not path.is_file():
        raise error(f"no file {path}")
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
    """{key: array} of {key: h5py.Dataset}, with the type and shape of each dataset.

    Raises:
        Refused: one of them is no dataset of numbers, or they are larger together than `LIMIT`
            or `EXPANSION` times their file.
    """
    for data in datasets.values():
        _require_numbers(data)
    require_size(datasets.values())
    return {key: np.asarray(data[()]) for key, data in datasets.items()}


def require_size(datasets) -> None:
    """Raise `Refused` if datasets of one file declare more memory than it is worth."""
    datasets = list(datasets)
    declared = sum(math.prod(data.shape or ()) * data.dtype.itemsize for data in datasets)
    if declared > LIMIT:
        size = datasets[0].file.id.get_filesize()
        largest = max(datasets, key=lambda data: math.prod(data.shape or ()))
        if declared > EXPANSION * size:
            raise Refused(f"its data would take {declared:.3g} bytes, the file has {size}: more "
                          f"than compression explains ({largest.name} has the shape "
                          f"{largest.shape})")


def texts(data) -> list:
    """The strings of a dataset [n], one by one: each may claim to be as long as the file.

    Raises:
        Refused: no dataset [n] of UTF-8 text, or one that is larger than `numbers` would take.
    """
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


def references(data) -> list:
    """The references to objects in a dataset of them, row by row; `Refused` as `numbers`."""
    _require_dataset(data)
    if h5py.check_ref_dtype(data.dtype) is not h5py.Reference:
        raise Refused(f"{data.name} is {data.dtype}, not references")
    require_size([data])
    return list(np.ravel(data[()]))


def attribute(item, name: str, default=None):
    """The value of an attribute as `attributes` gives it; `default` if there is none."""
    return attributes(item, [name])[name] if name in item.attrs else default


def attributes(item, names=None) -> dict:
    """{name: value} of the attributes `names`, default all: text, numbers, or arrays of numbers or
    of bytes.

    Raises:
        Refused: one of them is of another type, larger than `LONGEST_ATTRIBUTE`, or text that is
            not UTF-8, or there are more than `MOST_ATTRIBUTES`.
    """
    names = list(item.attrs if names is None else names)
    if len(names) > MOST_ATTRIBUTES:
        raise Refused(f"{len(names)} attributes, more than {MOST_ATTRIBUTES}")
    stored = {name: item.attrs.get_id(name) for name in names}
    for name, one in stored.items():
        _require_attribute(one, f"attribute {name!r}")
    if any(_is_variable(one.dtype) for one in stored.values()):
        _require_sound_heaps(item.file)
    return {name: _attribute(item, name) for name in names}


def _require_alone(file) -> None:
    """Raise `Refused` for the first object that is not stored in `file` itself, and for a group
    in two places: such links may form loops, or more paths than can be followed."""
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
    _require_stored_here(data)  # one that a reference leads to has no link


def _require_numbers(data) -> None:
    _require_dataset(data)
    if data.shape is None or data.dtype.kind not in _NUMBERS:
        raise Refused(f"{data.name} is {data.dtype}, not numbers")


def _require_attribute(stored, where) -> None:
    """By its type and shape, before it is read."""
    if stored.shape is None or (h5py.check_string_dtype(stored.dtype) is None
                                and stored.dtype.kind not in _NUMBERS):
        raise Refused(f"{where} is {stored.dtype}, neither text nor numbers")
    if _is_variable(stored.dtype) and stored.shape:
        raise Refused(f"{where} is a list of texts of any length")
    if math.prod(stored.shape) * stored.dtype.itemsize > LONGEST_ATTRIBUTE:
        raise Refused(f"{where} of shape {stored.shape} is too large")


def _attribute(item, name):
    value = item.attrs[name]
    if not isinstance(value, (str, bytes)):
        return value
    if len(value) > LONGEST_ATTRIBUTE:
        raise Refused(f"attribute {name!r} is a text of {len(value)} bytes, too long")
    return _text(value, f"attribute {name!r}")


def _is_variable(dtype) -> bool:
    """Whether a type is that of texts each of its own length."""
    text = h5py.check_string_dtype(dtype)
    return text is not None and text.length is None


def _require_sound_heaps(file) -> None:
    """Raise `Refused` for a damaged heap, where texts of variable length lie.

    HDF5 (2.0 and before) goes through the parts of a heap, and never returns from one that has a
    part without length. Each starts with the same bytes, so all of them are found.
    """
    if file.id.get_create_plist().get_sizes() != (8, 8):
        raise Refused("its addresses and sizes do not have 8 bytes, as today's files have")
    with open(file.filename, "rb") as stream, \
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as contents:
        left = len(contents) // 16  # a part has that many bytes at least, if no heaps overlap
        for found in re.finditer(rb"GCOL\x01", contents):
            for _ in _heap_parts(contents, found.start()):
                left -= 1
                if left < 0:
                    raise Refused("its heaps overlap")


def _heap_parts(contents, start):
    """Yield once for each part of the heap at `start`; `Refused` for a part that has no length or
    leaves the heap. What is no heap, but bytes that look like the start of one, has no parts."""
    header = contents[start + 8:start + 16]
    end = start + int.from_bytes(header, "little")
    place = start + 16
    while len(header) == 8 and end <= len(contents) and place + 16 <= end:
        index, length = struct.unpack("<H6xQ", contents[place:place + 16])
        taken = 16 + -(-length // 8) * 8 if index else length  # 0 is what is free
        if not 0 < taken <= end - place:
            raise Refused(f"a heap of texts is damaged at byte {place}")
        place += taken
        yield


def _text(value, where) -> str:
    """A string as h5py gives it, bytes or str."""
    try:
        # h5py hides bytes that are not UTF-8 in a str, where they would break the printing of it
        return value.decode() if isinstance(value, bytes) else value.encode().decode()
    except UnicodeError:
        raise Refused(f"{where}: the text {value[:40]!r} is not UTF-8") from None
