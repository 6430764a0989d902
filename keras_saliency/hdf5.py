"""HDF5 files from elsewhere, opened so that to read one is to read no other, and no more than it
is worth.

HDF5 lets a file take its contents from others: by soft and external links, as external storage, as
a virtual dataset; and lets it name a filter, a program that is loaded to unpack a dataset. None of
the files that are read here need that, so one that has it is refused. What a dataset or attribute
declares as its size is checked before memory is taken.
"""
import math
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
    """The value of an attribute: text, a number, or an array of numbers or of bytes.

    Raises:
        Refused: it is of another type, larger than `LONGEST_ATTRIBUTE`, or text that is not UTF-8.
    """
    if name not in item.attrs:
        return default
    stored = item.attrs.get_id(name)
    text = h5py.check_string_dtype(stored.dtype)
    where = f"attribute {name!r}"
    if stored.shape is None or text is None and stored.dtype.kind not in _NUMBERS:
        raise Refused(f"{where} is {stored.dtype}, neither text nor numbers")
    if text is not None and text.length is None and stored.shape:
        raise Refused(f"{where} is a list of texts of any length")
    if math.prod(stored.shape) * stored.dtype.itemsize > LONGEST_ATTRIBUTE:
        raise Refused(f"{where} of shape {stored.shape} is too large")
    value = item.attrs[name]
    if text is None or stored.shape:
        return value
    if len(value) > LONGEST_ATTRIBUTE:
        raise Refused(f"{where} is a text of {len(value)} bytes, too long")
    return _text(value, where)


def attributes(item, without=()) -> dict:
    """{name: value} of all attributes but some; `Refused` as `attribute`, or if there are more
    than `MOST_ATTRIBUTES`."""
    if len(item.attrs) > MOST_ATTRIBUTES:
        raise Refused(f"{len(item.attrs)} attributes, more than {MOST_ATTRIBUTES}")
    return {name: attribute(item, name) for name in item.attrs if name not in without}


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


def _text(value, where) -> str:
    """A string as h5py gives it, bytes or str."""
    try:
        # h5py hides bytes that are not UTF-8 in a str, where they would break the printing of it
        return value.decode() if isinstance(value, bytes) else value.encode().decode()
    except UnicodeError:
        raise Refused(f"{where}: the text {value[:40]!r} is not UTF-8") from None
