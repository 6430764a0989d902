"""Headers of pictures, checked before a decoder spends memory or time on them.

Five kinds of header are read here. Nothing is decoded; the counts are of what a decoder would meet.
"""
import os
import re
import stat
import struct
from typing import NamedTuple

from keras_saliency.files import AnyPath, InputError, require

PICTURE_TYPES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
LIMIT = 40_000_000  # pixels
# Scans of one JPEG. Each may take a few bytes and go over all pixels, so that a small file keeps a
# decoder busy; ordinary progressive JPEGs have about ten.
MOST_SCANS = 500
SCANS_AT_LIMIT = 100  # for a picture of `limit` pixels: some seconds
_MOST_SEGMENTS = 10_000
_MOST_TAGS = 4096  # libtiff's own limit for a TIFF
# A file may have 8 bytes a pixel (RGBA in 16 bits) and 64 MB of profiles, previews and films.
_BYTES_PER_PIXEL, _OTHER_BYTES = 8, 2 ** 26


def read_file(path: AnyPath, limit: int = LIMIT) -> bytes:
    """Return the contents of a picture file of at most `limit` pixels.

    Raises `InputError` for a file that is missing, empty, no regular file (a pipe or a device may
    never end), or has more bytes than a picture of that size.
    """
    try:
        status = os.stat(path)
        require(stat.S_ISREG(status.st_mode), f"{path}: not a regular file")
        check_bytes(status.st_size, path, limit)
        with open(path, "rb") as file:
            contents = file.read(status.st_size)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    require(contents, f"{path}: the file is empty")
    return contents


def check_bytes(size: int, name: AnyPath, limit: int) -> None:
    """Raise `InputError` if a file has more bytes than a picture of `limit` pixels may have."""
    most = _BYTES_PER_PIXEL * limit + _OTHER_BYTES
    require(size <= most, f"{name}: {size} bytes are more than a picture of {limit} pixels has "
            f"({most})")


def check_picture(contents: bytes, name: AnyPath, limit: int = LIMIT,
                  remedy: str = "make it smaller") -> tuple[int, int]:
    """Return the (height, width) that the header of a JPEG, PNG, BMP, TIFF or WebP claims.

    A picture that passes may still be damaged, but decoding it takes at most some seconds and the
    memory of `limit` pixels.

    Raises `InputError`, with `name` and for too many pixels with `remedy`, for a picture of another
    type, with a damaged header or more than `limit` pixels, or a JPEG with so many scans that
    decoding it would take minutes.
    """
    reader = next((reader for start, reader in _READERS if start.match(contents)), None)
    if reader is None:
        types = ", ".join(ending[1:] for ending in PICTURE_TYPES)
        raise InputError(f"{name}: not a picture of a known type ({types})")
    try:
        height, width, scans, tile = reader(contents)
    except struct.error:  # it ends before its size is known
        height = width = scans = tile = 0
    if height < 1 or width < 1:
        raise InputError(f"{name}: not a picture, its header is damaged or it is cut off")
    require(height * width <= limit, f"{name}: {width}x{height} are {height * width} pixels, more "
            f"than the limit of {limit}; {remedy}")
    require(tile <= limit, f"{name}: tiles of {tile} pixels, more than the limit of {limit}; save "
            "it in strips")
    if scans > MOST_SCANS or scans * height * width > SCANS_AT_LIMIT * limit:
        raise InputError(f"{name}: a JPEG of {width}x{height} with {scans} scans or more "
                         "takes too long to decode; save it as an ordinary one")
    return height, width


class _Header(NamedTuple):
    height: int
    width: int
    scans: int = 1
    tile: int = 0  # pixels in one tile


# Any marker except those within compressed data and fill bytes.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")
_FRAMES = frozenset(range(0xc0, 0xd0)) - {0xc4, 0xc8, 0xcc}
_START, _END, _SCAN = 0xd8, 0xd9, 0xda


def _jpeg(data) -> _Header:
    height = width = scans = 0
    place = 2
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, place)
        if not found or found[1][0] == _END or scans > MOST_SCANS:
            break
        marker, place = found[1][0], found.end()
        if marker < 0xc0 or marker == _START or place + 2 > len(data):
            continue  # without a length
        if marker in _FRAMES and not height:
            height, width = struct.unpack_from(">HH", data, place + 3)
        scans += marker == _SCAN
        place += struct.unpack_from(">H", data, place)[0]
    else:
        return _Header(0, 0)
    return _Header(height, width, scans)


def _png(data) -> _Header:
    # OpenCV takes the memory that a chunk claims, up to 4 GB, before it misses the bytes.
    place, left, kind = 8, _MOST_SEGMENTS + len(data) // 256, b""
    while place < len(data) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        place, left = place + 12 + length, left - 1
        if place > len(data) or not left:
            return _Header(0, 0)
    width, height = struct.unpack_from(">II", data, 16)
    return _Header(height, width)


def _bmp(data) -> _Header:
    old = struct.unpack_from("<I", data, 14)[0] == 12
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return _Header(abs(height), abs(width))  # below 0: from the top down


def _webp(data) -> _Header:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at:at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1
    else:
        width, height = (side & 0x3fff for side in struct.unpack_from("<HH", data, 26))
    return _Header(height, width)


_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q", 17: "q"}  # by TIFF's types
_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 322, 323


def _tiff(data) -> _Header:
    order, places, value_at = tiff_directory(data)
    if places[_MOST_TAGS:]:
        return _Header(0, 0)
    largest = {}
    for place in places:
        tag, kind = (number_at(data, f"{order}H", at) for at in (place, place + 2))
        if tag in (_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT) and kind in _INTEGERS:
            value = number_at(data, order + _INTEGERS[kind], place + value_at)
            largest[tag] = max(value, largest.get(tag, 0))
    return _Header(largest.get(_HEIGHT, 0), largest.get(_WIDTH, 0),
                   tile=largest.get(_TILE_HEIGHT, 0) * largest.get(_TILE_WIDTH, 0))


def tiff_directory(data: bytes) -> tuple[str, range, int]:
    """Return (byte order, places of the entries, place of the value in an entry) of the first
    directory of a TIFF, which EXIF data are too.

    The order is for struct; the step of the places is the length of an entry. Raises struct.error
    if the data end before the directory.
    """
    order = "<" if data[:2] == b"II" else ">"
    if number_at(data, f"{order}H", 2) == 43:  # BigTIFF
        start, counted, length, value_at = number_at(data, f"{order}Q", 8), "Q", 20, 12
    else:
        start, counted, length, value_at = number_at(data, f"{order}I", 4), "H", 12, 8
    count = number_at(data, order + counted, start)
    start += struct.calcsize(counted)
    return order, range(start, start + count * length, length), value_at


def number_at(data: bytes, form: str, place: int) -> int:
    """Return the number at a place, which comes from the file and may be any number."""
    if place > len(data):
        raise struct.error
    return struct.unpack_from(form, data, place)[0]


_READERS = [(re.compile(start, re.DOTALL), reader) for start, reader in (
    (rb"\xff\xd8\xff", _jpeg), (rb"\x89PNG\r\n\x1a\n", _png), (rb"BM", _bmp),
    (rb"II[*+]\0|MM\0[*+]", _tiff), (rb"RIFF....WEBP", _webp))]
