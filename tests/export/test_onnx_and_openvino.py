"""Exported .onnx and OpenVINO files: they hold the whole network and run without this package."""
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.export import onnx_model, openvino_model
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.maps import tensors
from keras_saliency.models import facts_of

CANVAS = (48, 64)
FORMATS = {
    "onnx": (("onnxruntime", "onnx", "tf2onnx"), onnx_model.save_onnx, onnx_model.export_onnx, """
import onnxruntime
session = onnxruntime.InferenceSession(path)
(images,), (saliency,) = session.get_inputs(), session.get_outputs()
assert (images.name, saliency.name) == ("images", "saliency")
shapes = images.shape, saliency.shape
run = lambda images: session.run(["saliency"], {"images": images})[0]
"""),
    "openvino": (("openvino",), openvino_model.save_openvino, openvino_model.export_openvino, """
import openvino
compiled = openvino.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
shapes = [list(port.partial_shape) for port in (compiled.input("images"),
                                                compiled.output("saliency"))]
run = lambda images: compiled({"images": images})["saliency"]
"""),
}
ALONE = """
import sys
import numpy as np
path, given, made, batch = sys.argv[1:]
{run}
for shape, channels in zip(shapes, (3, 1)):
    fixed = [*shape][1:] if batch == "any" else [*shape]
    assert [int(str(n)) for n in fixed] == ([] if batch == "any" else [1]) + [48, 64, channels]
np.save(made, run(np.load(given)))
assert "tensorflow" not in sys.modules and "keras_saliency" not in sys.modules
"""


@pytest.fixture(params=FORMATS)
def written(request):
    """(name, save, export, program) of a format."""
    packages, save, export, program = FORMATS[request.param]
    for package in packages:
        pytest.importorskip(package)
    return request.param, save, export, program


def network(name="msi_net"):
    built = ks.build_model(name, width_multiplier=0.05)
    return ks.facts(built, canvas={"salnet_shallow": (96, 96), "opensalicon": (64, 128)}.get(
        name, CANVAS))


def run_alone(program, path, images, folder, batch):
    """What a file gives in a process that knows nothing of this package."""
    np.save(folder / "given.npy", images)
    done = subprocess.run(
        [sys.executable, "-c", ALONE.format(run=program), str(path), str(folder / "given.npy"),
         str(folder / "made.npy"), batch], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return np.load(folder / "made.npy")


@pytest.mark.parametrize("batch", ["one", "any"])
def test_files_run_without_this_package(written, tmp_path, batch):
    name, save, _, program = written
    model = network()
    facts = facts_of(model)
    path = save(model, tmp_path / f"m.{name}", dynamic_batch=batch == "any")
    images = np.random.default_rng(0).integers(
        0, 256, (3 if batch == "any" else 1, *CANVAS, 3), np.uint8)
    found = run_alone(program, path, images.astype(np.float32), tmp_path, batch)
    assert found.shape == (*images.shape[:3], 1)
    for image, saliency_map in zip(images, found):
        size = image.shape[:2]
        finished = tensors.finished(saliency_map, size, facts.fit, facts.finish)[..., 0]
        np.testing.assert_allclose(finished, ks.predict(model, image), atol=1e-4)


@pytest.mark.parametrize("name", ks.list_models(classical=False))
def test_every_network_is_exported(written, tmp_path, name):
    said = []
    model = network(name)
    for index, weights in enumerate(model.weights):
        weights.assign(weights + tf.random.stateless_normal(weights.shape, (index, 1), stddev=0.05))
    path = written[2](model, tmp_path / "m", log=said.append)
    assert path.is_file() and str(path) in said[0]
    assert float(said[0].split("memory ")[1].split()[0]) < 1e-3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"]


def test_triton_is_told_what_the_file_takes(tmp_path):
    for package in FORMATS["onnx"][0]:
        pytest.importorskip(package)
    folder = onnx_model.export_triton(network(), tmp_path / "msi_net", log=lambda text: None)
    settings = (folder / "config.pbtxt").read_text()
    session = pytest.importorskip("onnxruntime").InferenceSession(folder / "1" / "model.onnx")
    for kind, (port,) in (("input", session.get_inputs()), ("output", session.get_outputs())):
        name, sizes = re.search(
            rf'^{kind} \[ {{ name: "(\w+)" data_type: TYPE_FP32 dims: \[ (.+) \] }} \]$',
            settings, re.MULTILINE).groups()
        assert (name, port.type) == (port.name, "tensor(float)")
        assert port.shape == ["batch", *map(int, sizes.split(", "))]  # Triton adds the first
    assert "max_batch_size: 4" in settings


def test_half_precision_halves_openvino_s_weights(tmp_path):
    pytest.importorskip("openvino")
    model, sizes = network("ead"), {}
    for weights in ("float32", "float16"):
        path = openvino_model.save_openvino(model, tmp_path / weights, weights=weights)
        sizes[weights] = path.with_suffix(".bin").stat().st_size
    assert 0.45 < sizes["float16"] / sizes["float32"] < 0.55
    with pytest.raises(InputError, match="no weights in 'int4'; choose from float32, float16"):
        openvino_model.save_openvino(model, tmp_path / "int4", weights="int4")
    assert not (tmp_path / "int4").exists()


def test_nothing_is_overwritten_or_half_written(written, tmp_path):
    name, save, _, _ = written
    model = network("ead")
    path = save(model, tmp_path / "m")
    before = path.read_bytes()
    if name == "openvino":
        with pytest.raises(FileExistsError, match="choose another folder"):
            save(model, tmp_path / "m")
    model = ks.facts(model, canvas=(50, 64))
    with pytest.raises(InputError, match="strides must divide"):
        save(model, tmp_path / "other")
    model = ks.facts(model, canvas=CANVAS)
    kernel, bias = model.get_layer("block4_conv2").get_weights()
    model.get_layer("block4_conv2").set_weights([kernel, bias * np.nan])
    with pytest.raises(InputError, match="block4_conv2/bias of ead is not finite"):
        save(model, tmp_path / "other")
    with pytest.raises(InputError, match="is not a folder"):
        save(network("ead"), path / "below")
    assert [p.name for p in tmp_path.iterdir()] == ["m"] and path.read_bytes() == before


@pytest.mark.parametrize("name, extra", [("onnx", "onnx"), ("openvino", "fast")])
def test_missing_package_says_how_to_get_it(monkeypatch, tmp_path, name, extra):
    packages, _, export, _ = FORMATS[name]
    monkeypatch.setitem(sys.modules, packages[0], None)
    with pytest.raises(MissingPackage, match=rf'pip install "\.\[{extra}\]"'):
        export(network("ead"), tmp_path / "m")
    assert not any(tmp_path.iterdir())


@pytest.mark.one_stack
@pytest.mark.parametrize("seed", [2, 5])
def test_conversion_to_onnx_is_right_in_any_order_of_its_sets(seed):
    """tf2onnx goes through sets of names: what comes out may depend on how they are hashed."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    program = """
import keras
import numpy as np
import keras_saliency as ks
from keras_saliency.export import onnx_model
from keras_saliency.prediction import runtimes
keras.utils.set_random_seed(1)  # some draws leave a network of this width dead
model = ks.build_model("deepgaze1", width_multiplier=0.03)
images = np.random.default_rng(0).uniform(0, 255, (2, 64, 96, 3)).astype(np.float32)
contents = onnx_model.convert(model, [None, None, None, 3]).SerializeToString()
found = runtimes.open_onnx(contents, "deepgaze1").run(images)
expected = np.asarray(model(images))
assert found.shape == expected.shape, found.shape
assert abs(found - expected).max() < 1e-3 * np.ptp(expected)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          env={**os.environ, "PYTHONHASHSEED": str(seed)})
    assert done.returncode == 0, done.stderr
