"""Clients against an exported folder behind TensorFlow Serving's interfaces."""
import base64
import gzip
import json
import shutil
import sys
import threading
import time
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency import serving
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.serving import grpc as serving_grpc
from keras_saliency.serving import rest as serving_rest

pytest.importorskip("tensorflow_serving.apis.predict_pb2", reason="extra serving is not installed")
import grpc  # noqa: E402
from model_server import Proxy, Puppet, Server, http  # noqa: E402
from tensorflow_serving.apis import predict_pb2  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.05)
    built = ks.facts(built, canvas=(48, 64))
    return built


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "msi_net"
    ks.export.save(model, folder, 1)
    shutil.copytree(folder / "1", folder / "2")
    running = Server(folder)
    yield running
    running.close()


@pytest.fixture(params=["grpc", "rest"])
def client(request, server):
    made = (serving.GrpcClient(server.grpc_address, pause=0.01) if request.param == "grpc"
            else serving.RestClient(server.rest_address, pause=0.01))
    yield made
    made.close()


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (int(rng.integers(20, 90)), int(rng.integers(20, 90)), 3),
                         np.uint8) for _ in range(count)]


def encoded(images):
    return [cv2.imencode(".png", image[..., ::-1])[1].tobytes() for image in images]


def scaled(values):
    return (values - values.min()) / np.ptp(values)


def test_maps_are_those_of_predict(client, model):
    for image in pictures(3):
        np.testing.assert_allclose(client.predict(image), scaled(ks.predict(model, image)),
                                   atol=0.51 / 255 if isinstance(client, serving.RestClient)
                                   else 1e-4)


def test_lists_are_sent_in_parts_and_come_back_in_order(client, model):
    images = pictures(9, seed=1)
    maps = client.predict_bytes(encoded(images))
    assert len(maps) == 9
    for image, found in zip(images, maps):
        np.testing.assert_allclose(found, scaled(ks.predict(model, image)), atol=0.51 / 255)


def test_a_server_that_is_busy_is_asked_again(client, server, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    server.service.refuse = server.refuse_rest = 3
    assert len(client.predict_bytes(encoded(pictures(1)))) == 1
    server.service.refuse = server.refuse_rest = 0
    assert pauses == [0.01, 0.02, 0.04]  # with back-off


def test_no_server_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for kind in (serving.GrpcClient, serving.RestClient):
        client = kind("localhost:9", retries=1, timeout=5)
        with pytest.raises(serving.ServerUnavailable,
                           match="localhost:9.*after 2 attempts.*running"):
            client.predict(np.zeros((8, 8, 3), np.uint8))
        client.close()


def test_what_the_server_refuses_is_said(client, server):
    good = encoded(pictures(5))
    with pytest.raises(serving.ServingError) as error:
        client.predict_bytes([*good, b"text"])
    assert "not JPEG, PNG or BMP" in str(error.value) or "BMP" in str(error.value)
    assert "began with picture 4" in str(error.value)
    kind = type(client)
    address = server.grpc_address if kind is serving.GrpcClient else server.rest_address
    for options in ({"model": "other"}, {"version": 9}):
        other = kind(address, **options)
        with pytest.raises(serving.ServingError, match="not found"):
            other.predict_bytes(good[:1])
        other.close()
    assert len(kind(address, version=1).predict_bytes(good[:1])) == 1
    with pytest.raises(InputError, match=r"uint8 \[H, W, 3\] RGB, not float64"):
        client.predict(np.zeros((3, 3, 3)))


@pytest.fixture
def puppet():
    running = Puppet()
    yield running
    running.close()


def client_of(kind, server, **options):
    """Return a client for "grpc" or "rest"."""
    return (serving.GrpcClient(server.grpc_address, **options) if kind == "grpc"
            else serving.RestClient(server.rest_address, **options))


def gray_png(height, width, kind=".png", dtype=np.uint8):
    return cv2.imencode(kind, np.zeros((height, width), dtype))[1].tobytes()


def rest_answer(pngs):
    return http({"predictions": [
        {"saliency_png_bytes": {"b64": base64.b64encode(png).decode()}} for png in pngs]})


def grpc_answer(**outputs):
    """Return a serialized PredictResponse of arrays."""
    response = predict_pb2.PredictResponse()
    for key, value in outputs.items():
        response.outputs[key].CopyFrom(tf.make_tensor_proto(value))
    return response.SerializeToString()


def answer_of(kind, pngs):
    """Return the answer of `serve_bytes` with these maps."""
    return rest_answer(pngs) if kind == "rest" else grpc_answer(
        saliency_png_bytes=np.array(pngs, object))


def refusal(call, error=serving.ServingError) -> str:
    """Return an error's message, which must be one printable line of limited length."""
    with pytest.raises(error) as raised:
        call()
    text = str(raised.value)
    assert text.isprintable() and len(text) < 800
    return text


def test_the_errors_are_those_that_scripts_show_as_a_line():
    assert issubclass(serving.ServingError, InputError)
    assert issubclass(serving.ServerUnavailable, ConnectionError)


@pytest.mark.parametrize("kind", ["grpc", "rest"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_more_or_fewer_maps_than_pictures_are_refused(kind, count, puppet):
    puppet.answers = [answer_of(kind, [gray_png(20, 30)] * count)]
    client = client_of(kind, puppet)
    text = refusal(lambda: client.predict_bytes(encoded([np.zeros((20, 30, 3), np.uint8)] * 2)))
    assert f"{count} maps for 2 pictures" in text and "localhost" in text
    client.close()


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_maps_that_do_not_fit_their_picture_are_refused(kind, puppet):
    client = client_of(kind, puppet)
    image = np.zeros((20, 30, 3), np.uint8)
    wrong = {
        "map 1 of the answer is 30x20, its picture 20x30": gray_png(30, 20),
        "not a whole 8-bit gray PNG": gray_png(20, 30, ".bmp"),
        "8-bit gray": gray_png(20, 30, dtype=np.uint16),
        "gray PNG": cv2.imencode(".png", image)[1].tobytes(),
        "not a whole": gray_png(20, 30)[:-20],
        "damaged": gray_png(20, 30)[:45] + b"\0\0" + gray_png(20, 30)[47:],
        # a claim of 10,000 megapixels
        "is 100000x100000": gray_png(20, 30)[:16] + 2 * (100000).to_bytes(4, "big")
        + gray_png(20, 30)[24:],
        "is not": b""}
    for message, png in wrong.items():
        puppet.answers = [answer_of(kind, [gray_png(20, 30), png])]
        for suffix in (".png", ".bmp", ".jpg"):
            pictures = [cv2.imencode(suffix, image)[1].tobytes()] * 2
            assert message in refusal(lambda: client.predict_bytes(pictures)), message
    puppet.answers = [answer_of(kind, [gray_png(20, 30)])]
    assert client.predict_bytes([b"a picture whose size nobody knows"])[0].shape == (20, 30)
    puppet.answers = [answer_of(kind, [wrong["is 100000x100000"]])]
    assert "40000000 pixels" in refusal(lambda: client.predict_bytes([b"?"]))
    client.close()


def test_the_place_in_the_list_is_said(puppet):
    """An error names the first picture of its request."""
    good, bad = [gray_png(20, 30)] * 4, [gray_png(20, 30)] * 3
    client = serving.RestClient(puppet.rest_address)
    puppet.answers = [rest_answer(good), rest_answer(bad)]
    pictures = encoded([np.zeros((20, 30, 3), np.uint8)] * 8)
    assert "3 maps for 4 pictures (this request began with picture 4)" in refusal(
        lambda: client.predict_bytes(pictures))


NESTED = b"[" * 100_000
MALFORMED = {
    "no JSON: <html>": http(b"<html>"),
    "no JSON: \\x00": http(bytes(9)),
    "no JSON: [[[[": http(NESTED + b"]" * 100_000),
    "no JSON: {": http(b'{"predictions": ' + NESTED),
    "no JSON: ": http(b""),
    "another kind: [1, 2]": http([1, 2]),
    "another kind: null": http(None),
    "no list of predictions": http({"outputs": []}),
    "list of predictions ": http({"predictions": {"saliency": 1}}),
    "list of predictions in": http({"predictions": None}),
    "as base64": http({"predictions": [1]}),
    "prediction without": http({"predictions": ["saliency_png_bytes"]}),
    "without saliency_png_bytes": http({"predictions": [{"saliency": [[0.5]]}]}),
    "saliency_png_bytes as": http({"predictions": [{"saliency_png_bytes": "AAAA"}]}),
    "png_bytes as": http({"predictions": [{"saliency_png_bytes": {"b64": 5}}]}),
    "_bytes as": http({"predictions": [{"saliency_png_bytes": {"b64": "A"}}]}),
    "bytes as": http({"predictions": [{"saliency_png_bytes": {"b64": "AAA\u00e9"}}]}),
    "as base": http({"predictions": [{"saliency_png_bytes": {"b64": None}}]}),
    "HTTP 400: not \\x1b[2J this one": http({"error": "not \x1b[2J\nthis\tone"}, "400 Bad"),
    "HTTP 400: [1]": http([1], "400 Bad"),
    "HTTP 500: {": http({"error": {"deep": 1}}, "500 Oh"),
    "HTTP 302": http(b"{}", "302 Found", "Location: http://localhost:9/\r\n"),
    "ContentDecodingError": http(b"not gzip", headers="Content-Encoding: gzip\r\n"),
    "HTTP 400: xxxxx": http({"error": "x" * 1_000_000}, "400 Bad")}


@pytest.mark.parametrize("message", MALFORMED)
def test_malformed_rest_answers_are_serving_errors(message, puppet):
    puppet.answers = [MALFORMED[message]]
    client = serving.RestClient(puppet.rest_address)
    text = refusal(lambda: client.predict_bytes(encoded(pictures(1))))
    assert message in text and puppet.rest_address in text and puppet.asked == 1
    client.close()


def test_malformed_states_are_serving_errors(puppet):
    client = serving.RestClient(puppet.rest_address)
    for content in ([], {}, {"model_version_status": 3}, {"model_version_status": [3]},
                    {"model_version_status": [{"version": 1, "state": "AVAILABLE"}]}):
        puppet.answers = [http(content)]
        refusal(client.status)


def tensor_answer(**fields):
    """Return an answer whose tensor `saliency` has these fields."""
    response = predict_pb2.PredictResponse()
    tensor = response.outputs["saliency"]
    for size in fields.pop("sizes", [1, 20, 30, 1]):
        tensor.tensor_shape.dim.add().size = size
    tensor.dtype = fields.pop("dtype", tf.float32.as_datatype_enum)
    tensor.tensor_content = fields.pop("content", b"")
    tensor.float_val.extend(fields.pop("values", []))
    return response.SerializeToString()


def test_malformed_grpc_answers_are_serving_errors(puppet):
    client = serving.GrpcClient(puppet.grpc_address)
    image, good = np.zeros((20, 30, 3), np.uint8), np.zeros((1, 20, 30, 1), np.float32)
    puppet.answers = [grpc_answer(saliency=good)]
    assert client.predict(image).shape == (20, 30)
    for message, answer in {
            "no saliency in the answer, which has nothing": grpc_answer(),
            "which has \\x1b[2J": grpc_answer(**{"\x1b[2J": good}),
            "not float32": grpc_answer(saliency=good.astype(np.float64)),
            "is not float": grpc_answer(saliency=np.array([b"x"], object)),
            "not float": tensor_answer(dtype=10 ** 6),
            "shape [20, 30]": grpc_answer(saliency=good[0, ..., 0]),
            "shape [1, 30, 20, 1]": grpc_answer(saliency=good.transpose(0, 2, 1, 3)),
            "shape [2, 20, 30, 1]": grpc_answer(saliency=np.repeat(good, 2, axis=0)),
            "shape [1, 1000000, 1000000, 1]": tensor_answer(sizes=[1, 10 ** 6, 10 ** 6, 1],
                                                            values=[1]),
            "shape [-1": tensor_answer(sizes=[-1, 20, 30, 1]),
            "is damaged": tensor_answer(content=b"1234" * 599),
            "damaged: ": tensor_answer(values=[0.5] * 601),
            "not in 0..1": grpc_answer(saliency=good + np.nan),
            "in 0..1": grpc_answer(saliency=good + 2),
            "no PredictResponse": b"\xff"}.items():
        puppet.answers = [answer]
        assert message in refusal(lambda: client.predict(image)), message
    for message, answer in {
            "not string": grpc_answer(saliency_png_bytes=np.zeros(1, np.float32)),
            "no saliency_png_bytes": grpc_answer(saliency=good),
            "is not a whole 8-bit gray": grpc_answer(saliency_png_bytes=np.array([b"x"], object)),
            }.items():
        puppet.answers = [answer]
        assert message in refusal(lambda: client.predict_bytes(encoded([image]))), message
    puppet.answers = [(grpc.StatusCode.INVALID_ARGUMENT, "a\n\x1b[2J" + "x" * 5000)]
    assert "INVALID_ARGUMENT: a \\x1b[2J" in refusal(lambda: client.predict(image))
    client.close()


@pytest.mark.parametrize("code", serving_grpc.UNAVAILABLE)
def test_busy_grpc_servers_are_asked_again(code, puppet):
    client = serving.GrpcClient(puppet.grpc_address, pause=0.01, retries=2)
    busy = (grpc.StatusCode[code], "not now")
    image, good = np.zeros((20, 30, 3), np.uint8), np.zeros((1, 20, 30, 1), np.float32)
    puppet.answers = [busy, busy, grpc_answer(saliency=good)]
    assert client.predict(image).shape == (20, 30) and puppet.asked == 3
    puppet.answers = [busy]
    text = refusal(lambda: client.predict(image), serving.ServerUnavailable)
    assert f"{code}: not now (after 3 attempts" in text and puppet.asked == 6
    client.close()


@pytest.mark.parametrize("status", serving_rest.UNAVAILABLE)
def test_busy_rest_servers_are_asked_again(status, puppet):
    client = serving.RestClient(puppet.rest_address, pause=0.01, retries=2)
    puppet.answers = [http(b"", f"{status} No"), rest_answer([gray_png(20, 30)])]
    assert client.predict(np.zeros((20, 30, 3), np.uint8)).shape == (20, 30)
    assert puppet.asked == 2


def test_the_size_of_an_answer_is_limited(puppet, monkeypatch):
    for kind in (serving.RestClient, serving.GrpcClient):
        monkeypatch.setattr(kind, "ANSWER_LIMIT", 10_000)
    rest, over_grpc = (client_of(kind, puppet, pause=0.01) for kind in ("rest", "grpc"))
    puppet.answers = [http(b" " * 20_000)]
    contents = encoded(pictures(1))
    assert "more than 10000 bytes; choose a smaller batch" in refusal(
        lambda: rest.predict_bytes(contents))
    puppet.answers = [http(gzip.compress(b" " * 10_000_000), headers="Content-Encoding: gzip\r\n")]
    assert "more than 10000 bytes" in refusal(lambda: rest.predict_bytes(contents))
    puppet.answers = [grpc_answer(saliency_png_bytes=np.array([bytes(20_000)], object))]
    assert "choose a smaller batch" in refusal(lambda: over_grpc.predict_bytes(contents))
    assert puppet.asked == 3  # a retry would be as long
    over_grpc.close()


def behind_proxy(kind, server, whole, pace=None, faulty=1, **options):
    """Return a client of a server behind a faulty proxy, and the proxy."""
    proxy = Proxy(server.grpc_address if kind == "grpc" else server.rest_address, whole, pace,
                  faulty)
    made = {"grpc": serving.GrpcClient, "rest": serving.RestClient}[kind](proxy.address, **options)
    return made, proxy


@pytest.mark.parametrize("kind, whole", [("grpc", 0), ("grpc", 2000), ("rest", 0), ("rest", 30),
                                         ("rest", 2000)])
def test_a_connection_cut_in_mid_answer_is_made_again(kind, whole, server, model):
    client, proxy = behind_proxy(kind, server, whole, pause=0.1, timeout=20)
    images = pictures(3, seed=4)
    for image, found in zip(images, client.predict_bytes(encoded(images))):
        np.testing.assert_allclose(found, scaled(ks.predict(model, image)), atol=0.51 / 255)
    assert proxy.connections > 1
    client.close()
    proxy.close()


@pytest.mark.parametrize("kind, whole", [("grpc", 0), ("grpc", 2000), ("rest", 0), ("rest", 300)])
def test_a_dripping_server_takes_no_longer_than_the_timeout(kind, whole, server):
    client, proxy = behind_proxy(kind, server, whole, pace=0.05, faulty=99, timeout=1.0)
    contents = encoded(pictures(3, seed=4))
    begin = time.monotonic()
    text = refusal(lambda: client.predict_bytes(contents), serving.ServerUnavailable)
    assert 0.9 < time.monotonic() - begin < 1.5
    assert "after 1 attempt, 1.0 s of timeout=1" in text
    client.close()
    proxy.close()


@pytest.mark.parametrize("kind", ["grpc", "rest"])
def test_all_attempts_together_take_no_longer_than_the_timeout(kind, puppet):
    puppet.answers = [http(b"", "503 Busy") if kind == "rest" else
                      (grpc.StatusCode.UNAVAILABLE, "not now")]
    client = client_of(kind, puppet, timeout=1.0, retries=1000, pause=0.1)
    begin = time.monotonic()
    refusal(lambda: client.predict(np.zeros((8, 8, 3), np.uint8)), serving.ServerUnavailable)
    assert time.monotonic() - begin < 1.2 and puppet.asked == 4  # after 0, 0.1, 0.3 and 0.7 s
    client.close()


@pytest.mark.parametrize("kind", [serving.GrpcClient, serving.RestClient])
def test_settings_out_of_range_are_refused(kind):
    for name, value in (("timeout", 0), ("timeout", None), ("timeout", float("nan")),
                        ("retries", -1), ("pause", -1), ("pause", "1"), ("batch", 0),
                        ("batch", 1.5), ("version", "newest"), ("version", -1)):
        with pytest.raises(InputError, match=f"{name} must be"):
            kind("localhost:9", **{name: value})
    for address in ("", None, "a\nb"):
        with pytest.raises(InputError, match="address must be"):
            kind(address)
    client = kind("localhost:9")
    for contents in ("text", b"bytes", [1], ["text"]):
        with pytest.raises(InputError, match="contents must be a list of bytes"):
            client.predict_bytes(contents)
    assert client.predict_bytes([]) == []


def test_addresses_that_are_none():
    for address in ("ftp://localhost", "http://", "http://localhost:99999"):
        client = serving.connect(address, retries=0, timeout=2)
        with pytest.raises((serving.ServingError, serving.ServerUnavailable)):
            client.predict(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.parametrize("address, package", [
    ("localhost:9", "grpc"), ("localhost:9", "tensorflow_serving.apis.predict_pb2"),
    ("http://localhost:9", "requests")])
def test_a_missing_package_is_named_with_the_command(address, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=r"pip install .*\[serving\]"):
        serving.connect(address)


def test_predict_script_asks_a_server(run, server, model, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    images = pictures(3, seed=8)
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index}.png"), image[..., ::-1])
    (folder / "text.jpg").write_text("no picture")
    code, said = run("predict", folder, "--server", f"http://{server.rest_address}", "--raw",
                     "--out", tmp_path / "out")
    assert code == 1 and "3 of 4 pictures" in said, said
    for index, image in enumerate(images):
        np.testing.assert_allclose(np.load(tmp_path / "out" / f"{index}.npy"),
                                   scaled(ks.predict(model, image)), atol=0.51 / 255)


def test_a_url_is_rest_and_anything_else_grpc(server):
    for address, kind in ((server.grpc_address, serving.GrpcClient),
                          (f"http://{server.rest_address}", serving.RestClient)):
        client = serving.connect(address, pause=0.01)
        assert type(client) is kind and client.predict(pictures(1)[0]).max() == 1
        client.close()


def test_rest_in_rows_and_columns(server, model):
    image = pictures(1, seed=5)[0]
    canvas = np.random.default_rng(1).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)

    def post(body, path="msi_net"):
        request = urllib.request.Request(
            f"http://{server.rest_address}/v1/models/{path}:predict", json.dumps(body).encode())
        return json.loads(urllib.request.urlopen(request).read())

    rows = post({"instances": [image.tolist()]})["predictions"]
    columns = post({"inputs": {"images": [image.tolist()]}}, "msi_net/versions/2")["outputs"]
    np.testing.assert_allclose(np.array(rows[0]["saliency"]), columns["saliency"][0])
    np.testing.assert_allclose(np.array(rows[0]["saliency"])[..., 0],
                               scaled(ks.predict(model, image)), atol=1e-4)
    on_canvas = post({"signature_name": "serve_canvas", "instances": canvas.tolist()})
    np.testing.assert_allclose(on_canvas["predictions"], model(canvas), atol=1e-4)
    status = serving.RestClient(server.rest_address).status()
    assert [s["version"] for s in status] == ["1", "2"] and status[0]["state"] == "AVAILABLE"


@pytest.mark.slow
def test_many_clients_lose_nothing(server, model):
    """Eight threads, 96 mixed requests: all answered, each with its own map."""
    images = pictures(20, seed=3)
    expected = [scaled(ks.predict(model, image)) for image in images]
    contents, wrong, done = encoded(images), [], []

    def work(number):
        kind, address = ((serving.GrpcClient, server.grpc_address) if number % 2 else
                         (serving.RestClient, server.rest_address))
        client = kind(address)
        for step in range(12):
            which = (7 * step + number) % 20
            if step % 2:
                found = client.predict(images[which])
            else:
                found = client.predict_bytes([contents[which]])[0]
            if np.abs(found - expected[which]).max() > 0.51 / 255:
                wrong.append((number, step))
            done.append(1)
        client.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 96 and not wrong
