import numpy as np
import pytest

from keras_saliency.datasets import salicon
from keras_saliency.datasets.dataset import DatasetError

TRAIN = ["COCO_train2014_000000000009", "COCO_train2014_000000000025",
         "COCO_train2014_000000000030"]
VAL = ["COCO_val2014_000000000042"]


def gaze(points_of_observers):
    """A struct array row, as scipy writes it from records."""
    array = np.zeros((1, len(points_of_observers)), dtype=[
        ("location", object), ("timestamp", object), ("fixations", object)])
    for k, points in enumerate(points_of_observers):
        array[0, k] = (np.zeros((5, 2)), np.zeros((5, 1)), points)
    return array


def as_cells(structs):
    """The same as a column of cells, each with one struct."""
    array = np.empty((structs.size, 1), object)
    for k in range(structs.size):
        array[k, 0] = structs[:, k:k + 1]
    return array


# MATLAB counts from 1 and stores small whole numbers as uint8: 0 must not become 255.
OBSERVERS = [np.array([[1, 1], [60, 40]], np.uint8), np.array([[7, 3]], np.uint8),
             np.zeros((0, 2)), np.array([[0, 9], [61, 1]], np.uint8)]


@pytest.fixture
def root(tmp_path, write_image, write_mask, write_mat):
    for part, names in (("train", TRAIN), ("val", VAL)):
        for name in names:
            write_image(tmp_path / "images" / part / f"{name}.jpg")
            write_mask(tmp_path / "maps" / part / f"{name}.png", [(3, 3)])
            write_mat(tmp_path / "fixations" / part / f"{name}.mat", image=name,
                      resolution=[40, 60], gaze=gaze(OBSERVERS))
    return tmp_path


@pytest.mark.parametrize("edition", ["2015", "2017", 2017])
def test_reads_the_published_layout(root, edition):
    dataset = salicon.load(root, edition=edition)
    assert dataset.names == (*TRAIN, *VAL)
    assert dataset.edition == f"SALICON {edition}"
    assert dataset.partition == ("train", "train", "train", "val")
    assert [p.stem for p in dataset.stimuli] == [p.stem for p in dataset.density_files]
    assert {p.parent.parent.name for p in dataset.density_files} == {"maps"}
    assert dataset.sizes.tolist() == [[40, 60]] * 4 and dataset.pixels_per_dva is None
    assert dataset.fixations.of(3).tolist() == [[0, 0], [59, 39], [6, 2]]
    assert dataset.fixations.observer[dataset.fixations.rows(3)].tolist() == [0, 0, 1]
    assert dataset.fixations.dropped.tolist() == [2] * 4


@pytest.mark.parametrize("layout", [lambda g: g.T, as_cells, lambda g: as_cells(g).T])
def test_every_layout_of_gaze_gives_the_same(root, write_mat, layout):
    expected = salicon.load(root).fixations
    write_mat(root / "fixations" / "val" / f"{VAL[0]}.mat", gaze=layout(gaze(OBSERVERS)))
    found = salicon.load(root).fixations
    np.testing.assert_array_equal(found.of(3), expected.of(3))
    np.testing.assert_array_equal(found.observer, expected.observer)


def test_a_single_observer_and_none(root, write_mat):
    write_mat(root / "fixations" / "val" / f"{VAL[0]}.mat", gaze=gaze(OBSERVERS[1:2]))
    write_mat(root / "fixations" / "train" / f"{TRAIN[0]}.mat", gaze=np.zeros((0, 0)))
    dataset = salicon.load(root)
    assert dataset.fixations.of(3).tolist() == [[6, 2]]
    assert dataset.fixations.of(0).tolist() == []


def test_limit_takes_the_first_of_each_partition(root):
    dataset = salicon.load(root, limit=2)
    assert dataset.names == (*TRAIN[:2], *VAL)
    assert dataset.notes == ("3 of the 15000 published stimuli",)
    assert len(dataset.fixations.sizes) == 3


def test_density_alone_reads_no_fixations(root):
    for file in (root / "fixations" / "train").iterdir():
        file.write_bytes(b"never read")
    dataset = salicon.load(root, use_fixations=False)
    assert dataset.fixations is None and len(dataset.density_files) == 4


def test_fixations_alone(root):
    (root / "maps").rename(root / "elsewhere")
    assert salicon.load(root).density_files is None
    with pytest.raises(DatasetError, match="no folder .*maps and use_fixations is false"):
        salicon.load(root, use_fixations=False)


def test_missing_folder_tells_what_to_do(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere"):
        salicon.load(tmp_path / "nowhere")
    (root / "fixations").rename(root / "elsewhere")
    with pytest.raises(DatasetError, match="no folder .*train; unpack it, or set use_fixations"):
        salicon.load(root)
    (root / "images" / "val").rename(root / "images" / "dev")
    with pytest.raises(DatasetError, match="no folder .*val; .* holds dev, train"):
        salicon.load(root, use_fixations=False)


@pytest.mark.parametrize("folder,what", [("maps", "density map"), ("fixations", "fixation file")])
def test_a_stimulus_without_a_partner(root, folder, what):
    next((root / folder / "val").iterdir()).unlink()
    with pytest.raises(DatasetError, match=f"no {what} in .*val for {VAL[0]}.jpg"):
        salicon.load(root)


def test_wrong_files_are_named(root, write_mask):
    write_mask(root / "maps" / "val" / f"{VAL[0]}.png", size=(40, 61))
    with pytest.raises(DatasetError, match=f"{VAL[0]}.png .40x61, stimulus 40x60"):
        salicon.load(root)
    (root / "images" / "train" / f"{TRAIN[1]}.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=f"unreadable images: .*{TRAIN[1]}.jpg"):
        salicon.load(root)


def test_malformed_fixations_are_named(root, write_mat):
    file = root / "fixations" / "val" / f"{VAL[0]}.mat"
    write_mat(file, gaze=gaze([np.zeros((2, 3))]))
    with pytest.raises(DatasetError, match=f"{VAL[0]}.mat, observer 1: 2 columns"):
        salicon.load(root)
    write_mat(file, image="no gaze")
    with pytest.raises(DatasetError, match=f"no variable 'gaze' in .*{VAL[0]}.mat"):
        salicon.load(root)
    file.write_bytes(b"MATLAB 5.0" * 20)
    with pytest.raises(DatasetError, match=f"cannot read .*{VAL[0]}.mat"):
        salicon.load(root)


@pytest.mark.parametrize("options,message", [({"edition": "2016"}, "no edition '2016'"),
                                             ({"limit": 0}, "limit must be a whole number above 0"),
                                                 ({"limit": "ten"}, "not ten")])
def test_bad_options(root, options, message):
    with pytest.raises(DatasetError, match=message):
        salicon.load(root, **options)
