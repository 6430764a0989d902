"""Loopback model servers for tests: TensorFlow Serving's published gRPC and REST interfaces over
`tf.saved_model.load`, one with scripted answers instead of a model, and a faulty proxy."""
import base64
import json
import re
import socket
import socketserver
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?(?P<verb>:predict)?$")


class Models:
    """The loaded versions below `folder`, which has the model's name."""

    def __init__(self, folder):
        self.name = Path(folder).name
        self.versions = {int(p.name): tf.saved_model.load(str(p))
                         for p in sorted(Path(folder).iterdir()) if p.name.isdigit()}

    def signature(self, name, version, signature):
        """Return (version, function), or raise KeyError with a server's message."""
        version = max(self.versions) if version is None else version
        if name != self.name or version not in self.versions:
            raise KeyError(f"Servable not found for request: Specific({name}, {version})")
        signatures = self.versions[version].signatures
        if signature not in signatures:
            raise KeyError(f"Serving signature key \"{signature}\" not found.")
        return version, signatures[signature]


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """PredictionService.Predict; the next `refuse` calls fail with `code`."""

    def __init__(self, models):
        self.models, self.refuse, self.code = models, 0, grpc.StatusCode.UNAVAILABLE

    def Predict(self, request, context):
        if self.refuse:
            self.refuse -= 1
            context.abort(self.code, "not now")
        spec = request.model_spec
        try:
            version, function = self.models.signature(
                spec.name, spec.version.value if spec.HasField("version") else None,
                spec.signature_name or "serving_default")
        except KeyError as error:
            context.abort(grpc.StatusCode.NOT_FOUND, error.args[0])
        try:
            outputs = function(**{key: tf.constant(tf.make_ndarray(value))
                                  for key, value in request.inputs.items()})
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        response = predict_pb2.PredictResponse()
        response.model_spec.name, response.model_spec.version.value = spec.name, version
        for key, value in outputs.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(value.numpy()))
        return response


class Server:
    """Both interfaces on free ports of the loopback device.

    Attributes:
        grpc_address, rest_address: "localhost:port". service: of gRPC. refuse_rest: number of
        REST requests to answer with 503.
    """

    def __init__(self, folder, workers=8):
        self.models, self.refuse_rest = Models(folder), 0
        self.service = Service(self.models)
        unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._grpc = grpc.server(futures.ThreadPoolExecutor(workers), options=unlimited)
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            self.service, self._grpc)
        self.grpc_address = f"localhost:{self._grpc.add_insecure_port('localhost:0')}"
        self._grpc.start()
        self._rest = ThreadingHTTPServer(("localhost", 0), _handler(self))
        self.rest_address = f"localhost:{self._rest.server_address[1]}"
        threading.Thread(target=self._rest.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self._grpc.stop(None)
        self._rest.shutdown()
        self._rest.server_close()


class Puppet:
    """Both interfaces on free ports, without a model: each request takes the next of `answers`,
    and the last answer stays.

    Attributes:
        grpc_address, rest_address: "localhost:port". answers: for REST whole HTTP responses
        (bytes), for gRPC serialized PredictResponses (bytes) or a (StatusCode, details). asked:
        number of requests.
    """

    def __init__(self):
        self.answers, self.asked = [], 0
        self._grpc = grpc.server(futures.ThreadPoolExecutor(2))
        method = grpc.unary_unary_rpc_method_handler(self._predict)  # bytes in and out
        self._grpc.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "tensorflow.serving.PredictionService", {"Predict": method}),))
        self.grpc_address = f"localhost:{self._grpc.add_insecure_port('localhost:0')}"
        self._grpc.start()
        puppet = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                length = 0
                while (line := self.rfile.readline()).strip():
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.rfile.read(length)
                self.wfile.write(puppet._next())

        self._rest = socketserver.ThreadingTCPServer(("localhost", 0), Handler)
        self.rest_address = f"localhost:{self._rest.server_address[1]}"
        threading.Thread(target=self._rest.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self._grpc.stop(None)
        self._rest.shutdown()
        self._rest.server_close()

    def _next(self):
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _predict(self, request, context):
        answer = self._next()
        if isinstance(answer, tuple):
            context.abort(*answer)
        return answer


def http(content, status="200 OK", headers=""):
    """Return a whole HTTP response; `content` is bytes, or becomes JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
            f"{headers}\r\n").encode("latin-1") + body


class Proxy:
    """Passes connections on to "localhost:port". The answers of the first `faulty` of them are
    passed on for `whole` bytes only; then the connection is cut or, with `pace`, goes on with one
    byte in so many seconds.

    Attributes:
        address: "localhost:port". connections: their number so far.
    """

    def __init__(self, target, whole, pace=None, faulty=1):
        self.connections = 0
        host, port = target.split(":")
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy.connections += 1
                fault = proxy.connections <= faulty
                with socket.create_connection((host, int(port))) as behind:
                    threading.Thread(target=_pump, args=(self.request, behind), daemon=True).start()
                    if fault:
                        _pump(behind, self.request, whole)
                        if pace:
                            _drip(behind, self.request, pace)
                    else:
                        _pump(behind, self.request)
                    self.request.shutdown(socket.SHUT_RDWR)

        class Proxies(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                """Quiet: broken connections are its purpose."""

        self._server = Proxies(("localhost", 0), Handler)
        self.address = f"localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def _pump(source, sink, limit=None):
    """Pass on at most `limit` bytes."""
    try:
        while data := source.recv(65536 if limit is None else min(limit, 65536)):
            sink.sendall(data)
            if limit is not None:
                limit -= len(data)
                if not limit:
                    return
    except OSError:
        """The other side is gone."""


def _drip(source, sink, pace):
    while data := source.recv(1):
        sink.sendall(data)
        time.sleep(pace)


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Quiet."""

        def do_GET(self):
            match = PATH.match(self.path)
            if not match or match["name"] != server.models.name:
                return self._answer(404, {"error": f"Could not find any versions of {self.path}"})
            return self._answer(200, {"model_version_status": [
                {"version": str(v), "state": "AVAILABLE",
                 "status": {"error_code": "OK", "error_message": ""}}
                for v in server.models.versions]})

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if server.refuse_rest:
                server.refuse_rest -= 1
                return self._answer(503, {"error": "not now"})
            match = PATH.match(self.path)
            if not match or not match["verb"]:
                return self._answer(400, {"error": f"Malformed request: POST {self.path}"})
            try:
                request = json.loads(body)
                _, function = server.models.signature(
                    match["name"], match["version"] and int(match["version"]),
                    request.get("signature_name", "serving_default"))
                return self._answer(200, _predict(function, request))
            except KeyError as error:
                return self._answer(404, {"error": str(error.args[0])})
            except (ValueError, tf.errors.InvalidArgumentError) as error:
                return self._answer(400, {"error": str(error)})

        def _answer(self, code, content):
            data = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


def _predict(function, request) -> dict:
    """Row format ("instances" -> "predictions") or column format ("inputs" -> "outputs")."""
    specs = function.structured_input_signature[1]
    rows = "instances" in request
    given = request["instances"] if rows else request["inputs"]
    if rows:
        named = [row if isinstance(row, dict) and set(row) == set(specs) else
                 {next(iter(specs)): row} for row in given]
        columns = {key: [row[key] for row in named] for key in specs}
    else:
        columns = given if isinstance(given, dict) and set(given) == set(specs) else {
            next(iter(specs)): given}
    outputs = function(**{key: tf.constant(_undo_b64(columns[key]), spec.dtype)
                          for key, spec in specs.items()})
    arrays = {key: value.numpy() for key, value in outputs.items()}
    if rows:
        count = len(next(iter(arrays.values())))
        return {"predictions": [_simple({key: _json(value[i], key) for key, value in
                                         arrays.items()}) for i in range(count)]}
    return {"outputs": _simple({key: _json(value, key) for key, value in arrays.items()})}


def _simple(named):
    return next(iter(named.values())) if len(named) == 1 else named


def _undo_b64(value):
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    return [_undo_b64(v) for v in value] if isinstance(value, list) else value


def _json(value, key):
    """Return lists of numbers; outputs whose name ends in _bytes become base64."""
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()} if key.endswith("_bytes") else (
            value.decode())
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [_json(v, key) for v in value]
    return value.tolist()
