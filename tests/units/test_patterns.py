"""Patterns of units, on planted ones."""
import cv2
import numpy as np
import pytest

from keras_saliency.datasets.pipeline import stimulus_stream
from keras_saliency.units import patterns
from keras_saliency.units.activations import activations
from keras_saliency.units.interpolation import resampling


def test_maps_of_chosen_units(planted, color_model):
    wanted = {"colors": [(3, 0), (7, 2), (3, 1)], "cells": [(11, 0)]}
    found = patterns.unit_maps(color_model, ["colors", "cells"], planted, wanted, batch=2)
    assert set(found["colors"]) == set(wanted["colors"]) and set(found["cells"]) == {(11, 0)}
    images = next(iter(stimulus_stream(planted, (64, 96), range(12), 12)))
    maps = next(iter(activations(color_model, ["colors"], [images])))["colors"].numpy()
    np.testing.assert_allclose(found["colors"][7, 2], maps[7, ..., 2], atol=1e-4)


def test_the_mean_map_of_a_mirrored_center_is_negative_in_the_middle(planted, color_model):
    mean = patterns.mean_maps(color_model, {"colors": [1, 3]}, planted)["colors"]
    assert mean.shape == (16, 24) and mean[8, 12] < -1 and mean[0, 0] > 0.1
    half = patterns.mean_maps(color_model, {"colors": [1, 3], "cells": [0]}, planted,
                              indices=range(6))["colors"]
    np.testing.assert_allclose(half, mean, atol=0.05)  # green is the same in every stimulus
    with pytest.raises(ValueError, match="12 stimuli, and no units of colors"):
        patterns.mean_maps(color_model, {"colors": []}, planted)


def test_pattern_is_the_product_cropped_to_the_active_area():
    plan = resampling((40, 60), (4, 6))
    cells = np.zeros((4, 6))
    cells[1, 2] = 3.0
    image = np.full((40, 60, 3), 200, np.uint8)
    large = cv2.resize(cells, (60, 40)) / cv2.resize(cells, (60, 40)).max()
    crop = patterns.pattern(image, cells, plan)
    rows, columns = np.nonzero(large >= 0.5)
    assert crop.shape == (np.ptp(rows) + 1, np.ptp(columns) + 1, 3)
    expected = 200 * large[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
    for channel in range(3):
        np.testing.assert_allclose(crop[..., channel], expected, atol=0.6)
    flat = patterns.pattern(image, np.ones((4, 6)), plan)
    assert flat.shape == image.shape and not flat.any()


def test_of_two_active_areas_the_stronger_is_shown():
    plan = resampling((40, 60), (4, 6))
    alone, both = np.zeros((2, 4, 6))
    alone[3, 5] = both[3, 5] = 3.0
    both[0, 0] = 2.5
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    np.testing.assert_array_equal(patterns.pattern(image, both, plan),
                                  patterns.pattern(image, alone, plan))


def test_outline_keeps_the_active_area_and_darkens_the_rest():
    plan = resampling((40, 60), (4, 6))
    cells = np.zeros((4, 6))
    cells[1, 2] = 3.0
    image = np.full((40, 60, 3), 200, np.uint8)
    drawn = patterns.outline(image, cells, plan)
    assert (drawn[0, 0] == 100).all() and (drawn[15, 25] == 200).all()
    assert (drawn == patterns.OUTLINE).all(axis=-1).sum() > 10
    assert (image == 200).all()  # untouched
    assert (patterns.outline(image, np.ones((4, 6)), plan) == 100).all()
