"""A client of a model server over REST."""
import base64
import functools
import json
import threading
import time
from concurrent import futures
from urllib.parse import quote

import cv2
import numpy as np

from keras_saliency.files import import_optional
from keras_saliency.serving.client import Client, ServerUnavailable, ServingError, checked, shown

UNAVAILABLE = (429, 502, 503, 504)
CHUNK = 4096  # bytes; small, so that a slow answer meets its deadline soon


class RestClient(Client):
    """Saliency maps over REST; pictures and maps travel encoded, since JSON numbers are slow.

    `address` is "host:port" or a URL; the port is 8501 by default in TensorFlow Serving. The other
    settings are those of `GrpcClient`.
    """

    def _open(self):
        self._requests = import_optional("requests", "serving")
        self._connection = self._requests.Session()
        base = self.address if "//" in self.address else f"http://{self.address}"
        version = "" if self.version is None else f"/versions/{self.version}"
        self.url = f"{base.rstrip('/')}/v1/models/{quote(self.model, safe='')}{version}"

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Return the map, float32 [H, W] in steps of 1/255, of an image uint8 [H, W, 3] RGB;
        errors as in `GrpcClient.predict`."""
        png = cv2.imencode(".png", checked(image)[..., ::-1])[1].tobytes()
        return self.predict_bytes([png])[0]

    def status(self) -> list:
        """Return the server's versions, [{"version": "1", "state": "AVAILABLE", ...}]."""
        versions = self._answer("get", self.url).get("model_version_status")
        if not isinstance(versions, list) or not all(
                isinstance(v, dict) and isinstance(v.get("version"), str)
                and isinstance(v.get("state"), str) for v in versions):
            raise ServingError(f"{self.url}: no model_version_status in the answer")
        return versions

    def _pngs(self, part) -> list:
        instances = [{"image_bytes": {"b64": base64.b64encode(data).decode()}} for data in part]
        rows = self._answer("post", f"{self.url}:predict", json={
            "signature_name": "serve_bytes", "instances": instances}).get("predictions")
        if not isinstance(rows, list):
            raise ServingError(f"{self.url}: no list of predictions in the answer")
        try:
            return [base64.b64decode(row["saliency_png_bytes"]["b64"], validate=True)
                    for row in rows]
        except (KeyError, TypeError, ValueError):
            raise ServingError(f"{self.url}: a prediction without saliency_png_bytes as "
                               "base64") from None

    def _answer(self, method, url, **options) -> dict:
        status, body = self._retried(lambda left: _within(
            left, url, functools.partial(self._fetch, left, method, url, options)))
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise ServingError(f"{url}: HTTP {status}, but no JSON: {shown(body)}") from None
        if status != 200:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise ServingError(f"{url}: HTTP {status}: "
                               f"{shown(said if isinstance(said, str) else body)}")
        if not isinstance(answer, dict):
            raise ServingError(f"{url}: JSON of another kind: {shown(body)}")
        return answer

    def _fetch(self, left, method, url, options) -> tuple:
        from urllib3.exceptions import HTTPError  # requests does not wrap all of them

        errors, deadline, body = self._requests.exceptions, time.monotonic() + left, bytearray()
        try:
            # Following a redirection would have no limit of size and time.
            with self._connection.request(method, url, timeout=left, stream=True,
                                       allow_redirects=False, **options) as response:
                if response.status_code in UNAVAILABLE:
                    raise ServerUnavailable(f"{url}: HTTP {response.status_code}")
                for chunk in response.iter_content(CHUNK):
                    body += chunk
                    if len(body) > self.ANSWER_LIMIT:
                        raise ServingError(f"{url}: an answer of more than {self.ANSWER_LIMIT} "
                                           "bytes; choose a smaller batch")
                    if time.monotonic() > deadline:
                        raise ServerUnavailable(f"{url}: no whole answer in time")
                if _is_cut(response, body):
                    raise ServerUnavailable(f"{url}: the answer was cut off")
                return response.status_code, bytes(body)
        except (errors.ConnectionError, errors.Timeout, errors.ChunkedEncodingError) as error:
            raise ServerUnavailable(f"{url}: {type(error).__name__}") from None
        except (errors.RequestException, HTTPError) as error:
            raise ServingError(f"{url}: {type(error).__name__}: {shown(error)}") from None


def _within(seconds, url, work):
    """Return `work()`, or raise ServerUnavailable after that time."""
    # The timeout of a socket starts again with every byte, headers included. So a thread waits for
    # the answer; one that is late is abandoned and ends with its connection.
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
    """Return True if bytes are missing; not every version of requests and urllib3 checks that."""
    # They take headers that were cut off for a short list; then only the JSON shows the end.
    framed = "Content-Length" in response.headers or "Transfer-Encoding" in response.headers
    return bool(response.raw.length_remaining) if framed else not body.rstrip().endswith(b"}")
