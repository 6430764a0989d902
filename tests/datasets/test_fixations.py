import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from keras_saliency.datasets.fixations import Fixations, density_map, describe_dropped, fixation_map


def two_stimuli():
    return Fixations.build(
        x=[5.5, 1, 59.9, 60, -0.1, np.nan, 2], y=[3, 2, 39.9, 1, 1, 1, 2],
        image=[1, 0, 1, 1, 0, 0, 1], sizes=[(40, 60), (40, 60), (10, 10)],
        observer=[0, 1, 2, 3, 4, 5, 6], duration=[100, 200, 300, 400, 500, 600, 700])


def test_build_sorts_by_image_and_keeps_the_order_within():
    fixations = two_stimuli()
    assert fixations.image.tolist() == [0, 1, 1, 1]
    assert fixations.x.tolist() == [1, 5.5, 59.9, 2]
    assert fixations.observer.tolist() == [1, 0, 2, 6]
    assert fixations.duration.tolist() == [200, 100, 300, 700]
    assert fixations.offsets.tolist() == [0, 1, 4, 4]
    assert fixations.of(1).tolist() == [[5.5, 3], [59.9, 39.9], [2, 2]]
    assert fixations.of(2).shape == (0, 2)


def test_fixations_outside_and_nan_are_counted_per_stimulus():
    fixations = two_stimuli()
    assert fixations.dropped.tolist() == [2, 1, 0]
    assert describe_dropped(fixations, ["a", "b", "c"]) == (
        "2 fixations outside their image were left out: a (1), b (1); "
        "1 fixations without coordinates (blank or NaN) were left out: a (1)")
    assert fixations.blank.tolist() == fixations.select([0, 1, 2]).blank.tolist() == [1, 0, 0]
    assert describe_dropped(Fixations.build([1], [1], [0], [(9, 9)]), ["a"]) == ""


def test_border_pixels_count_as_inside():
    fixations = Fixations.build([0, 59.999, 60, 0, 0], [0, 39.999, 0, 40, -1e-9],
                                [0] * 5, [(40, 60)])
    assert fixations.of(0).tolist() == [[0, 0], [59.999, 39.999]]
    assert fixations.dropped.tolist() == [3]


def test_missing_observer_and_duration_are_marked():
    fixations = Fixations.build([1], [1], [0], [(9, 9)])
    assert fixations.observer.tolist() == [-1]
    assert np.isnan(fixations.duration).all()


def test_build_rejects_ragged_arrays_and_unknown_images():
    with pytest.raises(ValueError, match="differ in length.*'y': 1"):
        Fixations.build([1, 2], [1], [0, 0], [(9, 9)])
    with pytest.raises(ValueError, match="outside the 1 stimuli"):
        Fixations.build([1], [1], [1], [(9, 9)])
    with pytest.raises(ValueError, match="outside the 1 stimuli"):
        Fixations.build([1], [1], [-1], [(9, 9)])
    with pytest.raises(ValueError, match="observer 7 on stimulus 0 .* has a duration of -3 mill"):
        Fixations.build([1, 1], [1, 1], [0, 0], [(9, 9)], [2, 7], [np.nan, -3])


def test_select_renumbers_in_the_order_given_and_may_repeat():
    fixations = two_stimuli().select([1, 2, 0, 1])
    assert fixations.image.tolist() == [0, 0, 0, 2, 3, 3, 3]
    assert fixations.x.tolist() == [5.5, 59.9, 2, 1, 5.5, 59.9, 2]
    assert fixations.sizes.tolist() == [[40, 60], [10, 10], [40, 60], [40, 60]]
    assert fixations.dropped.tolist() == [1, 0, 2, 1]
    assert len(two_stimuli().select([])) == 0


def test_where_keeps_the_stimuli():
    fixations = two_stimuli()
    chosen = fixations.where(fixations.observer == 2)
    assert chosen.of(1).tolist() == [[59.9, 39.9]]
    assert len(chosen.sizes) == 3 and len(chosen) == 1


def test_fixation_map_equals_a_two_dimensional_histogram():
    rng = np.random.RandomState(0)
    points = rng.rand(500, 2) * (17, 13)
    expected, *_ = np.histogram2d(points[:, 1], points[:, 0], bins=(13, 17),
                                  range=((0, 13), (0, 17)))
    counts = fixation_map(points, (13, 17))
    assert counts.dtype == np.int32 and counts.max() > 1
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("sigma", [0.7, 3.0, 12.0])
def test_density_map_equals_a_blurred_histogram_with_zeros_outside(sigma):
    rng = np.random.RandomState(1)
    points = np.concatenate([rng.rand(30, 2) * (60, 40), [(0, 0), (59, 39), (59, 39)]])
    blurred = gaussian_filter(fixation_map(points, (40, 60)).astype(float), sigma,
                              mode="constant", truncate=8)
    density = density_map(points, (40, 60), sigma)
    assert density.dtype == np.float32
    np.testing.assert_allclose(density, blurred / blurred.sum(), atol=2e-7)
    assert density.sum(dtype=np.float64) == pytest.approx(1, abs=1e-5)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or os.cpu_count() < 2,
                    reason="takes a process with two cores and one with one")
def test_density_map_is_the_same_on_one_core():
    program = """
import hashlib, os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(sys.argv[1])])
import numpy as np
from keras_saliency.datasets.fixations import density_map
points = np.random.default_rng(0).uniform(0, 600, [147, 2])
print(hashlib.md5(density_map(points, (600, 800), 24.0)).hexdigest())
"""
    one, two = (subprocess.run([sys.executable, "-c", program, cores], check=True, text=True,
                               capture_output=True).stdout for cores in "12")
    assert one == two


def test_density_map_without_fixations_is_zero_and_needs_a_blur():
    assert not density_map([], (4, 5), 1.0).any()
    with pytest.raises(ValueError, match="sigma must be above 0"):
        density_map([(1, 1)], (4, 5), 0)


def test_maps_of_the_container_are_those_of_its_stimulus():
    fixations = two_stimuli()
    np.testing.assert_array_equal(fixations.fixation_map(1),
                                  fixation_map([(5, 3), (59, 39), (2, 2)], (40, 60)))
    np.testing.assert_array_equal(fixations.density_map(1, 2.0),
                                  density_map(fixations.of(1), (40, 60), 2.0))
    assert fixations.fixation_map(2).shape == (10, 10)
