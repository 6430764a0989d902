"""Warm-up requests and settings of TensorFlow Serving."""
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export.saved_model import WARMUP, prediction_log
from keras_saliency.serving.export import write_serving_files


def test_warmup_requests_are_valid_and_run(tmp_path):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    model = ks.build_model("ead", width_multiplier=0.05)
    model = ks.facts(model, canvas=(48, 64))
    target = ks.export.save(model, tmp_path / "mine")
    loaded = tf.saved_model.load(str(target))
    records = list(tf.data.TFRecordDataset(str(target / WARMUP)).as_numpy_iterator())
    assert 3 <= len(records) <= 10
    seen = set()
    for record in records:
        log = logs.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        assert request.model_spec.name == "mine"
        inputs = {key: tf.constant(tf.make_ndarray(value)) for key, value in
                  request.inputs.items()}
        output = loaded.signatures[request.model_spec.signature_name](**inputs)["saliency"]
        seen.add((request.model_spec.signature_name, int(output.shape[0])))
    assert seen == {(s, b) for s in ("serving_default", "serve_bytes", "serve_canvas")
                    for b in (1, 2)}


def test_a_warmup_request_has_the_published_fields():
    value = tf.make_tensor_proto([1.5]).SerializeToString()
    spec = b"\x0a\x01m" + b"\x1a\x01s"  # 1: the model's name, 3: the signature's
    entry = b"\x0a\x01x" + b"\x12" + bytes([len(value)]) + value  # 1: key, 2: value of the map
    request = (b"\x0a" + bytes([len(spec)]) + spec) + (b"\x12" + bytes([len(entry)]) + entry)
    log = b"\x0a" + bytes([len(request)]) + request  # 1: request of a PredictLog
    assert prediction_log("m", "s", {"x": [1.5]}) == b"\x32" + bytes([len(log)]) + log


def test_serving_files_name_the_model_and_are_kept(tmp_path):
    names = {path.name for path in write_serving_files(tmp_path, "msi_net")}
    assert names == {"models.config", "batching_parameters.txt", "monitoring.config",
                     "docker-compose.yml"}
    assert 'name: "msi_net"' in (tmp_path / "models.config").read_text()
    assert "{" + "{" not in "".join((tmp_path / name).read_text() for name in names)
    (tmp_path / "models.config").write_text("edited")
    names = {path.name for path in write_serving_files(tmp_path, "msi_net")}
    assert "models.config" not in names and len(names) == 3
    assert (tmp_path / "models.config").read_text() == "edited"
