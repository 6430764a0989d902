"""Positive fixation detectors, on planted units."""
import numpy as np
import pytest

from keras_saliency.datasets import popout
from keras_saliency.units.activations import LayerError
from keras_saliency.units.detectors import Detectors, detector_units, fixation_detectors, tiers
from keras_saliency.units.unit_scores import UnitScores, score_dataset


def made(scores):
    """UnitScores of one image per row."""
    scores = np.asarray(scores, float)
    return UnitScores.of(scores, range(len(scores)), np.zeros(scores.shape, bool), len(scores))


def test_the_planted_unit_is_found(planted, color_model):
    scores = score_dataset(color_model, ["colors"], planted)["colors"]
    detectors = fixation_detectors(scores)
    assert detectors.units.tolist() == [0] and detectors.ratio == 0.25
    assert detectors.normalized[0] == 1 and detectors.scores[0] > 2
    assert scores.moments.mean[1] < -0.3  # the mirrored center
    assert not scores.alive[3] and detectors.scores[3] == 0
    ranked = tiers(detectors, 1)
    assert ranked["high"].tolist() == [0] and len(ranked["low"]) == 1


def test_detectors_on_any_dataset_and_of_joined_layers(planted, color_model):
    """Red follows the fixations in both layers; apart each layer has a detector, together they
    are scaled by the best of all."""
    apart = detector_units(color_model, ["colors", "cells"], planted)
    assert {layer: u.tolist() for layer, u in apart.items()} == {"colors": [0], "cells": [0]}
    arrays = popout.load(count=8, size=(96, 128))
    joined = detector_units(color_model, ["cells+colors"], arrays)
    scores = score_dataset(color_model, ["cells", "colors"], arrays)
    both = np.concatenate([scores[layer].mean_of_best() for layer in ("cells", "colors")])
    scaled = (both - both.min()) / (both.max() - both.min())
    for layer, part in zip(("cells", "colors"), (scaled[:3], scaled[3:])):
        assert sorted(joined[layer].tolist()) == np.flatnonzero(part > 0.9).tolist()
    with pytest.raises(LayerError, match="planted_model has no layer 'hue'.*colors"):
        detector_units(color_model, ["cells+hue"], planted)


def test_scores_are_means_of_the_best_and_ties_go_by_number():
    scores = made([[1, 4, 1, 0, np.nan], [3, 0, 3, 0, np.nan], [2, 2, 2, 0, np.nan]])
    detectors = fixation_detectors(scores, best=2, threshold=0.5)
    np.testing.assert_allclose(detectors.scores, [2.5, 3, 2.5, 0, np.nan])
    np.testing.assert_allclose(detectors.normalized[:4], [5 / 6, 1, 5 / 6, 0])
    assert detectors.units.tolist() == [1, 0, 2] and detectors.ratio == 0.6
    assert detectors.ranked().tolist() == [1, 0, 2, 3]
    assert {k: v.tolist() for k, v in tiers(detectors, 2).items()} == {
        "high": [1], "medium": [0], "low": [3]}


def test_units_that_are_all_alike_or_never_scored_detect_nothing():
    alike = fixation_detectors(made([[2, 2, np.nan]]), best=1)
    assert len(alike.units) == 0 and alike.ratio == 0 and alike.normalized[0] == 0
    assert np.isnan(alike.normalized[2])
    never = fixation_detectors(made([[np.nan, np.nan]]), best=1)
    assert len(never.units) == 0 and np.isnan(never.scores).all() and len(never.ranked()) == 0
    with pytest.raises(ValueError, match="2 best images of each unit were kept; a mean of 5"):
        fixation_detectors(made([[1], [2]]))


def test_tiers_of_the_units_that_are_alive():
    scores = np.array([0.0, 4.0, 1.0, 3.0, 2.0, 5.0, 0.5])
    found = Detectors(scores, scores / 5, np.array([5]), 1 / 7)
    alive = np.array([False, True, True, True, True, True, True])
    assert tiers(found, 2)["low"].tolist() == [0, 6]
    chosen = tiers(found, 2, alive)
    assert chosen["low"].tolist() == [6, 2] and chosen["high"].tolist() == [5, 1]
    assert chosen["medium"].tolist() == [3, 4]
