"""What a model server answers, checked before it is believed."""
import sys

import numpy as np
import tensorflow as tf

from keras_saliency.files import InputError, printable
from keras_saliency.files.picture_headers import LIMIT, check_picture

MESSAGE_LENGTH = 400  # characters of what a server says
PNG_START, GRAY_8_BIT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x08\x00"  # bytes 0 and 24 on


class ServingError(InputError):
    """The server refused a request, or its answer is wrong; the message says which and why."""


def shown(text) -> str:
    """What a server says, as one line of bounded length that cannot steer the terminal."""
    text = text[:9999].decode(errors="replace") if isinstance(text, bytes) else str(text)[:9999]
    line = printable(" ".join(text.split()))
    return line if len(line) <= MESSAGE_LENGTH else f"{line[:MESSAGE_LENGTH]} ..."


def require_count(where, found, expected) -> None:
    if found != expected:
        raise ServingError(f"{where}: {found} maps for {expected} pictures")


def shape(tensor) -> list:
    """The sizes that a TensorProto states."""
    return [dim.size for dim in tensor.tensor_shape.dim]


def size_of(picture):
    """(H, W) in the header of a picture; None where it cannot be read, and the server says why."""
    try:
        return check_picture(picture, "picture", limit=sys.maxsize)
    except InputError:
        return None


def decoded(png, size, name) -> np.ndarray:
    """float32 [H, W] in 0..1 of an 8-bit gray PNG.

    Raises:
        ServingError: other bytes, a damaged PNG, or another size than `size` (H, W); if that is
            None, more than LIMIT pixels.
    """
    found = size_of(png)
    if not (found and png.startswith(PNG_START) and png[24:26] == GRAY_8_BIT):
        raise ServingError(f"{name} is not a whole 8-bit gray PNG")
    if size is None and found[0] * found[1] > LIMIT:
        raise ServingError(f"{name} has more than {LIMIT} pixels")
    if size not in (None, found):
        raise ServingError(f"{name} is {found[0]}x{found[1]}, its picture {size[0]}x{size[1]}")
    try:
        # TensorFlow is strict: Pillow gives a part of some damaged files.
        return tf.io.decode_png(png, 1)[..., 0].numpy().astype(np.float32) / 255
    except tf.errors.InvalidArgumentError:
        raise ServingError(f"{name} is a damaged PNG") from None
