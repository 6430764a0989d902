"""Tables whose coordinates are not pixels from the top left corner, through each reader."""
import warnings

import numpy as np
import pytest

from keras_saliency.areas.files import AreaFile
from keras_saliency.areas.study import study_areas
from keras_saliency.datasets import load_dataset
from keras_saliency.datasets.coordinates import COORDINATES, to_pixels
from keras_saliency.datasets.dataset import DatasetError

SIZE = (120, 160)
MIDDLE = np.array([80, 60])
RNG = np.random.default_rng(3)
POINTS = np.clip(RNG.normal(MIDDLE, (32, 22), (90, 2)), (0.5, 0.5), (159, 119)).round(2)
IMAGES = np.arange(90) % 6
UP = np.array([1, -1])
WRONG = {
    "fractions": (POINTS / (160, 120), "parts of the width and height.*coordinates.{1,2}fractions"),
    "fractions, some beyond": (np.vstack([[(-0.03, 0.5), (1.02, 0.4)],
                                          (POINTS / (160, 120))[2:]]), "parts of the width"),
    "fractions from the center": (POINTS / (160, 120) - 0.5, "parts of .* from the center"),
    "-1 to 1": (POINTS / (80, 60) - 1, "parts of the width and height from the center"),
    "center": (POINTS - MIDDLE, "measured from the center.*coordinates.{1,2}center"),
    "center_up": ((POINTS - MIDDLE) * UP, "coordinates.{1,2}center_up.* where y grows upwards"),
    "degrees": ((POINTS - MIDDLE) / 24, "degrees or another unit, measured from the center"),
    "negative y": (POINTS * UP, "is y measured upwards, from the top edge"),
    "1080x1920": (POINTS * (12, 9), "pixels of another display size"),
    "480x640": (POINTS * 4, "pixels of another display size"),
    "moved": (POINTS + (300, 200), "pixels of another display size"),
    "exchanged": (POINTS[:, ::-1], "are x and y exchanged|none with x and y exchanged"),
    "percent": (POINTS / (160, 120) * 50, "upper left quarter.*: percent"),
    "half": (POINTS / 2, "upper left quarter"),
}


@pytest.fixture
def folder(tmp_path, write_image):
    for name in "abcdef":
        write_image(tmp_path / "stimuli" / f"{name}.png", SIZE)

    def write(points):
        rows = [f"{'abcdef'[image]},o{k // 6 % 3},{x},{y}" for k, (image, (x, y)) in enumerate(
            zip(IMAGES, points))]
        (tmp_path / "fixations.csv").write_text("\n".join(["stimulus,observer,x,y", *rows]) + "\n")
        return tmp_path
    return write


def of_folder(root, coordinates=None):
    return load_dataset("folder", root, **({"coordinates": coordinates} if coordinates else {}))


def expected(index):
    return POINTS[IMAGES == index]


@pytest.mark.parametrize("kind", WRONG)
def test_the_cause_is_told(folder, kind):
    points, message = WRONG[kind]
    with pytest.raises(DatasetError, match=f"fixations.csv: .*({message}).*If they are pixels .* "
                                           r"set data.options=.coordinates: pixels\}"):
        of_folder(folder(points))
    with pytest.raises(DatasetError, match=message):
        areas_of(folder(points))


def areas_of(root, coordinates=None):
    areas = AreaFile(root, {"left": [0, 0, 80, 120]})
    return list(study_areas(lambda image: np.ones(image.shape[:2], np.float32),
                            sorted((root / "stimuli").iterdir()), areas, root / "fixations.csv",
                            coordinates=coordinates))


def stated(name):
    """POINTS as `coordinates` of that name."""
    return {"pixels": POINTS, "fractions": POINTS / (160, 120), "center": POINTS - MIDDLE,
            "center_up": (POINTS - MIDDLE) * UP, "bottom": (0, 120) + POINTS * UP}[name]


@pytest.mark.parametrize("name", COORDINATES)
def test_the_setting_gives_the_right_fixations(folder, name):
    root = folder(stated(name))
    dataset = of_folder(root, name)
    for index in range(6):
        by_row = np.lexsort(dataset.fixations.of(index).T), np.lexsort(expected(index).T)
        np.testing.assert_allclose(dataset.fixations.of(index)[by_row[0]],
                                   expected(index)[by_row[1]], atol=1e-9)
    for index, studied in enumerate(areas_of(root, name)):
        assert studied.shares.fixated[0, 0] == pytest.approx((expected(index)[:, 0] < 80).mean())


def test_unknown_coordinates_are_named(folder):
    with pytest.raises(DatasetError, match="coordinates are pixels, fractions, .* not 'percent'"):
        of_folder(folder(POINTS), "percent")


GOOD = {
    "as measured": POINTS,
    "central": RNG.normal(MIDDLE, 1.5, (90, 2)),
    "one place": np.tile(MIDDLE, (90, 1)),
    "whole numbers": POINTS.round(),
    "some outside": np.vstack([POINTS[:84], [(-3, 5), (170, 60), (80, 130), (90, -5), (5, -1),
                                             (161, 80)]]),
    "lower right": 80 + POINTS / 4,
    "a column": np.stack([np.full(90, 20), POINTS[:, 1]], axis=1),
    "blinks": np.where(RNG.random((90, 1)) < 0.3, np.nan, POINTS),
}


@pytest.mark.parametrize("kind", GOOD)
def test_good_tables_pass_without_a_word(folder, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = of_folder(folder(GOOD[kind]))
    inside = ((GOOD[kind] >= 0) & (GOOD[kind] < (160, 120))).all(axis=1)
    assert len(dataset.fixations) == inside.sum()


@pytest.mark.parametrize("points", [[(0, 0)], [(1, 1), (0, 0)], [(2, 2)] * 3, [(0.5, 0.5)]])
def test_few_fixations_in_a_tiny_picture_pass(points):
    x, y = np.array(points, float).T
    np.testing.assert_array_equal(to_pixels(x, y, (4, 4)), [x, y])


def test_no_and_only_missing_fixations_pass():
    assert to_pixels([], [], (4, 4))[0].shape == (0,)
    assert np.isnan(to_pixels([np.nan] * 5, [1.0] * 5, (40, 40))[0]).all()


def test_a_part_right_and_below_is_warned_of():
    points = RNG.normal(MIDDLE, (32, 22), (2000, 2)).clip(1, (159, 119)) * 1.2
    with pytest.warns(UserWarning, match=r"fixations: \d+ of 2000 fixations lie right of or below"):
        to_pixels(*points.T, SIZE)
