import numpy as np
import pytest

from keras_saliency.datasets import isun
from keras_saliency.datasets.dataset import DatasetError


def records(entries):
    """A struct array column as in the release: (name, (H, W), points of each observer)."""
    array = np.zeros((len(entries), 1), dtype=[(k, object) for k in (
        "image", "resolution", "scene_category", "gaze")])
    for k, (name, resolution, observers) in enumerate(entries):
        gaze = np.zeros((1, len(observers)), dtype=[(k, object) for k in (
            "location", "timestamp", "fixation")])
        for j, points in enumerate(observers):
            gaze[0, j] = (np.zeros((9, 2)), np.arange(9.0), np.asarray(points))
        array[k, 0] = (name, np.array([resolution]), "kitchen", gaze)
    return array


TRAINING = [("sun_b", (40, 60), [[[3, 4], [59, 39]], [[60, 1]], [[0, 0.5]]]),
            ("sun_a.v2", (50, 30), [np.zeros((0, 2)), [[29, 49]]])]
VALIDATION = [("sun_ab", (40, 60), [[[7, 8]]])]


@pytest.fixture
def root(tmp_path, write_image, write_mat):
    write_mat(tmp_path / "training.mat", training=records(TRAINING))
    write_mat(tmp_path / "validation.mat", validation=records(VALIDATION))
    for name, size in (("sun_a.v2", (50, 30)), ("sun_b", (40, 60)), ("sun_ab", (40, 60)),
                       ("sun_of_the_test_part", (40, 60))):
        write_image(tmp_path / "images" / f"{name}.jpg", size)
    return tmp_path


def test_reads_the_published_layout(root):
    dataset = isun.load(root)
    assert dataset.names == ("sun_a.v2", "sun_ab", "sun_b")
    assert dataset.partition == ("train", "val", "train")
    assert [p.name for p in dataset.stimuli] == ["sun_a.v2.jpg", "sun_ab.jpg", "sun_b.jpg"]
    assert dataset.sizes.tolist() == [[50, 30], [40, 60], [40, 60]]
    assert dataset.edition == "iSUN 2015 (LSUN)" and dataset.pixels_per_dva is None
    assert dataset.fixations.of(0).tolist() == [[29, 49]]
    assert dataset.fixations.of(1).tolist() == [[7, 8]]
    assert dataset.fixations.of(2).tolist() == [[3, 4], [59, 39], [0, 0.5]]
    assert dataset.fixations.observer.tolist() == [1, 0, 0, 0, 2]
    assert dataset.fixations.dropped.tolist() == [0, 0, 1]
    assert dataset.notes == ("3 of the 6926 published stimuli",)


def test_resolution_in_the_other_order_is_the_same_image(root, write_mat):
    swapped = [(name, size[::-1], observers) for name, size, observers in VALIDATION]
    write_mat(root / "validation.mat", validation=records(swapped))
    assert isun.load(root).fixations.of(1).tolist() == [[7, 8]]


def test_missing_files_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*training.mat"):
        isun.load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no folder .*pictures; .* holds images, training.mat"):
        isun.load(root, images="pictures")
    (root / "images/sun_ab.jpg").unlink()
    with pytest.raises(DatasetError, match="no image in .*images for sun_ab"):
        isun.load(root)
    (root / "validation.mat").unlink()
    with pytest.raises(DatasetError, match="no file .*validation.mat"):
        isun.load(root)


def test_wrong_files_are_named(root, write_image, write_mat):
    write_image(root / "images/sun_b.jpg", (41, 60))
    with pytest.raises(DatasetError, match="another size than recorded: sun_b"):
        isun.load(root)
    write_mat(root / "validation.mat", validation=records([("sun_b", (40, 60), [])]))
    with pytest.raises(DatasetError, match="recorded twice: sun_b"):
        isun.load(root)
    write_mat(root / "validation.mat", validation=records([("sun_ab", (40, 60), [[[1, 2, 3]]])]))
    write_image(root / "images/sun_b.jpg", (40, 60))
    with pytest.raises(DatasetError, match="validation.mat, record 1: 2 columns"):
        isun.load(root)
    write_mat(root / "validation.mat", validation={"image": "sun_ab"})
    with pytest.raises(DatasetError, match="record 1: no field 'resolution', only image"):
        isun.load(root)
    write_mat(root / "validation.mat", validation=np.zeros((0, 0)))
    with pytest.raises(DatasetError, match="validation.mat has no records"):
        isun.load(root)
    (root / "validation.mat").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="cannot read .*validation.mat"):
        isun.load(root)


def test_unreadable_image_is_named(root):
    (root / "images/sun_ab.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="unreadable images: .*sun_ab.jpg"):
        isun.load(root)
