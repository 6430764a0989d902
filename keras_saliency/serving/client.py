"""The common part of the clients of a model server."""
import numbers
import time
from typing import Iterable, Optional

import numpy as np

from keras_saliency.files import require
from keras_saliency.serving.answers import ServingError, decoded, size_of

# Bytes of an answer: 4 PNG maps of 40 megapixels as base64, or one map of float32 over gRPC.
ANSWER_LIMIT = 2 ** 29


class ServerUnavailable(ConnectionError):
    """The server could not be reached, was too slow, or stayed busy."""


class Client:
    """A client's settings, retries, and the splitting of lists into requests."""

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
    image = np.asarray(image)
    require(image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8
            and 0 not in image.shape,
            f"image must be uint8 [H, W, 3] RGB, not {image.dtype} {list(image.shape)}")
    return image
