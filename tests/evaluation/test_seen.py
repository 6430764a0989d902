"""A score of stimuli that the network was trained or calibrated on says so."""
import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.datasets import popout
from keras_saliency.datasets.loading import load_sections
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.evaluation.seen import seen
from keras_saliency.files import InputWarning
from keras_saliency.maps.facts import Facts
from keras_saliency.training.calibration import Calibration
from keras_saliency.training.run import Run

COUNT = 20  # of which 10 are validation


def settings(*changes):
    return configs.load(None, [f"data.options={{count: {COUNT}, size: [96, 128]}}",
                               "data.canvas=[96, 128]", "model.name=vgg_linear",
                               "model.options={width_multiplier: 0.03}",
                               "evaluation.metrics=[nss]", *changes])


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=COUNT, size=(96, 128))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """The weights file of a run, as training writes it."""
    config = settings()
    model = ks.build_model("vgg_linear", width_multiplier=0.03)
    run = Run(tmp_path_factory.mktemp("run"), config, model, [], load_sections(config.sections))
    run.save("best.h5", [])
    return run.folder / "best.h5"


def test_a_stimulus_is_known_by_its_contents(dataset, tmp_path):
    (tmp_path / "other name.png").write_bytes(dataset.stimuli[3])
    elsewhere = replace(dataset.select([3]), name="folder", names=("a",),
                        stimuli=(tmp_path / "other name.png",))
    assert elsewhere.fingerprints() == [dataset.fingerprints()[3]]
    assert len(set(dataset.fingerprints())) == COUNT


@pytest.mark.parametrize("part, count", [("validation", 0), ("training", 10), ("all", 10)])
def test_training_stimuli_are_counted_beside_the_score(weights, tmp_path, part, count):
    model = ks.predictor(weights)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        score(settings(), of_predictor(model), part, tmp_path / "scores.csv")
    said = [str(one.message) for one in caught if one.category is InputWarning]
    scored = COUNT if part == "all" else 10
    expected = [f"vgg_linear was trained on {count} of the {scored} stimuli that are scored, as "
                "its file says"]
    assert said == (expected if count else [])
    assert json.loads((tmp_path / "scores.json").read_text())["seen"] == said


def test_a_copy_of_the_weights_still_knows(weights, dataset, tmp_path):
    kept = ks.save(ks.load_pretrained(weights), tmp_path / "kept.h5")
    facts = ks.predictor(kept).facts
    training = {name for name, word in zip(dataset.names, dataset.partition) if word == "train"}
    for index, name in enumerate(dataset.names):
        assert bool(seen(facts, dataset.select([index]), True)) == (name in training)


def test_stimuli_of_a_calibration_are_known(dataset):
    result = Calibration(None, None, np.zeros((6, 3)), 60, (96, 128))
    fitted = result.facts(dataset.select(range(6)))
    facts = Facts("calibrated_ead", about=json.loads(json.dumps({"calibration": fitted})))
    assert seen(facts, dataset.select(range(4, 9)), True) == [
        "calibrated_ead was calibrated on 2 of the 5 stimuli that are scored, as its file says"]
    assert seen(facts, dataset.select(range(6, 9)), False) == []


def test_a_file_that_names_datasets_alone(dataset):
    facts = Facts("ead", about={"dataset": "osie (OSIE 2014) + popout (popout v1 seed=0)",
                                "training_stimuli": 1303})
    assert seen(facts, dataset, True) == []
    sentence, = seen(facts, dataset, False)
    assert sentence.startswith("ead was trained on 1303 stimuli of osie (OSIE 2014) + popout")
    assert seen(facts, replace(dataset, edition="popout v1 seed=1"), False) == []
    for about in ({}, {"dataset": None}, {"calibration": "x"}, {"dataset": ["popout"]}):
        assert seen(Facts("ead", about=about), dataset, False) == []
