import numpy as np
import pytest

from keras_saliency.datasets import cat2000
from keras_saliency.datasets.dataset import DatasetError

CATEGORIES = ("Action", "Affective")


@pytest.fixture
def root(tmp_path, write_image, write_mask, write_mat):
    for category in CATEGORIES:
        for k, name in enumerate(("001", "002")):
            base = tmp_path / "trainSet"
            write_image(base / "Stimuli" / category / f"{name}.jpg")
            write_mask(base / "FIXATIONMAPS" / category / f"{name}.jpg", [(5, 5)])
            counts = np.zeros((40, 60), np.uint8)
            counts[39, 59], counts[k, 2] = 1, 2 + k
            write_mat(base / "FIXATIONLOCS" / category / f"{name}.mat", fixLocs=counts)
        # Down-sized copies that have nothing to do with the set.
        write_image(base / "Stimuli" / category / "Output" / "001_Copy.jpg", (4, 6))
        write_mask(base / "FIXATIONMAPS" / category / "Output" / "001_Copy.jpg", size=(4, 6))
    return tmp_path


@pytest.mark.parametrize("inner", ["", "trainSet"])
def test_reads_the_published_layout(root, inner):
    dataset = cat2000.load(root / inner)
    assert dataset.names == ("Action/001", "Action/002", "Affective/001", "Affective/002")
    assert dataset.categories == ("Action", "Action", "Affective", "Affective")
    assert [f"{p.parent.name}/{p.stem}" for p in dataset.stimuli] == list(dataset.names)
    assert [f"{p.parent.name}/{p.stem}" for p in dataset.density_files] == list(dataset.names)
    assert dataset.sizes.tolist() == [[40, 60]] * 4
    assert dataset.edition == "CAT2000 2015 train" and dataset.pixels_per_dva == 38
    assert dataset.fixations.of(0).tolist() == [[2, 0], [2, 0], [59, 39]]
    assert dataset.fixations.of(3).tolist() == [[2, 1]] * 3 + [[59, 39]]
    assert cat2000.load(root, use_density=False).density_files is None


def test_logical_maps_count_once(root, write_mat):
    counts = np.zeros((40, 60), bool)
    counts[7, 9] = True
    write_mat(root / "trainSet/FIXATIONLOCS/Action/001.mat", fixLocs=counts)
    assert cat2000.load(root).fixations.of(0).tolist() == [[9, 7]]


@pytest.mark.parametrize("value", [1e12, -1.0, np.nan])
def test_counts_that_are_none_are_named(root, write_mat, value):
    write_mat(root / "trainSet/FIXATIONLOCS/Action/001.mat", fixLocs=np.full((40, 60), value))
    with pytest.raises(DatasetError, match="Action/001.mat: fixLocs counts fixations, from 0"):
        cat2000.load(root)


def test_missing_folders_and_partners_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*trainSet/"):
        cat2000.load(tmp_path / "nowhere")
    base = root / "trainSet"
    (base / "FIXATIONLOCS/Action/002.mat").unlink()
    with pytest.raises(DatasetError, match="no fixation map in .*FIXATIONLOCS/Action for 002.jpg"):
        cat2000.load(root)
    (base / "FIXATIONLOCS/Action").rename(base / "FIXATIONLOCS/action_")
    with pytest.raises(DatasetError, match="no folder .*FIXATIONLOCS/Action;"):
        cat2000.load(root)
    (base / "Stimuli").rename(base / "elsewhere")
    with pytest.raises(DatasetError, match="no folder .*Stimuli"):
        cat2000.load(root)


def test_wrong_files_are_named(root, write_mask, write_mat):
    base = root / "trainSet"
    write_mat(base / "FIXATIONLOCS/Action/001.mat", fixLocs=np.zeros((60, 40)))
    with pytest.raises(DatasetError, match="Action/001.mat .60x40, stimulus 40x60"):
        cat2000.load(root)
    write_mat(base / "FIXATIONLOCS/Action/001.mat", fixLocs="text")
    with pytest.raises(DatasetError, match="Action/001.mat: fixLocs is no matrix"):
        cat2000.load(root)
    (base / "FIXATIONLOCS/Action/001.mat").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="cannot read .*Action/001.mat"):
        cat2000.load(root)
    write_mask(base / "FIXATIONMAPS/Affective/002.jpg", size=(40, 59))
    with pytest.raises(DatasetError, match="Affective/002.jpg .40x59, stimulus 40x60"):
        cat2000.load(root)
    (base / "Stimuli/Affective/001.jpg").write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="unreadable images: .*Affective/001.jpg"):
        cat2000.load(root)
