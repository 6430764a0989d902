"""Pop-out arrays: pure in their arguments, one target that differs in one feature."""
import dataclasses
import time

import cv2
import numpy as np
import pytest

from keras_saliency.datasets import popout, popout_items
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.fixations import fixation_map

ARRAYS = [popout.render(i) for i in range(3 * len(popout.KINDS))]


def decode(data, flag=cv2.IMREAD_UNCHANGED):
    return cv2.imdecode(np.frombuffer(data, np.uint8), flag)


def same(a, b):
    return (a.kind == b.kind and np.array_equal(a.image, b.image)
            and np.array_equal(a.mask, b.mask) and np.array_equal(a.points, b.points)
            and np.array_equal(a.observer, b.observer))


def test_pure_and_independent_of_order():
    for index in (17, 3, 0):
        assert same(popout.render(index), ARRAYS[index])
    np.random.seed(1)
    assert same(popout.render(5, (240, 320), 0), ARRAYS[5])
    assert not same(popout.render(5, seed=1), ARRAYS[5])


def test_types_and_shapes():
    for array in ARRAYS:
        assert array.image.shape == (240, 320, 3) and array.image.dtype == np.uint8
        assert array.mask.shape == (240, 320) and array.mask.dtype == bool
        assert array.points.shape == (len(array.observer), 2)
        assert set(array.observer) == set(range(popout.OBSERVERS))


def test_kinds_cycle():
    assert len(popout.KINDS) >= 7
    assert [a.kind for a in ARRAYS] == 3 * list(popout.KINDS)


@pytest.mark.parametrize("index", range(200, 300))
def test_target_differs_in_exactly_one_feature(index):
    array = popout.render(index, size=(96, 128))
    different = [f.name for f in dataclasses.fields(popout_items.Item)
                 if getattr(array.target, f.name) != getattr(array.distractor, f.name)]
    expected = dict(color="color", intensity="color", orientation="angle", size="size",
                    shape="shape", curvature="bend", closure="gap", density="dots",
                    crossing="offset", thickness="width")[array.kind]
    assert different == [expected]


def test_mask_is_one_small_region_inside_the_image():
    for array in ARRAYS:
        regions, _ = cv2.connectedComponents(array.mask.astype(np.uint8))
        assert regions == 2  # the background and the target
        assert 0.002 < array.mask.mean() < 0.12
        # The target itself lies inside; only the widened rim may touch the border.
        core = cv2.erode(array.mask.astype(np.uint8), np.ones((3, 3)))
        border = np.concatenate([core[0], core[-1], core[:, 0], core[:, -1]])
        assert border.mean() < 0.05


def components(array):
    """Mean colour and area of each item, and whether it is the target."""
    background = np.median(array.image.reshape(-1, 3), axis=0)
    items = np.abs(array.image.astype(int) - background).max(2) > 20
    count, labels, stats, _ = cv2.connectedComponentsWithStats(items.astype(np.uint8))
    found = []
    for i in range(1, count):
        inside = labels == i
        if stats[i, cv2.CC_STAT_AREA] > 12:
            found.append((array.image[inside].mean(0), stats[i, cv2.CC_STAT_AREA],
                          array.mask[inside].mean() > 0.5))
    return found


@pytest.mark.parametrize("kind", ["color", "intensity"])
def test_color_of_the_target_differs_in_the_picture(kind):
    for array in (a for a in ARRAYS if a.kind == kind):
        found = components(array)
        target = [c for c, _, is_target in found if is_target]
        others = np.array([c for c, _, is_target in found if not is_target])
        assert len(target) == 1 and len(others) >= 8
        assert np.abs(others - others.mean(0)).max() < 12
        assert np.abs(target[0] - others.mean(0)).max() > 40


def test_size_of_the_target_differs_in_the_picture():
    for array in (a for a in ARRAYS if a.kind == "size"):
        found = components(array)
        target = [area for _, area, is_target in found if is_target]
        others = [area for _, area, is_target in found if not is_target]
        ratio = target[0] / np.median(others)
        assert len(target) == 1 and max(ratio, 1 / ratio) > 2.5


def test_items_stand_out_from_the_background():
    for array in ARRAYS:
        assert len(components(array)) >= 9, array.kind


def test_fixations_concentrate_on_the_target():
    scores = []
    for array in ARRAYS:
        inside = ((array.points >= 0) & (array.points < (320, 240))).all(1)
        seen = fixation_map(array.points[inside], (240, 320))
        standardised = (array.mask - array.mask.mean()) / array.mask.std(ddof=1)
        scores.append(standardised[seen > 0].mean())
    assert min(scores) > 0.5 and np.mean(scores) > 2


def test_few_fixations_lie_outside():
    points = np.concatenate([a.points for a in ARRAYS])
    outside = ((points < 0) | (points >= (320, 240))).any(1).mean()
    assert 0 < outside < 0.02


def test_load():
    data = popout.load(count=60, size=(120, 160), seed=3)
    kinds = set(popout.KINDS)
    assert len(data) == 60 and data.name == "popout" and data.edition == "popout v1 seed=3"
    assert data.names[0] == "popout_0000_color" and list(data.names) == sorted(data.names)
    assert data.pixels_per_dva == 8.0
    assert data.partition.count("val") == 10
    for part in ("train", "val"):
        assert {c for c, p in zip(data.categories, data.partition) if p == part} == kinds
    array = popout.render(13, (120, 160), 3)
    np.testing.assert_array_equal(decode(data.stimuli[13])[..., ::-1], array.image)
    np.testing.assert_array_equal(decode(data.target_masks[13]), array.mask * np.uint8(255))
    assert data.categories[13] == array.kind
    inside = ((array.points >= 0) & (array.points < (160, 120))).all(1)
    np.testing.assert_array_equal(data.fixations.of(13), array.points[inside])
    rows = data.fixations.rows(13)
    np.testing.assert_array_equal(data.fixations.observer[rows], array.observer[inside])
    assert (~inside).sum() == 1 and not data.fixations.dropped.any()
    assert "outside" not in data.summary()  # of data that was made here
    assert "simulated" in data.summary()


@pytest.mark.parametrize("count, validation, val", [
    (1, 0.2, 0), (5, 0.2, 1), (20, 0.2, 10), (100, 0.2, 20), (100, 0.0, 0), (25, 0.5, 10)])
def test_partition_sizes(count, validation, val):
    data = popout.load(count=count, size=(96, 96), validation=validation)
    assert data.partition.count("val") == val and len(data.partition) == count


@pytest.mark.parametrize("options, message", [
    (dict(root="/data/popout"), "takes no root"), (dict(count=0), "count"),
    (dict(count=2.5), "count"), (dict(count=10 ** 9), "at least 1 and at most 100000, not 1000"),
    (dict(size=(96, 10 ** 6)), "width .* at most 4096"),
    (dict(size=(20, 320)), "height"), (dict(size=(240, 32)), "width"),
    (dict(size=240), "size"), (dict(size=(240, 320, 3)), "size"), (dict(seed=-1), "seed"),
    (dict(seed="a"), "seed"), (dict(validation=1.0), "validation"),
    (dict(validation=-0.1), "validation")])
def test_bad_options_are_named(options, message):
    with pytest.raises(DatasetError, match=message):
        popout.load(**{"count": 2, **options})


def test_fast_enough_to_generate_at_every_start():
    start = time.process_time()
    popout.load(count=30)
    assert time.process_time() - start < 1.2  # 300 arrays in 4 s is 0.4; slow machines exist
