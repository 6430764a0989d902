"""Layers of models, by the words of the command line; units of joined layers."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.units import unit_study
from keras_saliency.units.activations import LayerError, choose_layers, members, single_layers


@pytest.fixture
def models(color_model):
    return {"one": color_model, "two": color_model}


@pytest.mark.parametrize("entries, chosen", [
    (["colors"], {"one": ["colors"], "two": ["colors"]}),
    (["one:cells", "two:red"], {"one": ["cells"], "two": ["red"]}),
    (["colors", "two:cells+red", "colors"], {"one": ["colors"], "two": ["colors", "cells+red"]}),
])
def test_layers_of_all_models_and_of_one(models, entries, chosen):
    assert choose_layers(entries, models) == chosen


def test_groups():
    assert members("fine+coarse") == ["fine", "coarse"] and members("a") == ["a"]
    assert single_layers(["a+b", "b", "c+a"]) == ["a", "b", "c"]


@pytest.mark.parametrize("entries, kind, message", [
    (["three:colors"], ValueError, "no model 'three'; the models are one, two"),
    (["two:hue+colors"], LayerError, "two has no layer 'hue' .*it has cells, colors, red"),
    (["one:colors"], LayerError, "no layer of two is chosen; add two:LAYER.*cells, colors"),
    (["colors+colors"], LayerError, "joins a layer of one with itself"),
    ([""], LayerError, "one has no layer ''"),
])
def test_wrong_names(models, entries, kind, message):
    with pytest.raises(kind, match=message):
        choose_layers(entries, models)


def test_a_study_of_each_models_own_layers(planted, models):
    study = unit_study.study_units(models, ["one:colors", "two:cells+colors"], planted,
                                   units_shown=1)
    own, joined = study.layers
    assert (joined.layer, joined.parts) == ("cells+colors", {"cells": 3, "colors": 4})
    # scaled by the least and greatest of both layers
    scores = joined.detectors.scores
    np.testing.assert_array_equal(scores[3:], own.detectors.scores)
    np.testing.assert_allclose(joined.detectors.normalized,
                               (scores - scores.min()) / (scores.max() - scores.min()))
    assert [joined.place(u) for u in (0, 2, 3, 6)] == [
        ("cells", 0), ("cells", 2), ("colors", 0), ("colors", 3)]
    assert joined.name(3) == "colors 0" and own.name(3) == "3"
    assert [row["units"] for row in study.table()] == [4, 7]
    assert study.table()[1]["best unit"] in ("cells 2", "colors 0", "cells 0")
    assert [layers for layers, _ in study.correlations()] == [
        {"one": "colors", "two": "cells+colors"}]
    # a gallery shows the map of the unit's own layer, and the low units of both are averaged
    unit, examples = next(iter(joined.examples["high"].items()))
    assert examples[0].nss == pytest.approx(scores_of_best(joined, unit))
    assert set(joined.low_maps) == {"cells", "colors"}


def scores_of_best(layer_study, unit):
    return layer_study.scores.best.scores[0, unit]


def test_the_nss_of_a_model_is_that_of_its_finished_map(planted):
    """SalNet's ends in clipping and a blur, which the NSS of its raw output would miss."""
    model = ks.build_model("salnet_deep", width_multiplier=0.05)
    model = ks.facts(model, canvas=(64, 96))
    study = unit_study.study_units({"salnet": model}, ["conv5"], planted, units_shown=1)
    scores = [ks.metrics.nss(ks.predict(model, load(planted.stimuli[i])),
                             planted.fixations.fixation_map(i)) for i in range(len(planted))]
    assert study.model_nss["salnet"] == pytest.approx(np.mean(scores), abs=1e-5)


def load(stimulus):
    return cv2.imdecode(np.frombuffer(stimulus, np.uint8), -1)[..., ::-1]


def test_three_models_correlate_over_their_own_layers(planted, color_model):
    models = {"a": color_model, "b": color_model, "c": color_model}
    study = unit_study.study_units(models, ["a:colors", "b:cells", "c:cells+colors"], planted,
                                   units_shown=1)
    study.model_nss.update(a=1.0, b=2.0, c=4.0)
    (layers, correlation), = study.correlations()
    ratios = [layer.detectors.ratio for layer in study.layers]
    assert correlation.points == 3
    assert correlation.coefficient == pytest.approx(np.corrcoef(ratios, [1, 2, 4])[0, 1])


def test_regions_and_targets_of_joined_layers(planted, models, tmp_path):
    for part, value in (("SegmentationObject", 1), ("SegmentationClass", 37)):
        (tmp_path / part).mkdir()
        for name in planted.names:
            np.save(tmp_path / part / f"{name}.npy", np.full((64, 96), value, np.int32))
    entries = ["one:colors", "two:cells+colors"]
    regions = unit_study.study_regions(models, entries, planted, tmp_path, 8.0)
    one, two = (regions[name].units for name in models)
    assert list(one) == ["colors"] and list(two) == ["cells+colors"]
    np.testing.assert_array_equal(two["cells+colors"]["text"].mean[3:], one["colors"]["text"].mean)
    targets = unit_study.study_targets(models, entries, size=(96, 128))
    joined = targets["two"]["cells+colors"]
    np.testing.assert_array_equal(joined.mean[3:], targets["one"]["colors"].mean)
    assert joined.count.tolist() == [80] * 7
