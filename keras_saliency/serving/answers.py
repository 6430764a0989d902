"""Checks of what a model server answers."""
import sys
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from keras_saliency.files import InputError, printable
from keras_saliency.files.picture_headers import LIMIT, check_picture

MESSAGE_LENGTH = 400  # characters of a server's text
PNG_START, GRAY_8_BIT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x08\x00"  # bytes 0 and 24 on


class ServingError(InputError):
    """The server refused a request, or its answer is wrong; the message says why."""


def shown(text: Any) -> str:
    """Return a server's text as one line of limited length without control characters."""
    text = text[:9999].decode(errors="replace") if isinstance(text, bytes) else str(text)[:9999]
    line = printable(" ".join(text.split()))
    return line if len(line) <= MESSAGE_LENGTH else f"{line[:MESSAGE_LENGTH]} ..."


def size_of(picture: bytes) -> Optional[tuple]:
    """Return (H, W) from the header of a picture, or None for one that the server will refuse."""
    try:
        return check_picture(picture, "picture", limit=sys.maxsize)
    except InputError:
        return None


def decoded(png: bytes, size: Optional[tuple], name: str) -> np.ndarray:
    """Decode an 8-bit gray PNG to float32 [H, W] in 0..1.

    Its size must be `size` (H, W), or without one at most LIMIT pixels.
    """
    found = size_of(png)
    if not (found and png.startswith(PNG_START) and png[24:26] == GRAY_8_BIT):
        raise ServingError(f"{name} is not a whole 8-bit gray PNG")
    if size is None and found[0] * found[1] > LIMIT:
        raise ServingError(f"{name} has more than {LIMIT} pixels")
    if size not in (None, found):
        raise ServingError(f"{name} is {found[0]}x{found[1]}, its picture {size[0]}x{size[1]}")
    try:
        # Pillow would return a part of some damaged files; TensorFlow refuses them.
        return tf.io.decode_png(png, 1)[..., 0].numpy().astype(np.float32) / 255
    except tf.errors.InvalidArgumentError:
        raise ServingError(f"{name} is a damaged PNG") from None
