"""The folder that passes a network on: every file alone gives the network's maps; the card's code
runs; no scanner of models flags it."""
import hashlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

import keras_saliency as ks
from keras_saliency.export.package import card, export_package
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import facts_of
from keras_saliency.models.calibration import add_calibration
from keras_saliency.models.pretrained import read_manifest

CANVAS = (48, 64)
CANVASES = {"salnet_shallow": (96, 96), "opensalicon": (64, 128)}
ALONE = """
import sys
import numpy as np
image, saved = np.load(sys.argv[1]), sys.argv[2]
{given}
{code}
np.save(saved, {made})
{check}
"""
WITHOUT = 'assert "keras_saliency" not in sys.modules'


def network(name="msi_net", **options):
    keras.utils.set_random_seed(0)
    built = ks.build_model(name, **options)
    built = ks.facts(built, canvas=CANVASES.get(name, CANVAS))
    return built


@pytest.fixture(scope="module")
def model():
    return network(width_multiplier=0.1)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (50, 80, 3), np.uint8)


@pytest.fixture(scope="module")
def package(model, tmp_path_factory):
    for name in ("onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(name)
    said = []
    folder = export_package(model, tmp_path_factory.mktemp("packed") / "hub", log=said.append)
    assert len(said) == 4 and str(folder) in said[-1]
    return folder


def code(text) -> list:
    """The blocks of Python in a card: Keras', TensorFlow's, ONNX Runtime's."""
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def run_alone(folder, tmp_path, image, block, made, given="", check=WITHOUT):
    """What a block of the card makes of `image` in an interpreter of its own, in the folder."""
    np.save(tmp_path / "image.npy", image)
    text = ALONE.format(code=block, given=given, made=made, check=check)
    subprocess.run([sys.executable, "-c", text, str(tmp_path / "image.npy"),
                    str(tmp_path / "made.npy")], cwd=folder, check=True)
    return np.load(tmp_path / "made.npy")


@pytest.mark.slow
def test_the_code_of_the_card_gives_the_maps_of_the_network(model, image, package, tmp_path):
    blocks = code((package / "README.md").read_text(encoding="utf-8"))
    assert len(blocks) == 3 and all(len(block.splitlines()) <= 5 for block in blocks)
    expected = ks.predict(model, image)
    assert np.ptp(expected) > 0.1  # there is something to compare
    keras_block, saved_model_block, onnx_block = blocks
    loaded = run_alone(package, tmp_path, image, keras_block, "saliency", check="")
    np.testing.assert_allclose(loaded, expected, atol=1e-3)
    served = run_alone(package, tmp_path, image, saved_model_block, "saliency.numpy()")
    low, high = expected.min(), expected.max()
    np.testing.assert_allclose(served, (expected - low) / (high - low), atol=1e-3)
    canvas_images = np.random.default_rng(1).uniform(0, 255, (2, *CANVAS, 3)).astype(np.float32)
    made = run_alone(package, tmp_path, canvas_images, onnx_block, "maps", "images = image")
    np.testing.assert_allclose(made, model(canvas_images, training=False), atol=1e-3)


def test_checksums_are_of_all_files(package):
    lines = (package / "SHA256SUMS").read_text().splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
    files = {file.relative_to(package).as_posix(): file
             for file in package.rglob("*") if file.is_file() and file.name != "SHA256SUMS"}
    assert sums.keys() == files.keys()
    assert {"README.md", "model.keras", "model.onnx", "saved_model/1/saved_model.pb"} <= set(sums)
    for name, file in files.items():
        assert sums[name] == hashlib.sha256(file.read_bytes()).hexdigest()


def issues(folder) -> list:
    """What modelscan finds in a folder; it must have read all that it can read."""
    found = pytest.importorskip("modelscan.modelscan").ModelScan().scan(str(folder))
    assert not found["errors"]
    assert found["summary"]["scanned"]["total_scanned"]
    return [issue["description"] for issue in found["issues"]]


def test_no_scanner_flags_it(package):
    assert issues(package) == []


def test_a_scanner_flags_what_reads_files(tmp_path):
    """Or the test above could not fail."""
    module = tf.Module()
    module.read = tf.function(tf.io.read_file, input_signature=[tf.TensorSpec([], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "reads"))
    assert any("ReadFile" in text for text in issues(tmp_path))


@pytest.mark.parametrize("name", [*ks.list_models(classical=False), "calibrated"])
def test_keras_files_of_all_networks(name, tmp_path, image):
    built = (add_calibration(network(width_multiplier=0.1)) if name == "calibrated"
             else network(name, width_multiplier=0.1))
    loaded = keras.models.load_model(ks.save(built, tmp_path / "model.keras"))
    assert facts_of(loaded) == facts_of(built)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in built.layers]
    np.testing.assert_allclose(ks.predict(loaded, image), ks.predict(built, image), atol=1e-6)


def test_the_card_of_a_released_network():
    """Facts and scores are the manifest's."""
    text = card(ks.load_pretrained("msi_net_density"))
    head = yaml.safe_load(text.split("---\n")[1])
    entry = read_manifest()["msi_net_density"]
    assert head["license"] == "mit" and head["library_name"] == "keras"
    (results,) = head["model-index"]
    scores = {its["dataset"]["type"]: {metric["type"]: metric["value"] for metric in its["metrics"]}
              for its in results["results"]}
    assert scores["mit1003"]["nss"] == entry["scores"]["mit1003"]["nss"]
    assert f"| nss ↑ | {entry['scores']['osie']['nss']:.4f} |" in text
    for said in ("1303 stimuli", "304x400", "density = keras_saliency.predict", "Kroner",
                 "Simonyan and Zisserman", entry["command"], "blurred by 16 pixels"):
        assert said in text


def test_the_card_says_what_is_not_known(model):
    text = card(model)
    assert "Training data: not stated" in text
    assert "states no licence" in text and "license:" not in text
    assert "weights file states none" in text and "model-index" not in text


def test_the_card_of_a_run():
    trained = network(width_multiplier=0.1)
    trained = ks.facts(trained, fit="stretch", about={
        "dataset": "mine\x1b", "training_stimuli": 40, "epoch": 3, "file": "best.h5",
        "options": {"aspp": False}, "scores": {"loss": 1.0, "val_nss": 2.0}})
    text = card(trained)
    assert "40 stimuli; epoch 3" in text and "\x1b" not in text and "aspp False" in text
    assert "| val_nss | 2.0000 |" in text and "| loss" not in text
    assert "by stretching" in text


def test_text_of_a_weights_file_is_text_on_the_card():
    """Neither HTML, nor a link, a heading, a row of a table or further settings."""
    nasty = "x\n---\n# <script>alert(1)</script> [here](http://a) | ![i](j) _e_ `c` &amp; \x1b[2J"
    model = ks.facts(network(width_multiplier=0.1), about={
        "dataset": nasty, "training_stimuli": nasty, "epoch": nasty, "licence": nasty,
        "calibration": {"stimuli": nasty, "dataset": nasty}, "options": {nasty: nasty},
        "scores": {f"val_{nasty}": 1.0}, "base": "<b>.h5"})
    text = card(model)
    head, body = text.split("\n---\n", 1)
    assert yaml.safe_load(head)["license"] == nasty.lower()
    assert [line for line in body.splitlines() if line.startswith("#")] == [
        line for line in card(network(width_multiplier=0.1)).split("\n---\n", 1)[1].splitlines()
        if line.startswith("#")]
    assert "\x1b" not in text and body.count("\\<script\\>") == 9
    for markup in ("<script", "[here]", "![i]", "<b>", " _e_", "`c`", " | !", "&amp"):
        assert not re.search(rf"(?<!\\){re.escape(markup)}", body), markup


def test_scores_of_another_kind_do_not_matter():
    model = network(width_multiplier=0.1)
    model = ks.facts(model, about={"scores": [1, 2], "licence": 3, "base": ["x"], "epoch": None})
    assert "weights file states none" in card(model)


def test_nothing_is_overwritten_or_left_half_written(model, package, tmp_path):
    with pytest.raises(FileExistsError, match="hub"):
        export_package(model, package)
    broken = network(width_multiplier=0.1)
    broken.get_layer("decoder_conv4").bias.assign([np.nan])
    with pytest.raises(InputError, match="decoder_conv4/bias"):
        export_package(broken, tmp_path / "broken")
    assert list(tmp_path.iterdir()) == []


def test_without_onnx_runtime_there_is_a_message_before_the_work(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingPackage, match=r"\.\[onnx\]"):
        export_package(model, tmp_path / "hub")
    assert list(tmp_path.iterdir()) == []
