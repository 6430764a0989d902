"""Clients of TensorFlow Serving for an exported model, over gRPC and over REST.

They need the extra `serving`: python -m pip install -e ".[serving]".
"""
import base64
import time

import cv2
import numpy as np

UNAVAILABLE_HTTP = (429, 502, 503, 504)


class ServingError(ValueError):
    """The server refused a request; the message says which and why."""


class ServerUnavailable(ConnectionError):
    """The server could not be reached, or went on being busy."""


def connect(address, model="msi_net", **options):
    """The client for an address: REST for a URL, gRPC for "host:port"."""
    return (RestClient if "//" in address else GrpcClient)(address, model, **options)


class GrpcClient:
    """Saliency maps from a model server's PredictionService.

    Args:
        address: "host:port", 8500 where TensorFlow Serving is left alone.
        model: name it is served under. version: None for the newest.
        timeout: seconds per request. retries: further attempts while the server is unavailable,
            after `pause`, 2 `pause`, 4 `pause` ... seconds. batch: pictures per request.
    """

    def __init__(self, address, model="msi_net", version=None, timeout=60.0, retries=4, pause=0.25,
                 batch=4):
        self._grpc, self._predict, service = _grpc_modules()
        self.address, self.model, self.version = address, model, version
        self.timeout, self.retries, self.pause, self.batch = timeout, retries, pause, batch
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._channel = self._grpc.insecure_channel(address, options=unlimited)
        self._stub = service.PredictionServiceStub(self._channel)

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in 0..1 of an image uint8 [H, W, 3] RGB, computed in its own size."""
        outputs = self._call("serving_default", {"images": _checked(image)[np.newaxis]})
        return outputs["saliency"][0, ..., 0]

    def predict_bytes(self, contents) -> list:
        """float32 [H, W] in steps of 1/255 of each encoded picture (JPEG, PNG, BMP) of a list.

        The pictures may be of any sizes; they are sent in requests of `batch`.

        Raises:
            ServingError: a picture that the server refuses (with its place in the list).
            ServerUnavailable: no answer.
        """
        maps = []
        for start, part in _parts(contents, self.batch):
            outputs = self._call("serve_bytes", {"image_bytes": np.array(part, object)}, start)
            maps += [_decode(png) for png in outputs["saliency_png_bytes"]]
        return maps

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _call(self, signature, inputs, start=0) -> dict:
        import tensorflow as tf

        request = self._predict.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.model, signature
        if self.version is not None:
            request.model_spec.version.value = self.version
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))

        def attempt():
            try:
                return self._stub.Predict(request, timeout=self.timeout)
            except self._grpc.RpcError as error:
                text = f"{self.address}: {error.code().name}: {error.details()}"
                if error.code() == self._grpc.StatusCode.UNAVAILABLE:
                    raise ServerUnavailable(text) from None
                raise ServingError(_located(text, start)) from None

        response = _retried(attempt, self.retries, self.pause)
        return {key: tf.make_ndarray(value) for key, value in response.outputs.items()}


class RestClient:
    """Saliency maps over REST; pictures go and come encoded, since JSON numbers are slow.

    Args:
        address: "host:port" or a URL, port 8501 where TensorFlow Serving is left alone.
        Otherwise as `GrpcClient`.
    """

    def __init__(self, address, model="msi_net", version=None, timeout=60.0, retries=4, pause=0.25,
                 batch=4):
        try:
            import requests
        except ImportError as error:
            raise ImportError(f"{error}; {_REMEDY}") from None
        self._requests, self._session = requests, requests.Session()
        base = address if "//" in address else f"http://{address}"
        path = f"/v1/models/{model}" + ("" if version is None else f"/versions/{version}")
        self.url = base.rstrip("/") + path
        self.timeout, self.retries, self.pause, self.batch = timeout, retries, pause, batch

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in steps of 1/255 of an image uint8 [H, W, 3] RGB."""
        png = cv2.imencode(".png", _checked(image)[..., ::-1])[1].tobytes()
        return self.predict_bytes([png])[0]

    def predict_bytes(self, contents) -> list:
        """As `GrpcClient.predict_bytes`."""
        maps = []
        for start, part in _parts(contents, self.batch):
            instances = [{"image_bytes": {"b64": base64.b64encode(data).decode()}}
                         for data in part]
            answer = self._call({"signature_name": "serve_bytes", "instances": instances}, start)
            maps += [_decode(base64.b64decode(row["saliency_png_bytes"]["b64"]))
                     for row in answer["predictions"]]
        return maps

    def status(self) -> list:
        """[{"version": "1", "state": "AVAILABLE", ...}], the versions that the server has."""
        return _retried(lambda: self._send("get", self.url), self.retries, self.pause)[
            "model_version_status"]

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _call(self, body, start) -> dict:
        return _retried(lambda: self._send("post", f"{self.url}:predict", start, json=body),
                        self.retries, self.pause)

    def _send(self, method, url, start=0, **options) -> dict:
        try:
            response = self._session.request(method, url, timeout=self.timeout, **options)
        except (self._requests.ConnectionError, self._requests.Timeout) as error:
            raise ServerUnavailable(f"{url}: {type(error).__name__}") from None
        if response.status_code in UNAVAILABLE_HTTP:
            raise ServerUnavailable(f"{url}: HTTP {response.status_code}")
        try:
            answer = response.json()
        except ValueError:
            raise ServingError(f"{url}: HTTP {response.status_code}, and no JSON: "
                               f"{response.text[:200]!r}") from None
        if response.status_code != 200:
            raise ServingError(_located(
                f"{url}: HTTP {response.status_code}: {answer.get('error', answer)}", start))
        return answer


_REMEDY = 'python -m pip install "keras_saliency[serving]"'


def _grpc_modules() -> tuple:
    try:
        import grpc
        from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
    except ImportError as error:
        raise ImportError(f"{error}; {_REMEDY}") from None
    return grpc, predict_pb2, prediction_service_pb2_grpc


def _retried(attempt, retries, pause):
    """The result of `attempt`, made again while the server is unavailable."""
    for number in range(retries + 1):
        try:
            return attempt()
        except ServerUnavailable as error:
            if number == retries:
                raise ServerUnavailable(f"{error} (after {retries + 1} attempts); is the server "
                                        "running, and the address right?") from None
            time.sleep(pause * 2 ** number)


def _parts(contents, batch):
    """(start, at most `batch` of them) of a list."""
    contents = list(contents)
    for start in range(0, len(contents), batch):
        yield start, contents[start:start + batch]


def _located(text, start) -> str:
    """The server counts places in its batch; say where that began."""
    return f"{text} (this request began with picture {start})" if start else text


def _checked(image) -> np.ndarray:
    image = np.asarray(image)
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise ValueError(f"image must be uint8 [H, W, 3] RGB, not {image.dtype} "
                         f"{list(image.shape)}")
    return image


def _decode(png) -> np.ndarray:
    """float32 [H, W] in 0..1 of an 8-bit gray PNG."""
    levels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    return levels.astype(np.float32) / 255
