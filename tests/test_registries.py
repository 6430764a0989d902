"""One line in one dict registers a model, dataset, metric, loss, engine or reproduced result."""
import runpy
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_saliency as ks
import papers
from keras_saliency import config as configs
from keras_saliency import losses
from keras_saliency.datasets import DATASETS, popout
from keras_saliency.datasets.dataset import DatasetSpec
from keras_saliency.datasets.loading import load_data
from keras_saliency.evaluation.scores import of_baseline, of_predictor, score
from keras_saliency.export.formats import FORMATS, Format
from keras_saliency.losses import LOSSES, LossSpec
from keras_saliency.metrics import METRICS, MetricSpec
from keras_saliency.models import MODELS, ModelSpec, weights_file
from papers.making.spec import Table, Verdict, read_spec

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


def run_script(monkeypatch, name, *arguments):
    """Run a script in this process, where the toy is registered; returns its exit code."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
    return ended.value.code


def toy_network(input_shape=(None, None, 3), units=2):
    image = keras.Input(input_shape, name="image")
    x = keras.layers.Conv2D(units, 1, name="toy_conv", activation="relu")(image)
    return keras.Model(image, keras.layers.Conv2D(1, 1, name="saliency")(x), name="toy")


def toy_map(image, power=1.0):
    """Red is salient."""
    return (np.asarray(image)[..., 0] / 255.0).astype(np.float32) ** power


def toy_data(root=None, *, count=4):
    return popout.load(count=count, size=(96, 128), validation=0.5)


def test_a_network(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(MODELS, "toy", ModelSpec(toy_network, "Toy (2026)", canvas=(32, 48)))
    assert "toy" in ks.list_models()
    with pytest.raises(ValueError, match="toy has no option 'colour'; its options are units"):
        ks.build_model("toy", colour=1)
    model = ks.build_model("toy", units=3)
    assert ks.predict(model, np.zeros((20, 30, 3), np.uint8)).shape == (20, 30)
    assert run_script(monkeypatch, "summary", "mis") == 2 and "toy" in capsys.readouterr().err
    assert run_script(monkeypatch, "summary", "toy") == 0
    assert "toy_conv" in capsys.readouterr().out
    weights_file.save(model, tmp_path / "toy.h5", {"model": "toy", "options": {"units": 3}})
    config = configs.load(None, ["data.options={count: 4, size: [96, 128]}",
                                 "evaluation.metrics=[nss]"])
    assert score(config, of_predictor(ks.predictor(tmp_path / "toy.h5")), "all") == 0


def test_a_classical_model(monkeypatch, capsys):
    monkeypatch.setitem(MODELS, "red", ModelSpec(toy_map, "Red (2026)"))
    image = np.random.default_rng(0).integers(0, 256, (7, 9, 3), np.uint8)
    np.testing.assert_array_equal(ks.predict(ks.build_model("red", power=2), image),
                                  toy_map(image, 2))
    assert run_script(monkeypatch, "evaluate", "--weights", "red", "--part", "all", "--set",
                      "data.options={count: 4, size: [96, 128]}", "evaluation.metrics=[nss]") == 0
    assert "scoring red on" in capsys.readouterr().out


def test_a_dataset(monkeypatch, capsys):
    monkeypatch.setitem(DATASETS, "toy", DatasetSpec(
        toy_data, "Toy (2026)", canvas=(32, 48), sigma_dva=0.5))
    assert "toy" in ks.datasets.list_datasets()
    training, _, spec = load_data(configs.load(None, ["data.name=toy"]).data)
    assert spec.canvas == (32, 48) and spec.sigma == 0.5 * training.pixels_per_dva
    assert run_script(monkeypatch, "train", "--set", "data.name=tyo") == 2
    assert "toy" in capsys.readouterr().err
    config = configs.load(None, ["data.name=toy", "evaluation.metrics=[nss]"])
    assert score(config, of_baseline("uniform"), "all") == 0


def test_a_metric(monkeypatch, capsys):
    monkeypatch.setitem(METRICS, "peak", MetricSpec(
        lambda saliency_map, counts: float(saliency_map.max()), ("fixation_map",)))
    assert run_script(monkeypatch, "evaluate", "--help") == 0
    assert "peak" in capsys.readouterr().out
    config = configs.load(None, ["data.options={count: 4, size: [96, 128]}",
                                 "evaluation.metrics=[peak]"])
    assert score(config, of_predictor(ks.predictor("gbvs")), "all") == 0
    assert "peak (higher)" in capsys.readouterr().out


def test_a_loss(monkeypatch, capsys):
    monkeypatch.setitem(LOSSES, "zero", LossSpec(lambda y_true, y_pred: 0.0 * y_pred[0, 0, 0, 0]))
    loss = losses.weighted({"zero": 1.0, "l1": 2.0})
    maps = np.ones((1, 2, 3, 1), np.float32)
    assert float(loss(maps, maps * 0)) == 12
    assert run_script(monkeypatch, "train", "--set", "train.loss={zer: 1}") == 2
    assert "zero" in capsys.readouterr().err


def test_an_engine(monkeypatch, capsys):
    monkeypatch.setitem(FORMATS, "toy", Format(engine="toy", run=lambda model, precision: model))
    model = ks.build_model("ead", width_multiplier=0.03)
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    np.testing.assert_array_equal(ks.predict(ks.accelerate(model, "toy"), image),
                                  ks.predict(model, image))
    for script in ("predict", "evaluate"):
        assert run_script(monkeypatch, script, "--help") == 0
        assert "toy" in capsys.readouterr().out


def test_a_result(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    toy = types.ModuleType("papers.toy")
    vars(toy).update(
        TITLE="A table of nothing", ABOUT="Made of nothing.", KEYS=("model",),
        OPTIONS=("weights",), parts=lambda setting: [(name,) for name in setting.weights],
        measure=lambda setting, model: [{"nss": len(model)}],
        tables=lambda rows: [Table("Letters:", ["model", "nss"],
                                   [[row["model"], row["nss"]] for row in rows])])
    with pytest.raises(TypeError, match=r"papers\.toy lacks verdict; papers/making/spec\.py"):
        read_spec(toy)
    toy.verdict = lambda rows: Verdict(True, "short names")
    results = papers.RESULTS  # read before a name without a module is added
    monkeypatch.setattr(papers, "NAMES", (*papers.NAMES, "toy"))
    monkeypatch.setitem(results, "toy", read_spec(toy))
    assert run_script(monkeypatch, "reproduce", "--help") == 0
    assert "toy" in capsys.readouterr().out
    assert run_script(monkeypatch, "reproduce", "toy", "--weights", "a", "bb") == 0
    out = capsys.readouterr().out
    assert "| bb | 2 |" in out and "**Holds.** short names" in out
    for option in (["--pictures", "x"], ["--set", "train.epochs=1"], ["--root", "osie=."],
                   ["--least-images", "3"]):
        assert run_script(monkeypatch, "reproduce", "toy", *option) == 2
    assert run_script(monkeypatch, "reproduce") == 2
    assert "name a result" in capsys.readouterr().err
