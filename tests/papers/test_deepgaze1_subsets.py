"""Responses kept on disk, and the scores of fits to some of them."""
from dataclasses import replace

import numpy as np
import pytest

from keras_saliency.config import LbfgsConfig
from keras_saliency.models import build_model
from keras_saliency.training import deepgaze1_likelihood
from papers.shared import deepgaze1_responses
from papers.shared.deepgaze1_subsets import SubsetStudy, beginning

CANVAS = (64, 96)


@pytest.fixture(scope="module")
def model():
    return build_model("deepgaze1", width_multiplier=0.03, layer_subset={"from": 1, "to": 2})


def test_stored_responses_are_those_averaged(planted, model, tmp_path, monkeypatch):
    stored = deepgaze1_responses.stored(model, planted, CANVAS, (16, 24), tmp_path)
    plain = deepgaze1_likelihood.collect(model, planted, CANVAS)
    fine, kept = plain.maps["block1_conv1"], stored.maps["block1_conv1"]
    assert fine.shape[1:3] == (32, 48) and kept.shape[1:3] == (16, 24)
    means = fine.astype(np.float32).reshape(len(planted), 16, 2, 24, 2, -1).mean(axis=(2, 4))
    np.testing.assert_allclose(kept, means, rtol=2e-3, atol=0.05)
    np.testing.assert_array_equal(stored.maps["block2_conv1"], plain.maps["block2_conv1"])
    np.testing.assert_allclose(stored.moments["block1_conv1"].mean, means.mean(axis=(0, 1, 2)),
                               rtol=1e-3, atol=0.01)

    def made_again(*arguments, **options):
        raise AssertionError("the responses were there")

    monkeypatch.setattr(deepgaze1_responses, "collect", made_again)
    again = deepgaze1_responses.stored(model, planted, CANVAS, (16, 24), tmp_path)
    np.testing.assert_array_equal(again.maps["block2_pool"], stored.maps["block2_pool"])
    np.testing.assert_array_equal(again.deviations()["block1_relu2"],
                                  stored.deviations()["block1_relu2"])
    with pytest.raises(AssertionError):  # of other stimuli there are none
        deepgaze1_responses.stored(model, planted.select([0]), CANVAS, (16, 24), tmp_path)


def test_a_stopped_collection_is_made_again(planted, model, tmp_path, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deepgaze1_responses, "collect", stopped)
        with pytest.raises(KeyboardInterrupt):
            deepgaze1_responses.stored(model, planted, CANVAS, (16, 24), tmp_path)
    found = deepgaze1_responses.stored(model, planted, CANVAS, (16, 24), tmp_path)
    assert np.abs(found.maps["block1_conv1"]).max() > 0
    assert len(list(tmp_path.iterdir())) == 1  # nothing half made is left


def test_responses_of_other_weights_or_pictures_are_made_again(planted, model, tmp_path):
    """A backbone of the same size, and stimuli of the same names."""
    before = deepgaze1_responses.stored(model, planted, CANVAS, (16, 24), tmp_path)
    other = build_model("deepgaze1", width_multiplier=0.03, layer_subset={"from": 1, "to": 2})
    doubled = [2 * weights for weights in model.get_layer("block1_conv1").get_weights()]
    other.get_layer("block1_conv1").set_weights(doubled)
    after = deepgaze1_responses.stored(other, planted, CANVAS, (16, 24), tmp_path)
    np.testing.assert_allclose(after.maps["block1_conv1"], 2 * before.maps["block1_conv1"],
                               rtol=2e-3, atol=0.02)
    swapped = replace(planted, stimuli=planted.stimuli[::-1])
    turned = deepgaze1_responses.stored(model, swapped, CANVAS, (16, 24), tmp_path)
    np.testing.assert_array_equal(turned.maps["block1_conv1"], before.maps["block1_conv1"][::-1])


def test_log_densities_are_of_the_stimuli_in_their_order(planted, model):
    responses = deepgaze1_likelihood.collect(model, planted, CANVAS)
    study = SubsetStudy((responses, responses), planted, planted, CANVAS, LbfgsConfig(cell=8))
    likelihood = deepgaze1_likelihood.Likelihood(responses, responses.deviations(), planted, CANVAS,
                                                 study.center, 8)
    parameters = beginning(responses)
    logs = likelihood.log_densities(parameters)
    assert logs.shape == (len(planted), 8, 12)
    np.testing.assert_allclose(np.exp(logs).sum(axis=(1, 2)), 1, rtol=1e-4)
    bits, counts = likelihood.over_center_bias(likelihood.counts(planted.fixations), parameters)
    prior = study.center.predict((8, 12), 3).log_density
    count = likelihood.counts(planted.fixations)[0][3]
    np.testing.assert_allclose(bits[3], ((logs[3] - prior) * count).sum() / np.log(2), rtol=1e-3)


def test_the_beginning_is_that_of_a_new_model(planted, model):
    responses = deepgaze1_likelihood.collect(model, planted.select([0]), CANVAS)
    new, found = (deepgaze1_likelihood.read_parameters(model),
                  beginning(responses))
    np.testing.assert_allclose(found.pack(), new.pack(), rtol=1e-6)


def test_a_fit_to_more_layers_has_more_units_and_gains(planted, model):
    responses = deepgaze1_likelihood.collect(model, planted, CANVAS)
    study = SubsetStudy((responses, responses), planted, planted, CANVAS,
                        LbfgsConfig(cell=8, iterations=15))
    study.held_out = np.array([2])  # the planted stimuli have three observers
    one, every = (study.measure(subset) for subset in ({"of": 1, "type": "conv"}, {"from": 1}))
    assert one["layers"] == 2 and every["layers"] == 10 and every["units"] > one["units"]
    assert every["gain_training"] > 0.2 and every["gain_observers"] > 0.2
    for part in ("training", "observers", "validation"):
        assert every[f"share_{part}"] == pytest.approx(
            every[f"gain_{part}"] / study.explainable[part])
    assert study.explainable["observers"] != study.explainable["training"]
    assert 0.6 < every["auc_training"] == every["auc_validation"] <= 1
