"""Client of a model server over REST."""
import base64
import functools
import json
import threading
import time
from concurrent import futures
from urllib.parse import quote

import cv2
import numpy as np

from keras_saliency.files import MissingPackage
from keras_saliency.serving.answers import ServingError, require_count, shown
from keras_saliency.serving.client import ANSWER_LIMIT, REMEDY, Client, ServerUnavailable, checked

UNAVAILABLE = (429, 502, 503, 504)
CHUNK = 4096  # bytes; small, so that the deadline of a slow answer is seen soon


class RestClient(Client):
    """Saliency maps over REST; pictures go and come encoded, since JSON numbers are slow.

    Args:
        address: "host:port" or a URL, port 8501 where TensorFlow Serving is left alone.
        Otherwise as `GrpcClient`.
    """

    def _open(self):
        try:
            import requests
        except ImportError as error:
            raise MissingPackage(f"{error}; {REMEDY}") from None
        self._requests, self._session = requests, requests.Session()
        base = self.address if "//" in self.address else f"http://{self.address}"
        version = "" if self.version is None else f"/versions/{self.version}"
        self.url = f"{base.rstrip('/')}/v1/models/{quote(self.model, safe='')}{version}"

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in steps of 1/255 of an image uint8 [H, W, 3] RGB; errors as
        `GrpcClient.predict`."""
        png = cv2.imencode(".png", checked(image)[..., ::-1])[1].tobytes()
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
        require_count(self.url, len(rows), len(part))
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
            raise ServingError(f"{url}: HTTP {status}, and no JSON: {shown(body)}") from None
        if status != 200:
            said = answer.get("error") if isinstance(answer, dict) else None
            raise ServingError(f"{url}: HTTP {status}: "
                               f"{shown(said if isinstance(said, str) else body)}")
        if not isinstance(answer, dict):
            raise ServingError(f"{url}: JSON of another kind: {shown(body)}")
        return answer

    def _fetch(self, left, method, url, options) -> tuple:
        """(status, body) of one attempt."""
        from urllib3.exceptions import HTTPError  # those that requests lets through

        errors, deadline, body = self._requests.exceptions, time.monotonic() + left, bytearray()
        try:
            # A redirection would be followed without a limit of size and time.
            with self._session.request(method, url, timeout=left, stream=True,
                                       allow_redirects=False, **options) as response:
                if response.status_code in UNAVAILABLE:
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
            raise ServingError(f"{url}: {type(error).__name__}: {shown(error)}") from None


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
