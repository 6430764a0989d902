import numpy as np
import pytest

from keras_saliency.datasets import pascals
from keras_saliency.datasets.dataset import DatasetError

# Cell k is image k.jpg: rows (row, column, observer), all from 1.
CELLS = [np.array([[4, 5, 2], [40, 60, 1], [1, 1, 2]])] + [
    np.array([[k, 2 * k, 1]]) for k in range(2, 10)] + [np.zeros((0, 3)),
                                                       np.array([[41, 1, 8], [10, 11, 8]])]


@pytest.fixture
def root(tmp_path, write_image, write_mat73):
    for number in range(1, 12):
        write_image(tmp_path / "datasets/imgs/pascal" / f"{number}.jpg")
    write_mat73(tmp_path / "datasets/fixations/pascalFix.mat", "fixCell", CELLS)
    return tmp_path


def test_reads_the_published_layout(root):
    dataset = pascals.load(root)
    # Name order, in which 10 and 11 come before 2, as in the authors' split.
    assert dataset.names == ("1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9")
    assert [p.stem for p in dataset.stimuli] == list(dataset.names)
    assert dataset.density_files is None and dataset.pixels_per_dva is None
    assert dataset.edition == "PASCAL-S 2014"
    assert dataset.fixations.of(0).tolist() == [[59, 39], [4, 3], [0, 0]]
    assert dataset.fixations.of(1).tolist() == []
    assert dataset.fixations.of(2).tolist() == [[10, 9]]
    assert dataset.fixations.of(3).tolist() == [[3, 1]]
    assert dataset.fixations.of(10).tolist() == [[17, 8]]
    assert dataset.fixations.observer[:4].tolist() == [0, 1, 1, 7]
    assert dataset.fixations.dropped.tolist() == [0, 0, 1] + [0] * 8


def test_a_file_of_an_older_version_gives_the_same(root, write_mat, cell):
    expected = pascals.load(root).fixations
    write_mat(root / "datasets/fixations/pascalFix.mat", fixCell=cell(CELLS))
    found = pascals.load(root).fixations
    np.testing.assert_array_equal(found.x, expected.x)
    np.testing.assert_array_equal(found.image, expected.image)


def test_published_densities_are_the_target_where_present(root, write_mask):
    folder = root / "algmaps/pascal/humanFix"
    for number in range(1, 12):
        write_mask(folder / f"{number}.png", [(3, 3)])
    dataset = pascals.load(root)
    assert [p.stem for p in dataset.density_files] == list(dataset.names)
    assert pascals.load(root, use_density=False).density_files is None
    write_mask(folder / "10.png", size=(60, 40))
    with pytest.raises(DatasetError, match="use_density=False.*10.png .60x40, stimulus 40x60"):
        pascals.load(root)
    (folder / "10.png").unlink()
    with pytest.raises(DatasetError, match="no density map in .*humanFix for 10.jpg"):
        pascals.load(root)


def test_missing_files_are_named(root, tmp_path, write_image):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*datasets/imgs/pascal/"):
        pascals.load(tmp_path / "nowhere")
    write_image(root / "datasets/imgs/pascal/12.jpg")
    with pytest.raises(DatasetError, match="without a cell among the 11 of .*: 12.jpg"):
        pascals.load(root)
    (root / "datasets/fixations/pascalFix.mat").unlink()
    with pytest.raises(DatasetError, match="no file .*pascalFix.mat"):
        pascals.load(root)
    (root / "datasets/imgs").rename(root / "datasets/images")
    with pytest.raises(DatasetError, match="no folder .*imgs/pascal"):
        pascals.load(root)


def test_damaged_files_are_named(root, write_mat73):
    file = root / "datasets/fixations/pascalFix.mat"
    write_mat73(file, "fixCell", [np.zeros((2, 2))] * 11)
    with pytest.raises(DatasetError, match="pascalFix.mat, cell 1: 3 columns"):
        pascals.load(root)
    write_mat73(file, "fixCell", [np.array([[1, 1, np.nan]])] * 11)
    with pytest.raises(DatasetError, match="pascalFix.mat, cell 1: observers are numbered from 1"):
        pascals.load(root)
    write_mat73(file, "other", CELLS)
    with pytest.raises(DatasetError, match="no variable .fixCell. in .*pascalFix.mat"):
        pascals.load(root)
    file.write_bytes(b"damaged")
    with pytest.raises(DatasetError, match="cannot read .*pascalFix.mat"):
        pascals.load(root)
    (root / "datasets/imgs/pascal/3.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match="unreadable images: .*pascal/3.jpg"):
        pascals.load(root)
