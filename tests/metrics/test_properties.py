"""What must not change a score, searched with hypothesis."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_saliency import metrics
from keras_saliency.metrics import METRICS

SHAPE = (8, 6)
EXACT = dict(rel=1e-7, abs=1e-9, nan_ok=True)
cases = settings(max_examples=40, deadline=None, derandomize=True)

# Whole numbers: the levels of a map stay apart under any of the transforms below
levels = hnp.arrays(np.int64, SHAPE, elements=st.integers(0, 40)).map(np.float64)
fixation_maps = hnp.arrays(np.int64, SHAPE, elements=st.integers(0, 2))
densities = hnp.arrays(np.float64, SHAPE, elements=st.integers(0, 9)).map(lambda d: d / 8)
scales, offsets = st.floats(0.01, 1e4), st.floats(-1e3, 1e3)
AFFINE = ["auc_judd", "auc_borji", "auc_shuffled", "nss", "cc", "sim", "information_gain"]
SCALED = ["sim", "kld"]
MIRRORED = ["auc_judd", "nss", "cc", "sim", "kld", "information_gain"]


def score(name, saliency_map, fixation_map, density, other, **options):
    references = {"fixation_map": fixation_map, "fixation_density_map": density,
                  "other_map": other, "baseline_map": density}
    return METRICS[name].function(
        saliency_map, *(references[r] for r in METRICS[name].references), **options)


@pytest.mark.parametrize("name", AFFINE)
@cases
@given(levels, fixation_maps, densities, fixation_maps, scales, offsets)
def test_affine_transforms_change_nothing(name, values, fixated, density, other, scale, offset):
    assert score(name, values * scale + offset, fixated, density, other) == pytest.approx(
        score(name, values, fixated, density, other), **EXACT)


@cases
@given(levels, fixation_maps, densities, st.floats(1, 1e4), offsets)
def test_affine_transforms_in_float32(values, fixated, density, scale, offset):
    moved = (values * scale + offset).astype(np.float32)  # no level reaches its neighbour
    assert np.array_equal(metrics.auc_judd(moved, fixated), metrics.auc_judd(values, fixated),
                          equal_nan=True)
    for name in ("nss", "cc", "sim"):
        assert score(name, moved, fixated, density, None) == pytest.approx(
            score(name, values, fixated, density, None), abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("name", SCALED)
@cases
@given(levels, densities, scales, scales)
def test_scaling_either_map_changes_nothing(name, values, density, scale, other_scale):
    plain = score(name, values, None, density, None)
    assert score(name, values * scale, None, density * other_scale, None) == pytest.approx(
        plain, **EXACT)


@pytest.mark.parametrize("flip", [np.fliplr, np.flipud, np.transpose])
@pytest.mark.parametrize("name", MIRRORED)
@cases
@given(levels, fixation_maps, densities)
def test_mirroring_changes_nothing(name, flip, values, fixated, density):
    assert score(name, flip(values), flip(fixated), flip(density), None) == pytest.approx(
        score(name, values, fixated, density, None), **EXACT)


@settings(cases, max_examples=15)
@given(levels, fixation_maps, fixation_maps)
def test_mirroring_the_sampled_changes_little(values, fixated, other):
    plain, mirrored = ((values, fixated, other), [np.fliplr(m) for m in (values, fixated, other)])
    # the same histogram is drawn from in both, whatever the places: equal seeds, equal scores
    assert metrics.auc_shuffled(*plain) == pytest.approx(
        metrics.auc_shuffled(*mirrored), **EXACT)
    many = dict(splits=20000)
    assert metrics.auc_borji(*plain[:2], **many) == pytest.approx(
        metrics.auc_borji(*mirrored[:2], **many), abs=0.015, nan_ok=True)


@cases
@given(levels, fixation_maps)
def test_negated_map_loses_what_the_map_wins(values, fixated):
    won = metrics.auc_judd(values, fixated, ties="half")
    assert metrics.auc_judd(-values, fixated, ties="half") == pytest.approx(1 - won, **EXACT)
    assert metrics.nss(-values, fixated) == pytest.approx(-metrics.nss(values, fixated), **EXACT)


@cases
@given(hnp.arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=32)), fixation_maps,
       densities, fixation_maps)
def test_float32_and_float64_agree(values, fixated, density, other):
    for name in AFFINE + ["kld"]:
        assert score(name, values.astype(np.float64), fixated, density, other) == pytest.approx(
            score(name, values, fixated, density, other), **EXACT), name


@cases
@given(levels, fixation_maps, densities, fixation_maps)
def test_bounds(values, fixated, density, other):
    for name in ("auc_judd", "auc_borji", "auc_shuffled", "sim", "cc", "kld"):
        value = score(name, values, fixated, density, other)
        low, high = {"cc": (-1, 1), "kld": (-1e-9, 100)}.get(name, (-1e-12, 1 + 1e-12))
        # MATLAB's sweep can leave 0..1 where many fixations tie
        assert np.isnan(value) or low <= value <= high or name == "auc_judd", name
        assert isinstance(value, float)
