"""Workers find what one process finds, to the last bit."""
import csv

import cv2
import keras
import numpy as np
import pytest
from shard_tasks import brightness

import keras_saliency as ks
from keras_saliency import build_model
from keras_saliency import config as configs
from keras_saliency.datasets.concepts import load_concepts
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.models import weights_file
from keras_saliency.prediction.prediction_files import predict_all
from keras_saliency.prediction.predictor import predictor
from keras_saliency.units.dissection import dissect_layers
from keras_saliency.units.unit_scores import score_dataset
from keras_saliency.units.unit_study import study_units


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The file of a tiny EAD, which takes any canvas."""
    keras.utils.set_random_seed(3)
    path = tmp_path_factory.mktemp("weights") / "tiny.h5"
    weights_file.save(build_model("ead", width_multiplier=0.05), path, attributes={
        "model": "ead", "options": {"width_multiplier": 0.05}, "canvas": [48, 64]})
    return path


@pytest.mark.parametrize("metrics, model", [(["all"], "tiny"), (["nss", "auc_shuffled"], "itti")])
def test_scores(metrics, model, weights, workers, tmp_path):
    config = configs.from_dict({
        "data": {"name": "popout", "sigma_pixels": 6, "upright": True,
                 "options": {"count": 22, "size": [96, 128]}},
        "evaluation": {"metrics": metrics, "batch": 3}})
    tables = [tmp_path / "here.csv", tmp_path / "there.csv"]
    for table, client in zip(tables, (None, workers)):
        its = predictor(weights if model == "tiny" else model)
        assert not score(config, of_predictor(its, client=client), "all", table)
    assert tables[0].read_bytes() == tables[1].read_bytes()
    assert len(tables[0].read_text().splitlines()) == 23


def test_units(planted, color_model, workers):
    here, there = (score_dataset(color_model, ["colors", "saliency"], planted, batch=2, keep=3,
                                 client=client) for client in (None, workers))
    assert list(here) == list(there)
    for layer, scores in here.items():
        for ours, theirs in zip((*scores.moments, *scores.best, scores.alive),
                                (*there[layer].moments, *there[layer].best, there[layer].alive)):
            np.testing.assert_array_equal(ours, theirs)


def test_a_study_of_units_that_end_in_a_postprocess(planted, workers):
    keras.utils.set_random_seed(2)
    model = build_model("ead", width_multiplier=0.05)
    model = ks.facts(model, canvas=(48, 64))
    here, there = (study_units({"ead": model}, ["block5_conv3"], planted, batch=3, client=client)
                   for client in (None, workers))
    assert here.table() == there.table() and np.isfinite(here.model_nss["ead"])


def test_dissection(color_model, workers, tmp_path):
    rng = np.random.default_rng(4)
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
        for index in range(20):
            values = rng.integers(0, 255, (64, 96, 3)) if folder == "images" else np.repeat(
                rng.integers(0, 3, (64, 1)), 96, axis=1)
            cv2.imwrite(str(tmp_path / folder / f"{index:02d}.png"), values.astype(np.uint8))
    with open(tmp_path / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([("number", "name", "category"), (1, "one", "object"),
                                    (2, "two", "part")])
    concepts = load_concepts(tmp_path)
    here, there = (dissect_layers(color_model, ["colors"], concepts, quantile=0.9, client=client)
                   for client in (None, workers))
    for ours, theirs in zip((*here["colors"].tally, *here["colors"].null, here["colors"].iou),
                            (*there["colors"].tally, *there["colors"].null, there["colors"].iou)):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(here["colors"].thresholds, there["colors"].thresholds)


def test_predictions(workers, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    for index in range(20):
        picture = np.random.default_rng(index).integers(0, 256, (20, 30, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "in" / f"{index:02d}.png"), picture)
    (tmp_path / "in" / "bad.png").write_bytes(b"bad")
    for out, client in (("here", None), ("there", workers)):
        failed = predict_all(brightness, [tmp_path / "in"], tmp_path / out, raw=True,
                             client=client)
        assert len(failed) == 1 and "bad.png" in failed[0]
        assert "20 of 21 pictures" in capsys.readouterr().out
    files = sorted(path.name for path in (tmp_path / "here").glob("[!.]*"))
    assert len(files) == 60
    for name in files:
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
