"""Options of the export, warm-up requests and settings of TensorFlow Serving."""
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export import tflite, warmup
from keras_saliency.export.exporting import export_all
from keras_saliency.export.float16 import half_precision
from keras_saliency.export.serving_files import write_serving_files


@pytest.fixture(scope="module")
def model():
    built = ks.build_model("msi_net", width_multiplier=0.15)
    built.canvas = (48, 64)
    return built


def test_half_precision_is_half_the_size_and_close(model, tmp_path):
    sizes = {}
    for half in (False, True):
        target = ks.export.save(model, tmp_path / str(half), float16=half)
        sizes[half] = sum(p.stat().st_size for p in target.rglob("*") if p.is_file())
        loaded = tf.saved_model.load(str(target))
        image = np.random.default_rng(0).integers(0, 256, (1, 60, 80, 3), np.uint8)
        map_of = loaded.signatures["serving_default"](images=tf.constant(image))["saliency"]
        expected = ks.predict(model, image[0])
        expected = (expected - expected.min()) / np.ptp(expected)
        np.testing.assert_allclose(map_of[0, ..., 0], expected, atol=0.02 if half else 1e-4)
    weights = 4 * model.count_params()
    assert sizes[False] > weights and sizes[True] < 0.5 * weights + (sizes[False] - weights)


def test_a_weight_beyond_half_precision_is_named(model):
    other = ks.build_model("ead", width_multiplier=0.1)
    kernel, bias = other.get_layer("block4_conv2").get_weights()
    other.get_layer("block4_conv2").set_weights([kernel + 1e5, bias])
    with pytest.raises(ValueError, match="beyond float16; export without --float16"):
        half_precision(other)


@pytest.mark.parametrize("quantize, tolerance", [("none", 1e-4), ("dynamic", 0.2)])
def test_tensorflow_lite(model, tmp_path, quantize, tolerance):
    path = tflite.save_tflite(model, tmp_path / "m.tflite", quantize)
    images = np.random.default_rng(1).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(tflite.run_tflite(path, images), model(images), atol=tolerance)
    share = path.stat().st_size / (4 * model.count_params())
    assert 0.9 < share < 1.2 if quantize == "none" else 0.2 < share < 0.4
    with pytest.raises(ValueError, match="'int4'; choose none or dynamic"):
        tflite.save_tflite(model, tmp_path / "m.tflite", "int4")


def test_warmup_requests_are_valid_and_run(model, tmp_path):
    logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")
    target = ks.export.save(model, tmp_path / "mine")
    loaded = tf.saved_model.load(str(target))
    records = list(tf.data.TFRecordDataset(str(target / warmup.FILE)).as_numpy_iterator())
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


def test_everything_at_once(model, tmp_path):
    lines = []
    target = export_all(model, tmp_path / "models" / "small", 3, float16=True, lite=True,
                        quantize="dynamic", log=lines.append)
    assert target == tmp_path / "models" / "small" / "3"
    names = {p.name for p in (tmp_path / "models").iterdir()}
    assert names == {"small", "small_v3.tflite", "models.config", "batching_parameters.txt",
                     "monitoring.config", "docker-compose.yml"}
    assert "MB; largest difference" in lines[0] and "docker run" in lines[-1]
    with pytest.raises(FileExistsError, match="choose another version"):
        export_all(model, tmp_path / "models" / "small", 3, log=lines.append)
