"""What the clients of a model server have in common."""
import numbers
import time

import numpy as np

from keras_saliency.files import InputError
from keras_saliency.serving.answers import ServingError, decoded, size_of

# Bytes of an answer: 4 PNG maps of 40 megapixels as base64, or one as numbers over gRPC.
ANSWER_LIMIT = 2 ** 29
REMEDY = 'python -m pip install "keras_saliency[serving]"'


class ServerUnavailable(ConnectionError):
    """The server could not be reached, was too slow, or went on being busy."""


class Client:
    """The settings, and lists sent in parts."""

    def __init__(self, address, model="msi_net", version=None, timeout=60.0, retries=4, pause=0.25,
                 batch=4):
        _check_settings(address, version, timeout, retries, pause, batch)
        self.address, self.model, self.version = address, str(model), version
        self.timeout, self.pause = float(timeout), float(pause)
        self.retries, self.batch = int(retries), int(batch)
        self._open()

    def predict_bytes(self, contents) -> list:
        """float32 [H, W] in steps of 1/255 of each encoded picture (JPEG, PNG, BMP) of a list.

        The pictures may be of any sizes; they are sent in requests of `batch`.

        Raises:
            ServingError: a picture that the server refuses (with its place in the list), or an
                answer that is not one map for each picture, in its picture's size.
            ServerUnavailable: no answer.
        """
        contents = _checked_contents(contents)
        maps = []
        for start in range(0, len(contents), self.batch):
            part = contents[start:start + self.batch]
            try:
                # the server, too, counts places in the request
                maps += [decoded(png, size_of(data), f"{self.address}: map {place} of the answer")
                         for place, (png, data) in enumerate(zip(self._pngs(part), part))]
            except ServingError as error:
                raise ServingError(f"{error} (this request began with picture {start})"
                                   if start else str(error)) from None
        return maps

    def _retried(self, attempt):
        """The result of `attempt(seconds left)`, made again while the server is unavailable."""
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
    def require(good, name, what, value):
        if not good:
            raise InputError(f"{name} must be {what}, not {value!r}")

    require(isinstance(address, str) and address and address.isprintable(),
            "address", '"host:port" or a URL', address)
    require(version is None or isinstance(version, numbers.Integral) and 0 <= version < 2 ** 63,
            "version", "a whole number or None", version)
    require(isinstance(timeout, numbers.Real) and 0 < timeout <= 1e6,
            "timeout", "seconds above 0, at most 1e6", timeout)
    require(isinstance(retries, numbers.Integral) and retries >= 0,
            "retries", "a whole number from 0", retries)
    require(isinstance(pause, numbers.Real) and 0 <= pause <= 1e6,
            "pause", "seconds from 0 to 1e6", pause)
    require(isinstance(batch, numbers.Integral) and batch >= 1,
            "batch", "a whole number from 1", batch)


def checked(image) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise InputError(f"image must be uint8 [H, W, 3] RGB, not {image.dtype} "
                         f"{list(image.shape)}")
    return image


def _checked_contents(contents) -> list:
    contents = list(contents)
    if not all(isinstance(data, bytes) for data in contents):
        raise InputError("contents must be a list of bytes, an encoded picture each")
    return contents
