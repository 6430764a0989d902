"""The orientation that a camera records in a picture (EXIF), and turning the picture upright.

The tag says which of eight ways the stored rows and columns lie. It is read from JPEG (APP1), PNG
(eXIf), WebP (EXIF) and TIFF. A picture without it, or with a damaged one, is upright as stored.
"""
import struct

import numpy as np

from keras_saliency.files.picture_headers import number_at, tiff_directory

UPRIGHT, STORED = "upright", "stored"
# By the tag's value: rows and columns change places (first), left and right, top and bottom.
TRANSPOSED, MIRRORED, FLIPPED = (5, 6, 7, 8), (2, 3, 6, 7), (3, 4, 7, 8)
TAG, SHORT = 0x0112, 3
MOST_PARTS = 20_000  # segments or chunks that are gone through
EXIF = b"Exif\0\0"
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_STANDALONE = (0x01, *range(0xd0, 0xd9))  # markers of a JPEG that have no length
_SCAN, _END, _APP1, _FILL = 0xda, 0xd9, 0xe1, 0xff


def orientation(contents: bytes) -> int:
    """Return the EXIF orientation, 1 to 8, of a picture file's contents; 1 where it has none."""
    if contents.startswith(b"\xff\xd8"):
        block = _in_jpeg(contents)
    elif contents.startswith(b"\x89PNG\r\n\x1a\n"):
        block = _in_png(contents)
    elif contents.startswith(b"RIFF") and contents[8:12] == b"WEBP":
        block = _in_webp(contents)
    else:
        block = contents  # a TIFF, or nothing with such a tag
    try:
        found = tiff_value(block.removeprefix(EXIF), TAG)
    except struct.error:  # it is cut off
        return 1
    return found if 1 <= found <= 8 else 1


def turn(picture: np.ndarray, orientation: int) -> np.ndarray:
    """Return the upright picture [h, w, ...] of a stored one [H, W, ...]."""
    if orientation in TRANSPOSED:
        picture = picture.swapaxes(0, 1)
    if orientation in MIRRORED:
        picture = picture[:, ::-1]
    if orientation in FLIPPED:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def turn_back(picture: np.ndarray, orientation: int) -> np.ndarray:
    """Return the stored picture [H, W, ...] of an upright one [h, w, ...]."""
    return turn(picture, {6: 8, 8: 6}.get(orientation, orientation))


def turned_size(size: tuple, orientation: int) -> tuple:
    """Return the (height, width) of the upright picture of a stored one of `size`."""
    return tuple(size[::-1] if orientation in TRANSPOSED else size)


def _in_jpeg(data) -> bytes:
    """Return the first Exif segment without its heading, or no bytes."""
    place = 2
    for _ in range(MOST_PARTS):
        if place + 4 > len(data) or data[place] != 0xff:
            break
        marker = data[place + 1]
        if marker in (_SCAN, _END):
            break
        if marker == _FILL or marker in _STANDALONE:
            place += 1 if marker == _FILL else 2
            continue
        length, = struct.unpack_from(">H", data, place + 2)
        if marker == _APP1 and data.startswith(EXIF, place + 4):
            return data[place + 4:place + 2 + length]
        place += 2 + max(length, 2)
    return b""


def _in_png(data) -> bytes:
    """Return the eXIf chunk, or no bytes."""
    place = 8
    for _ in range(MOST_PARTS if b"eXIf" in data else 0):
        if place + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"eXIf":
            return data[place + 8:place + 8 + length]
        place += 12 + length
    return b""


def _in_webp(data) -> bytes:
    """Return the EXIF chunk, or no bytes."""
    place = 12
    for _ in range(MOST_PARTS):
        if place + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"EXIF":
            return data[place + 8:place + 8 + length]
        place += 8 + length + length % 2
    return b""


def tiff_value(data: bytes, wanted: int) -> int:
    """Return a value of 16 bits of the first directory of a TIFF (EXIF data are one), or 0.

    Raises struct.error if the data end before it.
    """
    if not data.startswith(TIFF_STARTS):
        return 0
    order, places, value_at = tiff_directory(data)
    for place in places[:MOST_PARTS]:
        if place + places.step > len(data):
            raise struct.error
        tag, kind = struct.unpack_from(f"{order}HH", data, place)
        if tag == wanted:
            count = number_at(data, order + ("Q" if value_at == 12 else "I"), place + 4)
            value = number_at(data, f"{order}H", place + value_at)
            return value if (kind, count) == (SHORT, 1) else 0
    return 0
