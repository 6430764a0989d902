"""Bits per fixation between center_bias and gold standard, of networks and of classical models."""
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.models import build_model
from keras_saliency.training import likelihood
from papers.shared.explained import Bounds, bounds, explained_bits


def test_share_is_of_the_means():
    between = Bounds(np.array([1.0, 1.0, 5.0]), np.array([2.0, 4.0, np.nan]))
    assert between.share(np.array([1.5, 2.5, 99.0])) == pytest.approx(1.0 / 2.0)
    np.testing.assert_allclose(between.gains(np.array([1.5, 2.5, 5.0])), [0.5, 1.5, 0.0])


def test_the_gold_standard_gains_where_observers_agree(planted):
    between = bounds(planted.select(range(6)), planted.select(range(6, 12)))
    assert between.gold.shape == between.center.shape == (6,)
    assert (between.gold > between.center).all()  # a blob in each stimulus


def test_a_map_of_where_people_look_explains_more(planted, color_model):
    training, validation = planted.select(range(6)), planted.select(range(6, 12))
    between = bounds(training, validation)
    red, center = (between.share(explained_bits(model, training, validation))
                   for model in (color_model, build_model("center_bias")))
    assert red > 0.5 > center


def test_a_density_is_scored_as_it_is(planted):
    model = build_model("deepgaze1", width_multiplier=0.03)
    model = ks.facts(model, canvas=(64, 96))
    validation = planted.select(range(6, 12))
    found = explained_bits(model, None, validation)  # nothing is fitted
    cells = likelihood.collect(model, validation, (64, 96))
    np.testing.assert_allclose(found, likelihood.bits(cells, np.arange(6), cells.plain))


def test_maps_of_classical_models_lie_as_stimuli_on_the_canvas(planted):
    model = build_model("center_bias")
    (index, found), *rest = likelihood._canvas_maps(model, planted, [(96, 96)] * 12)
    assert index == 0 and len(rest) == 11 and found.shape == (96, 96)
    assert (found[:16] == 0).all() and (found[-16:] == 0).all() and found[48, 48] > 0.9
    np.testing.assert_allclose(found[16:80], model(np.zeros((64, 96, 3))), atol=1e-5)
