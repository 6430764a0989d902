"""Mutated answers of a server to both clients: the right kind of map or one clear error."""
import base64
import json

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import serving
from keras_saliency.compat import KERAS_3

pytest.importorskip("tensorflow_serving.apis.predict_pb2", reason="extra serving is not installed")
from model_server import Puppet, http  # noqa: E402
from tensorflow_serving.apis import predict_pb2  # noqa: E402

COUNT = 400  # of each kind, on each of the two stacks, others on each
IMAGE = np.zeros((20, 30, 3), np.uint8)
MAP = cv2.resize(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, (30, 20))
PNG = cv2.imencode(".png", MAP)[1].tobytes()
# JSON values to put anywhere.
VALUES = [None, True, -1, 1e308, 10 ** 30, "", "AAAA", "\ud800", "\x1b[2J\r\n\u2028", [], {}, [[]],
          {"b64": {}}, {"b64": "=" * 8}, {"saliency_png_bytes": None}]


@pytest.fixture(scope="module")
def puppet():
    running = Puppet()
    yield running
    running.close()


@pytest.fixture
def rng():
    return np.random.default_rng(int(KERAS_3))


def flipped(rng, data):
    """Flip some bits, cut short, or repeat a part."""
    data, kind = bytearray(data), rng.integers(3)
    start, end = sorted(rng.integers(0, len(data) + 1, 2))
    if kind == 0:
        for place in rng.integers(0, len(data), rng.integers(1, 8)):
            data[place] ^= 1 << rng.integers(8)
    return bytes((data, data[:end], data[:end] + data[start:])[kind])


def replaced(rng, tree):
    """Replace, drop or double one node of a JSON tree."""
    if isinstance(tree, (dict, list)) and tree and rng.random() < 0.8:
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        key = keys[rng.integers(len(keys))]
        kind = rng.integers(6)
        changed = tree.copy()
        if kind == 0:
            del changed[key]
        elif kind == 1 and isinstance(tree, list):
            changed.append(tree[key])
        else:
            changed[key] = replaced(rng, tree[key])
        return changed
    return VALUES[rng.integers(len(VALUES))]


def check(call) -> bool:
    """Return True if `call` returns the map; else it must raise one of two one-line errors."""
    try:
        found = call()
    except (serving.ServingError, serving.ServerUnavailable) as error:
        text = str(error)
        assert text.isprintable() and len(text) < 1000, text
        return False
    assert found.dtype == np.float32 and found.shape == (20, 30)
    assert found.min() >= -1e-3 and found.max() <= 1 + 1e-3
    return True


def fuzzed(puppet, client, answers, call):
    """Return the number of good answers."""
    good = 0
    for answer in answers:
        puppet.answers = [answer]
        good += check(call)
    client.close()
    assert 0 < good < len(answers)  # both happen
    return good


def test_mutated_rest_answers(puppet, rng):
    row = {"saliency_png_bytes": {"b64": base64.b64encode(PNG).decode()},
           "saliency": [[[0.5], [1e-9]]], "original_size": [20, 30]}
    tree, error = {"predictions": [row]}, {"error": "no"}
    answers = [http(tree)]
    for _ in range(COUNT):
        answers.append(http(replaced(rng, tree)))
        answers.append(http(replaced(rng, error), "400 Bad"))
        answers.append(http(flipped(rng, json.dumps(tree).encode())))
        answers.append(flipped(rng, http(tree)))  # also in the headers
        row["saliency_png_bytes"]["b64"] = base64.b64encode(flipped(rng, PNG)).decode()
        answers.append(http(tree))
        row["saliency_png_bytes"]["b64"] = base64.b64encode(PNG).decode()
    client = serving.RestClient(puppet.rest_address, retries=0, timeout=5)
    fuzzed(puppet, client, answers, lambda: client.predict(IMAGE))


def test_mutated_states(puppet, rng):
    tree = {"model_version_status": [{"version": "1", "state": "AVAILABLE", "status": {}}] * 2}
    client = serving.RestClient(puppet.rest_address, retries=0, timeout=5)
    for _ in range(COUNT):
        puppet.answers = [http(replaced(rng, tree))]
        try:
            assert all(isinstance(v["version"] + v["state"], str) for v in client.status())
        except serving.ServingError:
            pass


@pytest.mark.parametrize("name", ["predict", "predict_bytes"])
def test_mutated_grpc_answers(name, puppet, rng):
    response = predict_pb2.PredictResponse()
    arrays = {"saliency": (MAP / np.float32(255))[np.newaxis, ..., np.newaxis],
              "saliency_png_bytes": np.array([PNG], object)}
    for key, array in arrays.items():
        response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
    key = "saliency" if name == "predict" else "saliency_png_bytes"
    answers = [response.SerializeToString()]
    for _ in range(COUNT):
        answers.append(flipped(rng, answers[0]))
        other = predict_pb2.PredictResponse()
        other.CopyFrom(response)
        change(rng, other.outputs[key])
        answers.append(other.SerializeToString())
    client = serving.GrpcClient(puppet.grpc_address, retries=0, timeout=5)
    fuzzed(puppet, client, answers, (lambda: client.predict(IMAGE)) if name == "predict" else (
        lambda: client.predict_bytes([cv2.imencode(".png", IMAGE)[1].tobytes()])[0]))


def change(rng, tensor):
    """Change one field of a TensorProto."""
    kind, dims = rng.integers(6), tensor.tensor_shape.dim
    if kind == 0:
        tensor.dtype = int(rng.integers(0, 30))
    elif kind == 1:
        dims[rng.integers(len(dims))].size = int(rng.choice([-1, 0, 2, 2 ** 40]))
    elif kind == 2:
        dims.add().size = 1
    elif kind == 3:
        tensor.string_val[:] = [flipped(rng, PNG)] * rng.integers(0, 3)
    elif kind == 4:
        tensor.tensor_content = flipped(rng, tensor.tensor_content or PNG)
    else:
        tensor.tensor_content = b""
        tensor.float_val[:] = rng.choice([0, 1, np.nan, 1e30], rng.integers(0, 3))
