"""The exported folder behind TensorFlow Serving's interfaces, and the clients."""
import json
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.export import serving

pytest.importorskip("tensorflow_serving.apis.predict_pb2", reason="extra serving is not installed")
from model_server import Server  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.05)
    built.canvas = (48, 64)
    return built


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "msi_net"
    ks.export.save(model, folder, 1)
    ks.export.save(model, folder, 2)
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
    monkeypatch.setattr(serving.time, "sleep", pauses.append)
    server.service.refuse = server.refuse_rest = 3
    assert len(client.predict_bytes(encoded(pictures(1)))) == 1
    server.service.refuse = server.refuse_rest = 0
    assert pauses == [0.01, 0.02, 0.04]  # with back-off


def test_no_server_is_one_clear_error(monkeypatch):
    monkeypatch.setattr(serving.time, "sleep", lambda seconds: None)
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
    with pytest.raises(ValueError, match=r"uint8 \[H, W, 3\] RGB, not float64"):
        client.predict(np.zeros((3, 3, 3)))


def test_predict_script_asks_a_server(server, model, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    images = pictures(3, seed=8)
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index}.png"), image[..., ::-1])
    (folder / "text.jpg").write_text("no picture")
    for number, address in enumerate((server.grpc_address, f"http://{server.rest_address}")):
        out = tmp_path / str(number)
        done = subprocess.run(
            [sys.executable, REPOSITORY / "scripts" / "predict.py", folder, "--server", address,
             "--raw", "--out", out], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
        assert done.returncode == 1 and "3 of 4 pictures" in done.stdout, done.stderr
        for index, image in enumerate(images):
            np.testing.assert_allclose(np.load(out / f"{index}.npy"),
                                       scaled(ks.predict(model, image)), atol=0.51 / 255)


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
    """Eight threads, 1,000 mixed requests: all answered, each with its own map."""
    images = pictures(20, seed=3)
    expected = [scaled(ks.predict(model, image)) for image in images]
    contents, wrong, done = encoded(images), [], []

    def work(number):
        kind, address = ((serving.GrpcClient, server.grpc_address) if number % 2 else
                         (serving.RestClient, server.rest_address))
        client = kind(address)
        for step in range(125):
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
    assert len(done) == 1000 and not wrong
