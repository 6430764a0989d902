"""The common part of the clients of a model server, and checks of its answers."""
import numbers
import sys
import time
from typing import Any, Iterable, Optional

import numpy as np
import tensorflow as tf

from keras_saliency.files import InputError, printable, require
from keras_saliency.files.picture_headers import LIMIT, check_picture
from keras_saliency.maps.images import rgb_array

MESSAGE_LENGTH = 400  # characters of a server's text
PNG_START, GRAY_8_BIT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x08\x00"  # bytes 0 and 24 on


class ServingError(InputError):
    """The server refused a request, or its answer is wrong; the message says why."""


class ServerUnavailable(ConnectionError):
    """The server could not be reached, was too slow, or stayed busy."""


class Client:
    """A client's settings, retries, and the splitting of lists into requests."""

    # Bytes of an answer: 4 PNG maps of 40 megapixels as base64, or one map of float32 over gRPC.
    ANSWER_LIMIT = 2 ** 29

    def __init__(self, address: str, model: str = "msi_net", version: Optional[int] = None,
                 timeout: float = 60.0, retries: int = 4, pause: float = 0.25, batch: int = 4):
        _check_settings(address, version, timeout, retries, pause, batch)
        self.address, self.model, self.version = address, str(model), version
        self.timeout, self.pause = float(timeout), float(pause)
        self.retries, self.batch = int(retries), int(batch)
        self._open()

    def predict_bytes(self, contents: Iterable) -> list:
        """Return a map, float32 [H, W] in steps of 1/255, for each picture of a list.

        Pictures are encoded (JPEG, PNG, BMP), have any size, and travel in requests of `batch`.

        Raises:
            ServingError: a picture that the server refuses (with its place in the list), or an
                answer without one map of the right size for each picture.
            ServerUnavailable: no answer.
        """
        contents = list(contents)
        require(all(isinstance(data, bytes) for data in contents),
                "contents must be a list of bytes, one encoded picture each")
        maps = []
        for start in range(0, len(contents), self.batch):
            part = contents[start:start + self.batch]
            try:
                pngs = self._pngs(part)
                if len(pngs) != len(part):
                    raise ServingError(f"{self.address}: {len(pngs)} maps for {len(part)} pictures")
                # places count from the start of the request, as in the server's messages
                maps += [decoded(png, size_of(data), f"{self.address}: map {place} of the answer")
                         for place, (png, data) in enumerate(zip(pngs, part))]
            except ServingError as error:
                raise ServingError(f"{error} (this request began with picture {start})"
                                   if start else str(error)) from None
        return maps

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _retried(self, attempt):
        """Return `attempt(seconds left)`; repeat it while the server is unavailable."""
        begin = time.monotonic()
        for number in range(self.retries + 1):
            try:
                return attempt(max(self.timeout - (time.monotonic() - begin), 0.001))
            except ServerUnavailable as error:
                passed = time.monotonic() - begin
                wait = self.pause * 2.0 ** min(number, 30)
                if number == self.retries or passed + wait >= self.timeout:
                    raise ServerUnavailable(
                        f"{error} (after {number + 1} attempt{'s' if number else ''}, {passed:.1f} "
                        f"s of timeout={self.timeout:g}); is the server running, and the address "
                        "right?") from None
                time.sleep(wait)


def _check_settings(address, version, timeout, retries, pause, batch) -> None:
    whole, real = numbers.Integral, numbers.Real
    for name, value, good, expected in (
            ("address", address, isinstance(address, str) and address and address.isprintable(),
             '"host:port" or a URL'),
            ("version", version, version is None or isinstance(version, whole)
             and 0 <= version < 2 ** 63, "a whole number or None"),
            ("timeout", timeout, isinstance(timeout, real) and 0 < timeout <= 1e6,
             "seconds above 0, at most 1e6"),
            ("retries", retries, isinstance(retries, whole) and retries >= 0,
             "a whole number from 0"),
            ("pause", pause, isinstance(pause, real) and 0 <= pause <= 1e6, "seconds, 0 to 1e6"),
            ("batch", batch, isinstance(batch, whole) and batch >= 1, "a whole number from 1")):
        require(good, f"{name} must be {expected}, not {value!r}")


def checked(image: np.ndarray) -> np.ndarray:
    """Return an image as a uint8 array [H, W, 3], or raise `InputError`."""
    image = rgb_array(image)
    require(image.dtype == np.uint8,
            f"image must be uint8 [H, W, 3] RGB, not {image.dtype} {list(image.shape)}")
    return image


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
