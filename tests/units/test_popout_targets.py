"""NMM of units on pop-out arrays, on a planted target."""
import dataclasses

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.metrics.streaming import Moments
from keras_saliency.units import regions, unit_study
from keras_saliency.units.regions import score_targets
from keras_saliency.units.statistics import mean_of_top


@pytest.fixture
def arrays(planted):
    """The planted stimuli with the red blob as target."""
    def mask(stimulus):
        red = cv2.imdecode(np.frombuffer(stimulus, np.uint8), -1)[..., 2]
        return cv2.imencode(".png", ((red > 128) * 255).astype(np.uint8))[1].tobytes()

    return dataclasses.replace(planted, target_masks=tuple(mask(s) for s in planted.stimuli))


def test_the_planted_unit_stands_out(arrays, color_model):
    moments = score_targets(color_model, ["colors", "cells"], arrays, batch=5)["colors"]
    assert moments.count.tolist() == [12] * 4
    assert moments.mean[0] > 2 and abs(moments.mean[2]) < 0.5 and moments.mean[3] == 0
    assert mean_of_top(moments, 2) == pytest.approx(np.sort(moments.mean)[-2:].mean())
    image = cv2.imdecode(np.frombuffer(arrays.stimuli[0], np.uint8), -1)[..., ::-1]
    cells = image.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
    mask = cv2.imdecode(np.frombuffer(arrays.target_masks[0], np.uint8), -1) > 0
    one = score_targets(color_model, ["colors"], arrays.select([0]))["colors"].mean
    for unit in range(3):
        large = cv2.resize(cells[..., unit], (96, 64))
        assert one[unit] == pytest.approx(ks.metrics.nmm(large, mask), abs=1e-5)


def test_the_arrays_are_those_of_the_table_of_outputs(color_model, monkeypatch):
    seen = []
    monkeypatch.setattr(regions, "score_targets", lambda model, layers, arrays, *a, **k: (
        seen.append(arrays) or {layer: Moments.of(np.zeros((1, 4))) for layer in layers}))
    unit_study.study_targets({"model": color_model}, ["colors"])
    arrays, = seen
    assert len(arrays) == 80 and set(map(tuple, arrays.sizes.tolist())) == {(480, 640)}


def test_a_set_without_targets_is_an_error(planted, color_model):
    with pytest.raises(DatasetError, match="planted has no target masks"):
        score_targets(color_model, ["colors"], planted)
