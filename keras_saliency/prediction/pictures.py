"""Picture files: finding, reading and naming them."""
from collections import Counter
from pathlib import Path
from typing import Iterable, Optional, Sequence

import cv2
import numpy as np

from keras_saliency.files import AnyPath, InputError, folders, require, warn
from keras_saliency.files.addresses import is_archive
from keras_saliency.files.picture_headers import LIMIT, check_picture, read_file
from keras_saliency.files.picture_pixels import WHITE, decode_pixels, is_float

_GRAY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
# How far apart the channels of gray are, as a share of white (JPEG, color profiles), and the share
# of pixels that may be further apart (a mark).
_TINT, _MOST_COLORED = 0.1, 0.001
MOST_PIXELS = 2 ** 30  # that OpenCV decodes


def read_picture(path: AnyPath, limit: int = LIMIT,
                 background: Sequence[int] = WHITE) -> np.ndarray:
    """Read a picture file as uint8 [H, W, 3] RGB, turned upright by its EXIF data.

    Grayscale is repeated, 16 bits are reduced to 8.

    Args:
        limit: largest number of pixels, up to MOST_PIXELS; checked by the header, before memory
            is taken for them.
        background: (r, g, b), 0..255, on which lies what is transparent.

    Raises:
        InputError: naming a file that is missing, empty, no regular file, not a picture, larger
            than `limit`, or that would take minutes to decode.
    """
    return decode_picture(read_file(path, limit), path, limit, background)


def decode_picture(contents: bytes, name: AnyPath, limit: int = LIMIT,
                   background: Sequence[int] = WHITE) -> np.ndarray:
    """Do as `read_picture` for the contents of a file; `name` is for messages."""
    check_picture(contents, name, limit, "make it smaller, or raise the limit")
    picture = decode_pixels(contents, background)
    if picture is None:
        raise InputError(f"{name}: " + (
            "its pixels are floating-point numbers, of which it does not say which is white; save "
            "it in 8 or 16 bits" if is_float(contents) else
            f"not a picture that OpenCV can decode ({folders.TYPES})"))
    return picture


def read_gray(path: AnyPath, size: Optional[tuple] = None) -> np.ndarray:
    """Read the gray values of a picture file as its pixels are stored, uint8 or uint16 [H, W].

    `size` is the (H, W) that it must have, also beyond the usual limit of pixels; None for any.
    """
    return _read_stored(path, _GRAY, size)


def read_map(path: AnyPath, size: Optional[tuple] = None) -> np.ndarray:
    """Do as `read_gray` for a picture of a map, whose gray values alone are the map.

    Raises `InputError` also for a picture with colors, as of a map in false colors or over a
    photograph, and for one whose transparency varies.
    """
    pixels = _read_stored(path, cv2.IMREAD_UNCHANGED, size)
    if pixels.ndim == 2:
        return pixels
    plain = pixels.shape[2] < 4 or pixels[..., 3].min() == pixels[..., 3].max()
    require(plain, f"{path}: its transparency varies, and a map is the gray values alone; save it "
            "without transparency")
    span = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else np.ptp(pixels) or 1
    colored = np.mean(np.ptp(pixels[..., :3].astype(np.float32), axis=2) > _TINT * span)
    require(colored <= _MOST_COLORED, f"{path}: {colored:.0%} of its pixels are colored, and "
            "colors are no scale of a map; save the map itself, in gray or as .npy")
    return _read_stored(path, _GRAY, size)


def _read_stored(path, flags, size) -> np.ndarray:
    limit = LIMIT if size is None else max(LIMIT, int(size[0]) * int(size[1]))
    contents = read_file(path, limit)
    check_picture(contents, path, limit)
    try:
        values = cv2.imdecode(np.frombuffer(contents, np.uint8), flags)
    except cv2.error:
        values = None
    if values is None or size is not None and values.shape[:2] != tuple(size):
        raise InputError(f"{path}: not a readable picture" + (
            "" if size is None else f" of {size[0]}x{size[1]}; replace it"))
    return values


def find_pictures(path: AnyPath, apart: Iterable[AnyPath] = ()) -> list:
    """Return [`path`] if it is no folder, else the picture files of the folder, sorted.

    A warning counts and names other files that could be taken for pictures, and sub-folders,
    except those `apart`. Hidden files are not read.

    Raises `InputError` for no such path, or a folder without pictures or that cannot be read.
    """
    path = Path(path)
    try:
        if not path.is_dir():
            path.stat()
            return [path]
        pictures, others = folders.list_files(path), folders.left_out(path, apart)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file or folder") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    require(pictures, f"{path}: no pictures in this folder; "
                      f"{others or f'the types that are read are {folders.TYPES}'}")
    if others:
        warn(f"{path}: {others}")
    return pictures


def require_pictures(paths: Sequence[AnyPath]) -> None:
    """Raise the `InputError` of the first path if none of them is a file or has pictures.

    An address, or a list of them, is left to those who open it.
    """
    if any(is_archive(path) or Path(path).is_file() or Path(path).is_dir()
           and folders.list_files(path) for path in paths):
        return
    for path in paths:
        find_pictures(path)


def output_stems(pictures: Sequence) -> list:
    """Return a file-name stem for each picture; pictures of one stem keep their type in it."""
    counts = Counter(p.stem for p in pictures)
    owners = {}
    for picture in pictures:
        stem = picture.stem if counts[picture.stem] == 1 else picture.name.replace(".", "_")
        if stem in owners:
            raise InputError(f"{owners[stem]} and {picture} would write the same files; "
                             "predict them into different folders")
        owners[stem] = picture
    return list(owners)
