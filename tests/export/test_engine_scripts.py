"""predict.py, evaluate.py and export.py with engines, as a user runs them."""
import csv
import json

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.export.formats import engines
from keras_saliency.models import weights_file

SMALL = {"width_multiplier": 0.03}
DATA = ["--set", "data.options={count: 4, size: [96, 128]}", "data.canvas=[48, 64]",
        "evaluation.metrics=[nss, cc, kld]", "evaluation.batch=3"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "best.h5"
    return weights_file.save(ks.build_model("msi_net", **SMALL), path, {
        "model": "msi_net", "options": SMALL, "canvas": [48, 64]})


@pytest.fixture(scope="module")
def predicted(weights, tmp_path_factory):
    """(folder of pictures, the map of each by Keras)."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    model, maps = ks.load_pretrained(weights), []
    for index, size in enumerate(((60, 80), (80, 60), (33, 200))):
        picture = rng.integers(0, 256, (*size, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), picture[..., ::-1])
        maps.append(ks.predict(model, picture))
    return folder, maps


def test_predict(run, weights, predicted, tmp_path, engine):
    pictures, maps = predicted
    code, said = run("predict", pictures, "--weights", weights, "--raw", "--out", tmp_path,
                     "--engine", engine)
    assert code == 0 and f"msi_net on {engine} in float32" in said, said
    for index, expected in enumerate(maps):
        np.testing.assert_allclose(np.load(tmp_path / f"{index}.npy"), expected, atol=1e-3)
        assert (tmp_path / f"{index}_overlay.png").is_file()


def test_evaluate(run, weights, tmp_path, engine):
    tables = {}
    for name, arguments in (("keras", []), (engine, ["--engine", engine])):
        file = tmp_path / f"{name}.csv"
        code, said = run("evaluate", "--weights", weights, *DATA, "--part", "all", "--out", file,
                         *arguments)
        assert code == 0, said
        rows = list(csv.reader(file.open()))
        tables[name] = rows[0], np.array([row[1:] for row in rows[1:]], float)
    assert tables[engine][0] == tables["keras"][0] and len(tables[engine][1]) == 4
    np.testing.assert_allclose(tables[engine][1], tables["keras"][1], atol=1e-3)
    about = json.loads((tmp_path / f"{engine}.json").read_text())
    assert about["prediction"].endswith(f", on {engine} in float32")


@pytest.fixture(scope="module")
def density(tmp_path_factory):
    """(file of a network of densities, {engine: log-likelihoods}), to which tests add theirs."""
    file = tmp_path_factory.mktemp("density") / "d.h5"
    return weights_file.save(ks.build_model("deepgaze1", **SMALL), file, {
        "model": "deepgaze1", "options": SMALL, "canvas": [64, 96]}), {}


def test_a_density_stays_one(run, tmp_path, density, engine):
    file, scores = density
    for name, arguments in (("keras", []), (engine, ["--engine", engine])):
        if name not in scores:
            code, said = run("evaluate", "--weights", file, *DATA[:2], "data.canvas=[64, 96]",
                             "evaluation.metrics=[log_likelihood]", "--part", "all",
                             "--out", tmp_path / "t.csv", *arguments)
            assert code == 0, said
            rows = list(csv.reader((tmp_path / "t.csv").open()))
            scores[name] = [float(row[1]) for row in rows[1:]]
    np.testing.assert_allclose(scores[engine], scores["keras"], atol=1e-4)


def test_what_has_no_engine_says_so(run, weights, tmp_path):
    code, said = run("predict", "x.png", "--server", "localhost:1", "--engine", "auto")
    assert code == 2 and "a --server has its own engine" in said
    (tmp_path / "x.png").write_bytes(b"not read before the engine")
    code, said = run("predict", tmp_path, "--weights", "gbvs", "--engine", "auto")
    assert code == 2 and "gbvs is no network of this package" in said
    code, said = run("predict", "x.png", "--engine", "cuda")
    assert code == 2 and "invalid choice" in said
    code, said = run("evaluate", "--baseline", "uniform", *DATA, "--engine", "auto")
    assert code == 2 and "--engine is for networks of this package, not for uniform" in said
    code, said = run("evaluate", "--weights", weights, *DATA, "--engine", "onnxruntime",
                     "--precision", "bfloat16")
    assert code == 2 and "onnxruntime has no precision 'bfloat16'" in said


def test_export(run, weights, tmp_path):
    code, said = run("export", weights)
    assert code == 2 and "--onnx, --triton, --openvino" in said
    code, said = run("export", weights, "--onnx", tmp_path / "m.onnx", "--tflite")
    assert code == 2 and "need --out" in said
    for options, message in ((["--float16"], "--float16 is for --out, --openvino, --web"),
                             (["--dynamic-batch"], "--dynamic-batch is for --onnx, --openvino"),
                             (["--osie", "x"], "--osie is for --web"),
                             (["--calibration", "x"], "--calibration is for --int8")):
        code, said = run("export", weights, "--package", tmp_path / "hub", *options)
        assert code == 2 and message in said
    assert not any(tmp_path.iterdir())
    for package in (p for spec in engines().values() for p in spec.packages):
        pytest.importorskip(package)
    code, said = run("export", weights, "--onnx", tmp_path / "m.onnx", "--openvino",
                     tmp_path / "folder", "--dynamic-batch", "--triton", tmp_path / "triton",
                     "--package", tmp_path / "hub")
    assert code == 0 and said.count("largest difference from the model in memory") == 6, said
    assert f"--model-repository={tmp_path}" in said
    assert sorted(p.name for p in (tmp_path / "triton").rglob("*")) == [
        "1", "config.pbtxt", "model.onnx"]
    assert (tmp_path / "m.onnx").is_file() and (tmp_path / "folder" / "msi_net.xml").is_file()
    for option, folder in (("--openvino", "folder"), ("--triton", "triton"),
                           ("--package", "hub")):
        code, said = run("export", weights, option, tmp_path / folder)
        assert code == 2 and "choose another folder" in said
