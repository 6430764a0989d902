"""Areas as masks, and their shares: fractions worked out by hand, and matplotlib's polygons."""
import json
import tracemalloc

import numpy as np
import pytest
from matplotlib.path import Path

from keras_saliency.areas.shares import area_masks, attention_share, polygon_mask
from keras_saliency.files import InputError

FALLING = np.array([[9, 8, 7], [6, 5, 4], [3, 2, 1]])  # sum 45


def test_boxes():
    found = attention_share(FALLING, {"top": (0, 0, 3, 1), "corner": (2, 2, 3, 3)})
    assert found.names == ("top", "corner")
    np.testing.assert_allclose(found.share, [24 / 45, 1 / 45], rtol=1e-15)
    np.testing.assert_allclose(found.size, [3 / 9, 1 / 9], rtol=1e-15)
    np.testing.assert_allclose(found.ratio, [8 / 5, 1 / 5], rtol=1e-15)
    assert found.rank.tolist() == [1, 2]
    assert (found.overlap == 0).all() and found.repeated == 0
    assert found.rest == pytest.approx(20 / 45) and found.rest_size == pytest.approx(5 / 9)
    assert found.fixated is None


def test_overlapping_areas_add_up():
    areas = {"top": (0, 0, 3, 1), "left": (0, 0, 1, 3), "all": (0, 0, 3, 3)}
    found = attention_share(FALLING, areas)
    np.testing.assert_allclose(found.share, [24 / 45, 18 / 45, 1])
    # all of the first two lies in the third, which shares the top and the left with them
    np.testing.assert_allclose(found.overlap, [24 / 45, 18 / 45, 33 / 45])
    assert found.repeated == pytest.approx((24 + 18) / 45) and found.rest == 0
    assert found.share.sum() - found.repeated + found.rest == pytest.approx(1)


def test_areas_of_one_share_have_one_rank():
    found = attention_share(np.ones((4, 4)), [(0, 0, 1, 1), (0, 0, 4, 1), (3, 3, 4, 4)])
    assert found.names == ("1", "2", "3") and found.rank.tolist() == [2, 1, 2]
    np.testing.assert_allclose(found.ratio, 1)


def test_labels_and_masks_are_the_same_areas():
    labels = np.array([[1, 1, 1], [0, 0, 7], [0, 0, 7]])
    by_label = attention_share(FALLING, labels)
    by_mask = attention_share(FALLING, {str(label): labels == label for label in (1, 7)})
    assert by_label.names == by_mask.names == ("1", "7")
    np.testing.assert_array_equal(by_label.share, by_mask.share)
    np.testing.assert_allclose(by_label.share, [24 / 45, 5 / 45])


@pytest.mark.parametrize("box, columns", [
    ((0.5, 0, 2.5, 3), [0, 1]),     # a center on the left edge belongs to the area
    ((0.51, 0, 2.51, 3), [1, 2]),
    ((-5, -5, 1.2, 50), [0]),       # what lies outside is left out
])
def test_pixels_belong_by_their_centers(box, columns):
    mask = area_masks({"area": box}, (3, 3))["area"]
    assert (mask == np.isin(np.arange(3), columns)).all()


def test_polygons_are_those_of_matplotlib():
    random = np.random.default_rng(0)
    y, x = np.mgrid[:40, :60] + 0.5
    centers = np.stack([x.ravel(), y.ravel()], axis=1)
    for corners in (3, 4, 7):
        polygon = random.uniform(-10, 65, (corners, 2))
        expected = Path(polygon).contains_points(centers).reshape(40, 60)
        mask = polygon_mask(polygon, (40, 60))
        assert expected.any()
        np.testing.assert_array_equal(mask, expected)


def test_polygons_that_share_edges_tile_the_picture():
    middle = (13.7, 9.3)
    corners = [(0, 0), (30, 0), (30, 20), (0, 20)]
    triangles = [(a, b, middle) for a, b in zip(corners, corners[1:] + corners[:1])]
    times = sum(polygon_mask(triangle, (20, 30)).astype(int) for triangle in triangles)
    assert (times == 1).all()
    found = attention_share(np.random.default_rng(1).random((20, 30)), triangles)
    assert found.share.sum() == pytest.approx(1) and found.rest == 0


def test_measured_share():
    areas = {"left": (0, 0, 1, 3)}
    points = [(0.2, 0.9), (0.9, 2.9), (1, 1), (2, 2), (-1, 1), (0.5, np.nan)]  # two outside
    share, low, high = attention_share(FALLING, areas, points).fixated[0]
    assert share == 2 / 4
    # of 4 draws 0 to 4 hit, each by 1/2: 2.5 % of all draws have none, 6.25 %
    assert (low, high) == (0, 1)
    observers = [1, 1, 2, 1, 3, 3]
    share, low, high = attention_share(FALLING, areas, points, observers).fixated[0]
    assert share == pytest.approx((2 / 3 + 0) / 2)
    assert (low, high) == (0, pytest.approx(2 / 3))
    many = np.tile(points[:4], (500, 1))
    share, low, high = attention_share(FALLING, areas, many).fixated[0]
    assert share == 0.5  # the binomial's 95 %: 1.96 * sqrt(1/4 / 2000) on either side
    assert (low, high) == pytest.approx((0.5 - 0.0219, 0.5 + 0.0219), abs=0.002)


@pytest.mark.parametrize("areas, message", [
    ({"logo": (2, 0, 1, 3)}, "area 'logo': a box is left, top, right, bottom"),
    ({"logo": (5, 5, 9, 9)}, "area 'logo' has no pixel inside the picture of 3x3"),
    ({"logo": [(0, 0), (1, 1)]}, "area 'logo' is neither a box"),
    ({"logo": [(0, 0), (1, 1), (2,)]}, "area 'logo' is neither a box"),
    ({"logo": [0, 0, 1, 10 ** 400]}, "area 'logo' is neither a box"),
    ({"logo": json.loads("[" * 500 + "]" * 500)}, "area 'logo' is neither a box"),
    ({"logo": "all"}, "neither a box"),
    ({"logo": np.ones((2, 3), bool)}, "its mask is"),
    ({"logo": (0, 0, np.nan, 3)}, "a box is"),
    ({}, "no areas"),
    (np.zeros((3, 3), int), "no areas"),
    (np.zeros((3, 3)), "labels of areas are integers"),
])
def test_bad_areas_are_named(areas, message):
    with pytest.raises(InputError, match=message):
        attention_share(FALLING, areas)


@pytest.mark.parametrize("density", [-FALLING, np.zeros((3, 3)), np.full((3, 3), np.nan),
                                     np.ones(3)])
def test_what_is_no_density_is_refused(density):
    with pytest.raises(InputError, match="density"):
        attention_share(density, {"all": (0, 0, 3, 3)})


def test_bad_fixations():
    with pytest.raises(InputError, match="1 of 1 fixations lie outside their picture"):
        attention_share(FALLING, {"all": (0, 0, 3, 3)}, [(7, 7)])
    with pytest.raises(InputError, match="no fixation lies inside"):
        attention_share(FALLING, {"all": (0, 0, 3, 3)}, [(7, 7)], coordinates="pixels")
    with pytest.raises(InputError, match="1 observers of 2"):
        attention_share(FALLING, {"all": (0, 0, 3, 3)}, [(1, 1), (0, 0)], [1])


@pytest.mark.parametrize("points, message", [
    (np.ones((4, 3)), r"\[F, 2\], one row \(x, y\) for each fixation, not an array \[4, 3\]"),
    (np.ones((2, 5)), r"not an array \[2, 5\]; transpose it"), (np.ones((1, 4, 2)), "array"),
    ((1, 1), r"not an array \[2\]"), (1, r"not an array \[\]"), ([[1, 2], [1]], "one length"),
    ("here", "not numbers"), ([("a", 1)], "not numbers"), ([{"x": 1}], "not numbers"),
    ([], "no fixation lies inside"), (np.zeros((0, 2)), "no fixation lies inside"),
    ([(np.nan, 1)], "no fixation lies inside"),
])
def test_fixations_of_another_shape_are_refused(points, message):
    with pytest.raises(InputError, match=message):
        attention_share(FALLING, {"all": (0, 0, 3, 3)}, points)


def test_coordinates_that_are_stated():
    density, box = np.ones((60, 80)), {"corner": (0, 0, 40, 15)}
    pixels = np.array([(10, 5), (70, 50), (39, 14.5), (40, 3)])
    expected = attention_share(density, box, pixels).fixated
    assert expected[0, 0] == 2 / 4
    for name, points in (("pixels", pixels), ("fractions", pixels / (80, 60)),
                         ("center", pixels - (40, 30)),
                         ("center_up", (pixels - (40, 30)) * (1, -1)),
                         ("bottom", (0, 60) + pixels * (1, -1))):
        found = attention_share(density, box, points, coordinates=name).fixated
        np.testing.assert_allclose(found, expected, err_msg=name)
    with pytest.raises(InputError, match="coordinates are pixels, fractions.* not 'percent'"):
        attention_share(density, box, pixels, coordinates="percent")
    with pytest.raises(InputError, match="parts of the width and height.* coordinates=fractions"):
        attention_share(density, box, pixels / (80, 60))


def test_many_areas_take_a_bit_a_pixel():
    areas = {str(k): (k % 20 * 10, k // 20 * 10, k % 20 * 10 + 10, k // 20 * 10 + 10)
             for k in range(400)}
    density = np.random.default_rng(0).random((200, 200))
    tracemalloc.start()
    found = attention_share(density, areas)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 400 * density.size / 2  # bytes; a byte a pixel would be twice that
    expected = density.reshape(20, 10, 20, 10).sum(axis=(1, 3)).ravel() / density.sum()
    np.testing.assert_allclose(found.share, expected)
    assert found.rest == 0
    fixated = attention_share(density, areas, [(5, 5), (15, 5)]).fixated
    assert fixated[:3, 0].tolist() == [0.5, 0.5, 0]
