"""Masks that are none: each has other fixations than those of the table it was made from."""
import cv2
import numpy as np
import pytest

from keras_saliency.datasets import folder
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.datasets.masks import crowding, mask_fault

SIZE = (120, 160)
ALONE = np.array([(x, y) for x in range(8, 160, 16) for y in range(8, 120, 16)])


def mask(points=ALONE, size=SIZE, value=255):
    values = np.zeros(size, np.uint8)
    x, y = np.asarray(points).T
    values[y, x] = value
    return values


def dots(radius):
    values = np.zeros(SIZE, np.uint8)
    for point in ALONE:
        cv2.circle(values, tuple(map(int, point)), radius, 255, -1)
    return values


def resized(values, small, way):
    return cv2.resize(cv2.resize(values, small[::-1], interpolation=way), SIZE[::-1],
                      interpolation=way)


def as_jpeg(values, quality=95):
    return cv2.imdecode(cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)


def heatmap(sigma=8, scale=255):
    blurred = cv2.GaussianBlur(mask().astype(np.float32), (0, 0), sigma)
    return np.round(blurred / blurred.max() * scale).astype(np.uint8)


NO_MASKS = {
    "enlarged": (resized(mask(), (60, 80), cv2.INTER_AREA), "side by side"),
    "linear": (cv2.resize(mask(ALONE // 2, (60, 80)), (160, 120)), "faint|side by side"),
    "cubic": (cv2.resize(mask(ALONE // 2, (60, 80)), (160, 120), interpolation=cv2.INTER_CUBIC),
              "faint|side by side"),
    "crosses": (dots(1), "side by side: dots"),
    "dots": (dots(3), "side by side: dots"),
    "a JPEG before, 75": (as_jpeg(mask(), 75), "faint: .* JPEG"),
    "a JPEG before, 100": (as_jpeg(mask(), 100), "faint: .* JPEG"),
    "inverted": (255 - mask(), "most of them 255: an inverted mask"),
    "zero and one": (1 - mask(value=1), "most of them 1: an inverted mask"),
    "heatmap": (heatmap(), "a density or a photograph"),
    "peaks": (np.where(heatmap(3) > 128, heatmap(3), 0).astype(np.uint8), "side by side"),
    "path": (cv2.polylines(mask(), [ALONE[::7].astype(np.int32), ALONE[3::5].astype(np.int32)],
                           False, 255), "side by side: dots, lines"),
}


@pytest.fixture
def root(tmp_path, write_image):
    write_image(tmp_path / "stimuli" / "a.png", SIZE)
    (tmp_path / "fixations").mkdir()
    return tmp_path


def load(root, values, ending=".png", **options):
    cv2.imwrite(str(root / "fixations" / f"a{ending}"), values)
    return folder.load(root, **options)


def expected(points=ALONE):
    return sorted(map(tuple, np.asarray(points, float).tolist()))


def test_a_mask_is_read_as_its_points(root, rows):
    assert rows(load(root, mask()), 0) == expected()
    assert mask_fault(mask()) == "" and crowding(mask()).alone == len(ALONE)


@pytest.mark.parametrize("kind", NO_MASKS)
def test_no_mask_is_refused_with_the_cause(root, kind):
    values, message = NO_MASKS[kind]
    with pytest.raises(DatasetError, match=f"a.png is no fixation mask: .*({message}).*"
                                           "check_masks: false"):
        load(root, values)
    dataset = load(root, values, check_masks=False)
    assert len(dataset.fixations) == (values > 0).sum() != len(ALONE)


def test_a_jpeg_is_refused_unless_it_is_black(root):
    with pytest.raises(DatasetError, match="above 0 in a JPEG.*save it as PNG"):
        load(root, mask(), ".jpg")
    assert len(load(root, np.zeros(SIZE, np.uint8), ".jpg").fixations) == 0


def test_dots_of_transparency_alone_are_refused(root):
    values = np.zeros((*SIZE, 4), np.uint8)
    values[..., 3] = mask()
    with pytest.raises(DatasetError, match="only its transparency differs"):
        load(root, values)


def test_few_large_fixations_in_many_masks_are_refused(root, write_image, write_mask):
    for name in "abcd":
        write_image(root / "stimuli" / f"{name}.png", SIZE)
        write_mask(root / "fixations" / f"{name}.png", [(8, 8), (8, 9), (9, 8), (9, 9)], SIZE)
    with pytest.raises(DatasetError, match="most of the 16 pixels above 0 of the 4 fixation masks"):
        folder.load(root)


RNG = np.random.default_rng(5)
CLOSE = np.unique(RNG.normal((80, 60), 3, (15, 2)).astype(int), axis=0)
DENSE = np.unique(np.clip(RNG.normal((80, 60), (25, 20), (1500, 2)), 0, (159, 119)).astype(int),
                  axis=0)
COUNTS = mask()
COUNTS[20:60:2, 30:50:2] = RNG.integers(1, 10, (20, 10))
NUMBERED = np.where(COUNTS > 0, np.arange(COUNTS.size).reshape(SIZE) % 251 + 1, 0).astype(np.uint8)
MASKS = {"central": mask(CLOSE), "dense": mask(DENSE), "one": mask([(80, 60)]),
         "counts": np.minimum(COUNTS, 9), "scaled counts": np.minimum(COUNTS, 9) * 28,
         "numbered": NUMBERED, "row": mask([(x, 5) for x in range(0, 160, 3)]),
         "corner": mask([(0, 0), (159, 119), (0, 119)]),
         "pairs": mask(np.concatenate([ALONE, ALONE[::3] + (1, 0)]))}


@pytest.mark.parametrize("kind", MASKS)
def test_unusual_masks_are_masks(root, rows, kind):
    y, x = np.nonzero(MASKS[kind])
    assert rows(load(root, MASKS[kind]), 0) == expected(np.stack([x, y], axis=1))


def test_masks_of_real_observers_at_many_sizes(osie_root):
    from keras_saliency.datasets import load_dataset

    dataset = load_dataset("osie", osie_root)
    for part in (1, 2, 4, 8):
        for index in range(0, len(dataset), 35):
            size = tuple(dataset.sizes[index] // part)
            points = (dataset.fixations.of(index) / part).astype(int)
            assert mask_fault(mask(np.minimum(points, np.subtract(size[::-1], 1)), size)) == ""
