"""Clients of TensorFlow Serving for an exported model, over gRPC and over REST.

They need the extra `serving`: python -m pip install -e ".[serving]".

A server is not trusted: its answer may be late, endless, cut off or wrong in any part, and is
then a `ServingError` or `ServerUnavailable` of one line.
"""
import base64
import functools
import json
import numbers
import sys
import threading
import time
from concurrent import futures
from urllib.parse import quote

import cv2
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_saliency.files import InputError, MissingPackage, list_some, printable
from keras_saliency.picture_headers import LIMIT, check_picture

PREDICT = "/tensorflow.serving.PredictionService/Predict"
UNAVAILABLE_HTTP = (429, 502, 503, 504)
UNAVAILABLE_GRPC = ("DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE")
# Bytes of an answer: 4 PNG maps of 40 megapixels as base64, or one as numbers over gRPC.
ANSWER_LIMIT = 2 ** 29
MESSAGE_LENGTH = 400  # characters of what a server says
CHUNK = 4096  # bytes; small, so that the deadline of a slow answer is seen soon
PNG_START, GRAY_8_BIT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x08\x00"  # bytes 0 and 24 on


class ServingError(InputError):
    """The server refused a request, or its answer is wrong; the message says which and why."""


class ServerUnavailable(ConnectionError):
    """The server could not be reached, was too slow, or went on being busy."""


def connect(address, model="msi_net", **options):
    """The client for an address: REST for a URL, gRPC for "host:port"."""
    return (RestClient if "//" in str(address) else GrpcClient)(address, model, **options)


class _Client:
    """What the two have in common: the settings, and lists sent in parts."""

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
                maps += [_decoded(png, _size(data), f"{self.address}: map {place} of the answer")
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


class GrpcClient(_Client):
    """Saliency maps from a model server's PredictionService.

    Args:
        address: "host:port", 8500 where TensorFlow Serving is left alone.
        model: name it is served under. version: None for the newest.
        timeout: seconds within which a request is answered, all its attempts together. A list
            longer than `batch` takes several requests. retries: further attempts while the server
            is unavailable, after `pause`, 2 `pause`, 4 `pause` ... seconds. batch: pictures per
            request.

    Raises:
        InputError: settings out of their range. MissingPackage: the extra is not installed.
    """

    def _open(self):
        self._grpc, self._messages = _grpc_modules()
        self._channel = self._grpc.insecure_channel(self.address, options=[
            ("grpc.max_receive_message_length", ANSWER_LIMIT),
            ("grpc.max_send_message_length", -1)])
        # The answer comes as bytes: grpc logs a traceback when it cannot read them.
        self._send = self._channel.unary_unary(
            PREDICT, request_serializer=self._messages.PredictRequest.SerializeToString)

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in 0..1 of an image uint8 [H, W, 3] RGB, computed in its own size.

        Raises:
            InputError: another image. ServingError, ServerUnavailable: as `predict_bytes`.
        """
        image = _checked(image)
        outputs = self._outputs("serving_default", {"images": image[np.newaxis]})
        saliency = self._output(outputs, "saliency", tf.float32)
        found, expected = _shape(saliency), [1, *image.shape[:2], 1]
        if found != expected:  # compared before memory is taken
            raise ServingError(f"{self.address}: saliency of shape {_shown(found)} instead of "
                               f"{expected}")
        try:
            saliency_map = tf.make_ndarray(saliency)[0, ..., 0]
        except (TypeError, ValueError) as error:
            raise ServingError(f"{self.address}: saliency is damaged: {_shown(error)}") from None
        if not ((saliency_map > -1e-3) & (saliency_map < 1 + 1e-3)).all():  # NaN is neither
            raise ServingError(f"{self.address}: saliency is not in 0..1")
        return saliency_map

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _pngs(self, part) -> list:
        outputs = self._outputs("serve_bytes", {"image_bytes": np.array(part, object)})
        pngs = self._output(outputs, "saliency_png_bytes", tf.string)
        _require_count(self.address, len(pngs.string_val), len(part))
        return list(pngs.string_val)

    def _outputs(self, signature, inputs):
        """{name: TensorProto} of the answer."""
        request = self._messages.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.model, signature
        if self.version is not None:
            request.model_spec.version.value = int(self.version)
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))

        def attempt(left):
            try:
                return self._send(request, timeout=left)
            except self._grpc.RpcError as error:
                code, details = error.code().name, _shown(error.details())
                text = f"{self.address}: {code}: {details}"
                if "larger than max" in details:  # RESOURCE_EXHAUSTED, but it stays so
                    raise ServingError(f"{text}; choose a smaller batch") from None
                if code in UNAVAILABLE_GRPC:
                    raise ServerUnavailable(text) from None
                raise ServingError(text) from None

        try:
            return self._messages.PredictResponse.FromString(self._retried(attempt)).outputs
        except DecodeError:
            raise ServingError(f"{self.address}: the answer is no PredictResponse") from None

    def _output(self, outputs, key, dtype):
        """The TensorProto of that name and dtype."""
        if key not in outputs:
            raise ServingError(f"{self.address}: no {key} in the answer, which has "
                               f"{_shown(list_some(outputs)) or 'nothing'}")
        if outputs[key].dtype != dtype.as_datatype_enum:
            raise ServingError(f"{self.address}: {key} in the answer is not {dtype.name}")
        return outputs[key]


class RestClient(_Client):
    """Saliency maps over REST; pictures go and come encoded, since JSON numbers are slow.

    Args:
        address: "host:port" or a URL, port 8501 where TensorFlow Serving is left alone.
        Otherwise as `GrpcClient`.
    """

    def _open(self):
        try:
            import requests
        except ImportError as error:
            raise MissingPackage(f"{error}; {_REMEDY}") from None
        self._requests, self._session = requests, requests.Session()
        base = self.address if "//" in self.address else f"http://{self.address}"
        version = "" if self.version is None else f"/versions/{self.version}"
        self.url = f"{base.rstrip('/')}/v1/models/{quote(self.model, safe='')}{version}"

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in steps of 1/255 of an image uint8 [H, W, 3] RGB; errors as
        `GrpcClient.predict`."""
        png = cv2.imencode(".png", _checked(image)[..., ::-1])[1].tobytes()
        return self.predict_bytes([png])[0]

    def status(self) -> list:
        """[{"version": "1", "state": "AVAILABLE", ...}], the versions that the server has."""
        versions = self._answer("get", self.url).get("model_version_status")
        if not isinstance(versions, list) or not all(
                isinstance(v, dict) and isinstance(v.get("version"), str)
                and isinstance(v.get("state"), str) for v in versions):
            raise ServingError(f"{self.url}: no model_version_status in the answer")
        return versions

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _pngs(self, part) -> list:
        instances = [{"image_bytes": {"b64": base64.b64encode(data).decode()}} for data in part]
        rows = self._answer("post", f"{self.url}:predict", json={
            "signature_name": "serve_bytes", "instances": instances}).get("predictions")
        if not isinstance(rows, list):
            raise ServingError(f"{self.url}: no list of predictions in the answer")
        _require_count(self.url, len(rows), len(part))
        try:
            return [base64.b64decode(row["saliency_png_bytes"]["b64"], validate=True)
                    for row in rows]
        except (KeyError, TypeError, ValueError):
            raise ServingError(f"{self.url}: a prediction without saliency_png_bytes as "
                               "base64") from None

    def _answer(self, method, url, **options) -> dict:
        """The JSON object of an answer."""
        status, body = self._retried(lambda left: _within(
            left, url, functools.partial(self._fetch, left, method, url, options)))
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise ServingError(f"{url}: HTTP {status}, and no JSON: {_shown(body)}") from None
        if status != 200:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise ServingError(f"{url}: HTTP {status}: "
                               f"{_shown(said if isinstance(said, str) else body)}")
        if not isinstance(answer, dict):
            raise ServingError(f"{url}: JSON of another kind: {_shown(body)}")
        return answer

    def _fetch(self, left, method, url, options) -> tuple:
        """(status, body) of one attempt."""
        from urllib3.exceptions import HTTPError  # those that requests lets through

        errors, deadline, body = self._requests.exceptions, time.monotonic() + left, bytearray()
        try:
            # A redirection would be followed without a limit of size and time.
            with self._session.request(method, url, timeout=left, stream=True,
                                       allow_redirects=False, **options) as response:
                if response.status_code in UNAVAILABLE_HTTP:
                    raise ServerUnavailable(f"{url}: HTTP {response.status_code}")
                for chunk in response.iter_content(CHUNK):
                    body += chunk
                    if len(body) > ANSWER_LIMIT:
                        raise ServingError(f"{url}: an answer of more than {ANSWER_LIMIT} bytes; "
                                           "choose a smaller batch")
                    if time.monotonic() > deadline:
                        raise ServerUnavailable(f"{url}: no whole answer in time")
                if _is_cut(response, body):
                    raise ServerUnavailable(f"{url}: the answer was cut off")
                return response.status_code, bytes(body)
        except (errors.ConnectionError, errors.Timeout, errors.ChunkedEncodingError) as error:
            raise ServerUnavailable(f"{url}: {type(error).__name__}") from None
        except (errors.RequestException, HTTPError) as error:
            raise ServingError(f"{url}: {type(error).__name__}: {_shown(error)}") from None


_REMEDY = 'python -m pip install "keras_saliency[serving]"'


def _grpc_modules() -> tuple:
    try:
        import grpc
        from tensorflow_serving.apis import predict_pb2
    except ImportError as error:
        raise MissingPackage(f"{error}; {_REMEDY}") from None
    return grpc, predict_pb2


def _within(seconds, url, work):
    """The result of `work()`, or ServerUnavailable after that time.

    Timeouts of sockets begin again with every byte that comes, also among the headers. So a thread
    waits for the answer; when the time is over it is left alone and ends with the connection.
    """
    future = futures.Future()

    def run():
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return future.result(seconds)
    except futures.TimeoutError:
        raise ServerUnavailable(f"{url}: no whole answer in time") from None


def _is_cut(response, body) -> bool:
    """Whether bytes are missing, which not every version of requests and urllib3 checks.

    Headers cut off are a short list of headers for them; then only the JSON object has an end.
    """
    framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    return bool(response.raw.length_remaining) if framed else not body.rstrip().endswith(b"}")


def _shown(text) -> str:
    """What a server says, as one line of bounded length that cannot steer the terminal."""
    text = text[:9999].decode(errors="replace") if isinstance(text, bytes) else str(text)[:9999]
    line = printable(" ".join(text.split()))
    return line if len(line) <= MESSAGE_LENGTH else f"{line[:MESSAGE_LENGTH]} ..."


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


def _checked(image) -> np.ndarray:
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


def _require_count(where, found, expected) -> None:
    if found != expected:
        raise ServingError(f"{where}: {found} maps for {expected} pictures")


def _shape(tensor) -> list:
    """The sizes that a TensorProto states."""
    return [dim.size for dim in tensor.tensor_shape.dim]


def _size(picture):
    """(H, W) in the header of a picture; None where it cannot be read, and the server says why."""
    try:
        return check_picture(picture, "picture", limit=sys.maxsize)
    except InputError:
        return None


def _decoded(png, size, name) -> np.ndarray:
    """float32 [H, W] in 0..1 of an 8-bit gray PNG.

    Raises:
        ServingError: other bytes, a damaged PNG, or another size than `size` (H, W); if that is
            None, more than LIMIT pixels.
    """
    found = _size(png)
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
