"""The scripts as a user runs them: exit codes, messages, files."""
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.datasets import popout
from keras_saliency.models import weights_file

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = {"width_multiplier": 0.03}
QUICK = ["model.encoder_weights=null", "model.options={width_multiplier: 0.03}",
         "data.canvas=[48, 64]", "data.options={count: 20, size: [96, 128]}",
         "data.train=null", "data.validation=null",
         "train.epochs=1", "train.batch=4"]


def script(name, *arguments, cwd):
    """Run a script in a process of its own: (exit code, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "scripts" / f"{name}.py"), *map(str, arguments)],
        capture_output=True, text=True, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    model = ks.build_model("msi_net", **SMALL)
    path = tmp_path_factory.mktemp("weights") / "best.h5"
    return weights_file.save(model, path, {"model": "msi_net", "options": SMALL,
                                           "canvas": [48, 64]})


@pytest.mark.slow
def test_train_evaluate_predict(run, tmp_path):
    code, out, err = script("train", "--set", *QUICK, cwd=tmp_path)
    assert code == 0, err
    folder = tmp_path / "runs" / "quickstart"
    for name in ("config.yaml", "history.csv", "curve.png", "samples.png", "scores.csv",
                 "scores.json", "best.h5", "last.h5", "tensorboard",
                 "saved_model/1/saved_model.pb"):
        assert (folder / name).exists(), name
        assert name.split("/")[0] in out
    assert "next: keras-saliency predict PICTURE_OR_FOLDER --weights runs/quickstart" in out
    code, said = run("evaluate", "--weights", folder, "--config", folder / "config.yaml",
                     "--out", tmp_path / "scores.csv")
    assert code == 0, said
    assert (tmp_path / "scores.csv").read_text() == (folder / "scores.csv").read_text()
    cv2.imwrite(str(tmp_path / "photo.png"), np.zeros((30, 40, 3), np.uint8))
    code, said = run("predict", tmp_path / "photo.png", "--weights", folder, "--out",
                     tmp_path / "out")
    assert code == 0 and "1 of 1 pictures" in said, said


@pytest.mark.one_stack
@pytest.mark.slow
def test_evaluate_compares_what_it_scored(run, tmp_path, weights):
    settings = ["--set", "data.options={count: 20, size: [96, 128]}", "data.canvas=[48, 64]",
                "data.sigma_pixels=6"]
    code, said = run("evaluate", "--weights", weights, "--out", tmp_path / "net.csv",
                     *settings)
    assert code == 0 and "auc_shuffled (higher)" in said, said
    code, said = run("evaluate", "--baseline", "gold_standard", "--out",
                     tmp_path / "gold.csv", *settings, "evaluation.metrics=[nss, kld]")
    assert code == 0, said
    summary = json.loads((tmp_path / "gold.json").read_text())
    assert summary["prediction"] == "the baseline gold_standard" and summary["stimuli"] == 10
    assert summary["config"]["data"]["options"]["count"] == 20
    code, said = run("evaluate", "--compare", tmp_path / "net.csv",
                     tmp_path / "gold.csv")
    assert code == 0 and "left out: auc_borji" in said, said
    code, said = run("evaluate", "--baseline", "center_bias", "--out", tmp_path / "cb.csv",
                        *settings, "evaluation.metrics=[nss, kld]", "--part", "all")
    assert code == 0, said
    assert len((tmp_path / "cb.csv").read_text().splitlines()) == 21
    code, said = run("evaluate", "--baseline", "uniform", "--out", tmp_path / "u.csv",
                     *settings, "evaluation.metrics=[nss, kld]")
    assert code == 0, said
    code, said = run("evaluate", "--weights", "gbvs", "--out", tmp_path / "gbvs.csv",
                     *settings, "evaluation.metrics=[nss, kld]")
    assert code == 0 and "scoring gbvs on the stimuli" in said, said
    code, said = run("evaluate", "--compare", tmp_path / "u.csv", tmp_path / "gold.csv",
                     tmp_path / "gbvs.csv", "--out", tmp_path / "comparison.json")
    assert code == 0 and "better than u" in said, said
    compared = json.loads((tmp_path / "comparison.json").read_text())
    assert compared["metrics"]["nss"]["p_value"][1] < 0.05


@pytest.mark.one_stack
@pytest.mark.slow
def test_evaluate_names_the_maps_that_are_missing(run, tmp_path):
    names = popout.load(count=20, size=(96, 128)).names
    (tmp_path / "maps").mkdir()
    for name in names[:-1]:
        cv2.imwrite(str(tmp_path / "maps" / f"{name}.png"), np.eye(96, 128, dtype=np.uint8))
    code, said = run("evaluate", "--maps", tmp_path / "maps", "--part", "all", "--set",
                     "data.options={count: 20, size: [96, 128]}")
    assert code == 1 and f"not scored: {names[-1]}: no map in the folder" in said
    assert "error: 1 stimuli have no usable map" in said and "Traceback" not in said


@pytest.mark.one_stack
@pytest.mark.slow
def test_calibrate_fits_or_says_that_it_does_not_help(run, tmp_path, weights):
    """Viewers who look at what an untrained network responds to, and others who look anywhere."""
    (tmp_path / "stimuli").mkdir()
    rng, rows = np.random.default_rng(0), {"informed": [], "random": []}
    model = ks.load_pretrained(weights)
    for index in range(12):
        picture = cv2.resize(rng.integers(0, 256, (4, 5, 3), np.uint8), (64, 48))
        cv2.imwrite(str(tmp_path / "stimuli" / f"{index}.png"), picture[..., ::-1])
        density = ks.predict(model, picture).ravel().astype(np.float64) ** 3
        for viewers, chances in (("informed", density / density.sum()), ("random", None)):
            for place in rng.choice(48 * 64, 80, p=chances):
                rows[viewers].append(f"{index}.png,anna,{place % 64},{place // 64}")
    for viewers, lines in rows.items():
        (tmp_path / f"{viewers}.csv").write_text("\n".join(["stimulus,observer,x,y", *lines]))
    settings = ["--weights", weights, "--part", "all", "--set", "data.name=folder",
                f"data.root={tmp_path}"]
    code, said = run("calibrate", *settings, "data.options={fixations: informed}", "--out",
                     tmp_path / "mine.h5")
    assert code == 0 and "held-out bits per fixation, 5 folds of 12 stimuli" in said, said
    code, said = run("predict", tmp_path / "stimuli", "--weights", tmp_path / "mine.h5",
                     "--raw", "--out", tmp_path / "out")
    assert code == 0 and "calibrated on 12 stimuli of folder" in said, said
    assert np.load(tmp_path / "out" / "3.npy").sum() == pytest.approx(1, abs=1e-4)
    code, said = run("calibrate", *settings, "data.options={fixations: random}", "--out",
                     tmp_path / "no.h5")
    assert code == 1 and "not calibrated" in said and not (tmp_path / "no.h5").exists(), said
    code, said = run("calibrate", *settings, "data.options={fixations: none}", "--out",
                        tmp_path / "no.h5")
    assert code == 2 and "holds neither density/" in said and "Traceback" not in said


@pytest.mark.one_stack
@pytest.mark.slow
def test_predict_takes_pictures_of_all_kinds_and_names_the_bad_one(run, tmp_path, weights):
    rng = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    folder.mkdir()
    shapes = {"portrait.jpg": (90, 60, 3), "landscape.bmp": (60, 90, 3), "gray.png": (50, 70),
              "rgba.png": (40, 40, 4), "pixel.png": (1, 1, 3)}
    for name, shape in shapes.items():
        cv2.imwrite(str(folder / name), rng.integers(0, 256, shape, np.uint8))
    cv2.imwrite(str(folder / "deep.png"), rng.integers(0, 65536, (30, 20, 3), np.uint16))
    shapes["deep.png"] = (30, 20, 3)
    (folder / "text.jpg").write_text("this is no picture")
    code, said = run("predict", folder, "--weights", weights, "--out",
                     tmp_path / "out", "--raw")
    assert code == 1  # one failed, the rest went on
    assert "6 of 7 pictures" in said and "text.jpg: not a picture" in said
    assert "Traceback" not in said
    for name, shape in shapes.items():
        stem = name.split(".")[0]
        density = cv2.imread(str(tmp_path / "out" / f"{stem}_density.png"), -1)
        overlay = cv2.imread(str(tmp_path / "out" / f"{stem}_overlay.png"), -1)
        raw = np.load(tmp_path / "out" / f"{stem}.npy")
        assert density.shape == raw.shape == shape[:2] and density.dtype == np.uint16
        assert overlay.shape == (*shape[:2], 3) and raw.dtype == np.float32
    assert len(list((tmp_path / "out").glob("[!.]*"))) == 18


@pytest.mark.parametrize("name, arguments, message", [
    ("evaluate", ["--weights", "nothing"], "no weights 'nothing'"),
    ("evaluate", ["--baseline", "uniform", "--out", "x.txt"], "x.txt: the table must end in"),
    ("evaluate", ["--baseline", "chance"], "no baseline 'chance'; there are uniform"),
    ("evaluate", ["--compare", "a.csv", "b.csv", "--engine", "auto"], "--engine is for scoring"),
    ("evaluate", ["--compare", "a.csv", "b.csv", "--set", "name=x"], "--set is for scoring"),
    ("predict", [__file__, "--weights", "nothing"], "no weights 'nothing'"),
    ("calibrate", ["--weights", "nothing", "--out", "x.h5"], "no weights 'nothing'"),
    ("train", ["--set", "model.name=msi_nte"], "no model 'msi_nte'; the models are"),
    ("summary", ["mis"], "no model 'mis'"),
    ("summary", ["msi_net", "--size", "50", "60"], "strides"),
    ("summary", ["msi_net", "--option", "name=ead"], "'name' is not an option of a model's"),
    ("import_weights", ["salgan", "x.npz", "--option", "a=["], "value is not YAML"),
])
def test_bad_input_is_one_line_and_code_2(run, name, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = run(name, *arguments)
    assert code == 2 and "Traceback" not in said
    assert [line for line in said.splitlines() if line.startswith("error:") and message in line]
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.one_stack
def test_units_are_analyzed_and_dissected(run, tmp_path):
    for seed, name in enumerate(("before", "after")):
        keras.utils.set_random_seed(seed)
        weights_file.save(ks.build_model("ead", **SMALL), tmp_path / name / "best.h5",
                          {"model": "ead", "options": SMALL, "canvas": [48, 64]})
    code, said = run(
        "analyze_units", "--weights", tmp_path / "before", tmp_path / "after", "--layers",
        "block5_conv3", "--popout", "--out", tmp_path / "units", "--set", "data.canvas=[48, 64]",
        "data.options={count: 20, size: [96, 128]}")
    assert code == 0 and "after   block5_conv3  15" in said, said
    text = (tmp_path / "units" / "report.html").read_text()
    assert "Pop-out targets" in text and "before" in text
    code, said = run("analyze_units", "--weights", tmp_path / "before", "--layers", "conv9",
                     "--set", "data.options={count: 20, size: [96, 128]}")
    assert code == 2 and "no layer 'conv9'" in said and "block5_conv3" in said
    code, said = run("analyze_units", "--weights", tmp_path / "before", "--layers",
                     "nowhere:conv9", "--set", "data.options={count: 20, size: [96, 128]}")
    assert code == 2 and "no model 'nowhere'; the models are before" in said

    for part in ("images", "labels"):
        (tmp_path / "set" / part).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(6):
        picture = rng.integers(0, 256, (96, 128, 3), np.uint8)
        labels = np.zeros((96, 128), np.uint8)
        labels[:40, :60] = 1
        cv2.imwrite(str(tmp_path / "set" / "images" / f"{index}.png"), picture)
        cv2.imwrite(str(tmp_path / "set" / "labels" / f"{index}.png"), labels)
    code, said = run(
        "dissect", tmp_path / "set", "--weights", tmp_path / "after", "--layers",
        "block5_conv3+block4_conv3", "--quantile", "0.9", "--masks", "--out",
        tmp_path / "dissection", "--detectors", "--set",
        "data.options={count: 20, size: [96, 128]}")
    assert code == 0 and "thresholds of block5_conv3: exact, of 72 values" in said, said
    names = {p.name for p in (tmp_path / "dissection").iterdir()}
    assert names == {"dissection.csv", "dissection.h5", "figures", "frequency.csv", "masks",
                     "report.html"}
    assert (tmp_path / "dissection" / "figures" / "block4_conv3_frequency.png").exists()
    assert "The detectors are those on popout" in (
        tmp_path / "dissection" / "report.html").read_text()
    rows = (tmp_path / "dissection" / "frequency.csv").read_text().splitlines()
    assert rows[0] == "layer,category,concept,images,detected,f_n" and len(rows) == 3
    assert rows[1].startswith("block5_conv3,object,1,6,")
    rows = (tmp_path / "dissection" / "dissection.csv").read_text().splitlines()
    assert len(rows) == 1 + 15 + 15 and rows[0].startswith("layer,unit,concept,category,IoU")
    masks = list((tmp_path / "dissection" / "masks").iterdir())
    assert masks and set(np.unique(cv2.imread(str(masks[0]), 0))) <= {0, 255}
    code, said = run("dissect", tmp_path / "set", "--weights", tmp_path / "after", "--set",
                     "data.name=osie")
    assert code == 2 and "--config and --set name the dataset of --detectors" in said
    code, said = run("dissect", tmp_path / "nowhere", "--weights", tmp_path / "after")
    assert code == 2 and "no folder" in said
