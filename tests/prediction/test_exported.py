"""Exported files predict by themselves, as the model in memory does, and without TensorFlow."""
import functools
import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.export import frozen
from keras_saliency.export.formats import engines
from keras_saliency.export.onnx_model import save_onnx
from keras_saliency.export.openvino_model import save_openvino
from keras_saliency.export.tflite import save_tflite
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.maps import arrays, tensors
from keras_saliency.maps.facts import Facts
from keras_saliency.models import facts_of
from keras_saliency.prediction import runtimes
from keras_saliency.prediction.exported import ENDINGS, is_exported

PREDICT = str(Path(__file__).resolve().parents[2] / "scripts" / "predict.py")
SAVE = {".xml": save_openvino, ".onnx": save_onnx, ".tflite": save_tflite}
CANVASES = {"salnet_shallow": (96, 96)}
OLD = {"model": "ead", "canvas": [48, 64], "fit": "pad", "provenance": "somewhere"}
SIZES = ((48, 64), (120, 90), (37, 200), (1, 1), (300, 250))


@pytest.fixture(params=SAVE)
def ending(request):
    """Of a format whose packages are installed."""
    for package in engines()[ENDINGS[request.param]].packages:
        pytest.importorskip(package)
    return request.param


def image_of(size):
    return np.random.default_rng(sum(size)).integers(0, 256, (*size, 3), np.uint8)


@functools.lru_cache(maxsize=None)
def network(name="msi_net"):
    """A tiny network without weights at zero, which would hide much; for reading."""
    built = ks.build_model(name, width_multiplier=0.05)
    built = ks.facts(built, canvas=CANVASES.get(name, (48, 64)))
    rng = np.random.default_rng(0)
    built.set_weights([w + rng.normal(0, 0.05, w.shape).astype(w.dtype)
                       for w in built.get_weights()])
    return built


def exported(model, folder, ending, **options):
    """The file of a model that was exported into a folder."""
    if ending == ".xml":
        return SAVE[ending](model, folder / "m", **options)
    return SAVE[ending](model, folder / f"m{ending}", **options)


# One of each kind of finish; that each network converts, other tests show.
@pytest.mark.parametrize("name", ["msi_net", "ead", "salnet_shallow", "deepgaze1"])
def test_it_gives_the_maps_of_the_model(tmp_path, name, ending):
    model = network(name)
    loaded = ks.load_exported(exported(model, tmp_path, ending, dynamic_canvas=True))
    assert replace(loaded.facts, about={}) == replace(facts_of(model), about={})
    assert loaded.input_shape[1:] == model.input_shape[1:]
    for size in SIZES:
        expected = ks.predict(model, image_of(size))
        found = ks.predict(loaded, image_of(size))
        assert found.shape == size and found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-3 * (np.ptp(expected) or 1))


@pytest.mark.parametrize("fit", ["pad", "stretch"])
@pytest.mark.parametrize("name", ks.list_models(classical=False))
def test_finishes_in_numpy_are_those_in_tensorflow(name, fit):
    model = ks.facts(network(name), fit=fit)
    facts = Facts.from_dict(json.loads(frozen.describe(model)))
    assert facts.finish == facts_of(model).finish
    canvas_map = np.random.default_rng(1).uniform(-2, 2, (*facts.canvas, 1)).astype(np.float32)
    canvas_map = np.exp(canvas_map) if facts.density else canvas_map
    for size in SIZES:
        expected = tensors.finished(canvas_map, size, fit, facts.finish).numpy()
        found = arrays.finished(canvas_map, size, fit, facts.finish)
        np.testing.assert_allclose(found, expected, atol=2e-6 * abs(expected).max())


def test_a_file_for_one_canvas_does_not_turn_it(tmp_path, ending):
    model = network()
    loaded = ks.load_exported(exported(model, tmp_path, ending))
    assert loaded.input_shape == (1, 48, 64, 3)
    for size in ((90, 120), (120, 90)):
        np.testing.assert_allclose(ks.predict(loaded, image_of(size)),
                                   ks.predict(model, image_of(size), (48, 64)), atol=1e-3)
    with pytest.raises(InputError, match=f"m{ending}|msi_net{ending}"):
        ks.predict(loaded, image_of((90, 120)), (64, 96))


def test_another_canvas(tmp_path, ending):
    model = network()
    loaded = ks.load_exported(exported(model, tmp_path, ending, dynamic_canvas=True))
    np.testing.assert_allclose(ks.predict(loaded, image_of((90, 120)), (80, 40)),
                               ks.predict(model, image_of((90, 120)), (80, 40)), atol=1e-3)
    for canvas in ((50, 64), (0, 64), (10 ** 6, 64), "48x64"):
        with pytest.raises(InputError, match="canvas|cannot run images"):
            ks.predict(loaded, image_of((90, 120)), canvas)
    with pytest.raises(InputError, match="must be .H, W, 3. RGB"):
        ks.predict(loaded, np.zeros((5, 5)))


@pytest.mark.parametrize("at_once", [1, 3])
def test_threads_share_a_file(tmp_path, ending, at_once):
    model = network()
    loaded = ks.load_exported(exported(model, tmp_path, ending, dynamic_canvas=True), "auto",
                              at_once=at_once)
    images = [image_of((30 + 10 * i, 60)) for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda image: ks.predict(loaded, image), images))
    for image, saliency_map in zip(images, found):
        np.testing.assert_allclose(saliency_map, ks.predict(model, image),
                                   atol=0.05 if loaded.precision == "bfloat16" else 1e-3)


def test_predict_py_needs_nothing_but_the_engine(tmp_path, ending):
    model = ks.facts(network(), about={"file": "elsewhere.h5", "dataset": "osie",
                                       "training_stimuli": 500, "licence": "MIT"})
    file = exported(model, tmp_path, ending, dynamic_canvas=True)
    cv2.imwrite(str(tmp_path / "p.png"), image_of((90, 60)))
    weights = file.parent if ending == ".xml" else file
    program = f"""
import runpy, sys
sys.argv = ["predict.py", {str(tmp_path / "p.png")!r}, "--weights", {str(weights)!r}, "--raw",
            "--out", {str(tmp_path / "out")!r}]
try:
    runpy.run_path({PREDICT!r}, run_name="__main__")
except SystemExit as ended:
    assert not ended.code, ended.code
for module in ("tensorflow", "keras", "scipy"):
    assert module not in sys.modules, module
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        f"{file}: msi_net, trained on 500 stimuli of osie; licence MIT; on {ENDINGS[ending]} in "
        "float32\n")
    image = cv2.imread(str(tmp_path / "p.png"))[..., ::-1]
    np.testing.assert_allclose(np.load(tmp_path / "out" / "p.npy"), ks.predict(model, image),
                               atol=1e-3)


def test_a_damaged_file_is_one_line(run, tmp_path, ending):
    file, picture = exported(network(), tmp_path, ending), tmp_path / "x.png"
    picture.write_bytes(b"not read before the network")
    contents = file.read_bytes()
    for damaged in (b"", b"hello", contents[:len(contents) // 2], bytes(2000)):
        file.write_bytes(damaged)
        code, said = run("predict", picture, "--weights", file)
        assert code == 2 and said.startswith(f"error: {file}: ") and said.count("\n") == 1, said
    if ending == ".xml":
        file.write_bytes(contents)
        weights = file.with_suffix(".bin")
        weights.write_bytes(weights.read_bytes()[:-100])
        code, said = run("predict", picture, "--weights", file)
        assert code == 2 and f"{file}: OpenVINO cannot open it" in said and said.count("\n") == 1


def rewritten(file, ending, text):
    """The file with another description; None for none."""
    if ending == ".xml":
        openvino = runtimes.import_openvino()
        model = openvino.Core().read_model(file)
        del model.rt_info[runtimes.KEY]
        if text is not None:
            model.set_rt_info(text, [runtimes.KEY])
        openvino.save_model(model, file.parent.parent / "other" / "m.xml")
        return file.parent.parent / "other" / "m.xml"
    if ending == ".onnx":
        onnx = pytest.importorskip("onnx")
        model = onnx.load(file)
        del model.metadata_props[:]
        if text is not None:
            model.metadata_props.add(key=runtimes.KEY, value=text)
        onnx.save(model, file)
        return file
    contents = file.read_bytes()
    file.write_bytes(contents.split(b"PK\3\4")[0])
    if text is not None:
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(runtimes.MEMBER, text)
    return file


def test_a_file_of_version_0_1_names_its_finish(tmp_path, ending):
    model = network("ead")
    file, expected = exported(model, tmp_path, ending), ks.predict(model, image_of((48, 64)))
    loaded = ks.load_exported(rewritten(file, ending, json.dumps({**OLD, "last_step": "ead"})))
    assert str(loaded).startswith(f"{loaded.file}: somewhere; on")
    np.testing.assert_allclose(ks.predict(loaded, image_of((48, 64))), expected,
                               atol=1e-3 * np.ptp(expected))


def test_a_file_of_another_program_or_with_a_wrong_description(tmp_path, ending):
    file = exported(network(), tmp_path, ending)
    good = json.loads(frozen.describe(network()))
    assert ks.load_exported(rewritten(file, ending, json.dumps(good))).facts.name == "msi_net"
    for text, says in (
            (None, "of another program or an older version"),
            ("no json", "what it says of itself is damaged"),
            ("[1, 2]", "what it says of itself is damaged"),
            (json.dumps({"canvas": [48, 64]}), "what it says of itself is damaged"),
            (json.dumps({**good, "canvas": [48, "x"]}), "what it says of itself is damaged"),
            (json.dumps({**good, "canvas": [10 ** 9, 10 ** 9]}), "a canvas is"),
            (json.dumps({**good, "fit": "crop"}), "fit 'crop' is not pad or stretch"),
            (json.dumps({**good, "finish": {"scale": "x"}}), "not a finish"),
            (json.dumps({**good, "finish": {"code": 1}}), "a finish has scale, shift"),
            (json.dumps({**OLD, "last_step": ["x"]}), "damaged"),
            (json.dumps({**OLD, "last_step": "x"}), "last_step 'x' is none of from_canvas")):
        with pytest.raises(InputError, match=says) as error:
            ks.load_exported(rewritten(file, ending, text))
        assert "export it again" in str(error.value)


def test_what_is_taken_for_an_exported_file(run, tmp_path):
    assert not is_exported("msi_net") and not is_exported(tmp_path)
    assert is_exported("m.onnx") and is_exported(tmp_path / "m.tflite")
    with pytest.raises(InputError, match="m.onnx: no such file or folder"):
        ks.load_exported("m.onnx")
    (tmp_path / "a.xml").touch()
    assert is_exported(tmp_path)
    (tmp_path / "b.xml").touch()
    with pytest.raises(InputError, match="2 .xml files in this folder; name one"):
        ks.load_exported(tmp_path)
    with pytest.raises(InputError, match="not a file of .xml, .onnx, .tflite"):
        ks.load_exported(__file__)
    code, said = run("predict", "x.png", "--weights", tmp_path, "--engine", "auto")
    assert code == 2 and "is for one engine; leave out --engine" in said
    code, said = run("predict", "--help")
    assert code == 0 and ", ".join(ks.list_models(classical=True)) in " ".join(said.split())


def test_precisions(monkeypatch, tmp_path):
    pytest.importorskip("openvino")
    model, said = network(), []
    file, expected = exported(model, tmp_path, ".xml"), ks.predict(model, image_of((48, 64)))
    monkeypatch.setattr(runtimes, "native_bfloat16", lambda: False)
    for precision in ("float32", "auto", "bfloat16"):
        loaded = ks.load_exported(file.parent, precision, said.append)
        assert loaded.precision == "float32" and str(loaded).endswith("on openvino in float32")
        np.testing.assert_allclose(ks.predict(loaded, image_of((48, 64))), expected, atol=1e-4)
    assert said == ["this processor has no bfloat16: computing in float32"]
    monkeypatch.setattr(runtimes, "native_bfloat16", lambda: True)
    assert ks.load_exported(file, "auto").precision == "bfloat16"
    with pytest.raises(InputError, match="openvino has no precision 'int4'"):
        ks.load_exported(file, "int4")
    (tmp_path / "m.onnx").touch()
    with pytest.raises(InputError, match="onnxruntime has no precision 'bfloat16'; choose from "
                                         "float32, auto"):
        ks.load_exported(tmp_path / "m.onnx", "bfloat16")


@pytest.mark.parametrize("ending, module, extra", [
    (".xml", "openvino", "fast"), (".onnx", "onnxruntime", "onnx"),
    (".tflite", "ai_edge_litert.interpreter", "litert")])
def test_a_missing_engine_comes_with_the_command(monkeypatch, tmp_path, ending, module, extra):
    file = tmp_path / f"m{ending}"
    file.write_text("<?xml version='1.0'?><net></net>")
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackage, match=rf'pip install "\.\[{extra}\]"'):
        ks.load_exported(file)


def test_maps_that_are_not_finite_are_an_error():
    """As of a file whose weights hold NaN."""
    for wrong in (np.nan, np.inf):
        run = runtimes._in_turns("m.onnx", lambda images, wrong=wrong: np.where(
            np.arange(4) == 2, wrong, images[..., 0]))
        with pytest.raises(InputError, match="m.onnx gives maps with NaN or infinity: its weights"):
            run(np.zeros((1, 4, 4, 3)))
        with pytest.raises(InputError, match="NaN or infinity"):  # its turn was given back
            run(np.zeros((1, 4, 4, 3)))
