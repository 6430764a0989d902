from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.ndimage import gaussian_filter

from keras_saliency.datasets import osie
from keras_saliency.datasets.dataset import DatasetError


def observer(x, y, duration=None):
    x, y = np.atleast_2d(np.asarray(x, float)), np.atleast_2d(np.asarray(y, float))
    duration = np.full(x.shape, 250.0) if duration is None else np.atleast_2d(duration)
    return {"fix_x": x, "fix_y": y, "fix_duration": duration}


@pytest.fixture
def write(tmp_path, write_image, write_mat, cell):
    """Write OSIE with the given observers per stimulus; returns its folder."""
    def build(records, folder=""):
        for name in records:
            write_image(tmp_path / "stimuli" / name)
        write_mat(tmp_path / folder / "fixations.mat", fixations=cell([
            {"img": name, "subjects": cell(observers)} for name, observers in records.items()]))
        return tmp_path
    return build


NOTHING = np.zeros((0, 0))
RECORDS = {
    # Out of name order; one fixation, none as empty vectors, none as an empty cell.
    "1003.jpg": [observer([1, 2], [3, 4], [100, 200]), observer(5.5, 6.5), NOTHING],
    "1001.jpg": [NOTHING, observer([], []), observer([59.9, 60, 7], [1, 1, -2])],
    "1002.jpg": [observer([8], [9]), observer([10], [11]), observer([12], [13])],
}


@pytest.mark.parametrize("folder", ["", "eye"])
def test_reads_the_published_layout(write, rows, folder):
    dataset = osie.load(write(RECORDS, folder))
    assert dataset.name == "osie" and dataset.edition == "OSIE 2014"
    assert dataset.names == ("1001", "1002", "1003")
    assert [p.name for p in dataset.stimuli] == ["1001.jpg", "1002.jpg", "1003.jpg"]
    assert dataset.sizes.tolist() == [[40, 60]] * 3
    assert dataset.pixels_per_dva == 24 and dataset.density_files is None
    assert rows(dataset, 0) == [(59.9, 1)]
    assert rows(dataset, 1) == [(8, 9), (10, 11), (12, 13)]
    assert dataset.fixations.of(2).tolist() == [[1, 3], [2, 4], [5.5, 6.5]]
    assert dataset.fixations.observer.tolist() == [2, 0, 1, 2, 0, 0, 1]
    assert dataset.fixations.duration.tolist() == [250, 250, 250, 250, 100, 200, 250]


@pytest.mark.parametrize("array", [False, True], ids=["cell", "struct array"])
def test_a_file_of_matlab_73_is_the_same(write, write_mat73_structs, array):
    root = write(RECORDS)
    expected = osie.load(root)
    write_mat73_structs(root / "fixations.mat", "fixations", [
        {"img": name, "subjects": observers} for name, observers in RECORDS.items()], array)
    found = osie.load(root)
    for name in ("x", "y", "image", "observer", "duration", "dropped"):
        np.testing.assert_array_equal(getattr(found.fixations, name),
                                      getattr(expected.fixations, name))
    assert found.names == expected.names and found.summary() == expected.summary()


def test_fixations_outside_are_counted_and_told(write):
    dataset = osie.load(write(RECORDS))
    assert dataset.fixations.dropped.tolist() == [2, 0, 0]
    assert "2 fixations outside their image were left out: 1001 (2)" in dataset.summary()
    assert "3 of the 700 published stimuli" in dataset.summary()


def test_missing_folders_are_named(tmp_path, write):
    with pytest.raises(DatasetError, match="no folder .*nowhere.*stimuli/ and fixations.mat"):
        osie.load(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="data.root is not set"):
        osie.load(None)
    with pytest.raises(DatasetError, match="no folder .*stimuli"):
        osie.load(tmp_path)
    root = write(RECORDS)
    (root / "fixations.mat").unlink()
    with pytest.raises(DatasetError, match="no file .*fixations.mat"):
        osie.load(root)


def test_stimuli_and_records_must_match(write):
    root = write(RECORDS)
    (root / "stimuli" / "1001.jpg").rename(root / "stimuli" / "1009.jpg")
    with pytest.raises(DatasetError, match="has no record of 1009"):
        osie.load(root)
    (root / "stimuli" / "1009.jpg").unlink()
    with pytest.raises(DatasetError, match="without a stimulus: 1001"):
        osie.load(root)


def test_unreadable_files_are_named(write):
    root = write(RECORDS)
    (root / "stimuli" / "1002.jpg").write_bytes(b"no image")
    with pytest.raises(DatasetError, match="unreadable images: .*1002.jpg"):
        osie.load(root)
    root = write(RECORDS)
    (root / "fixations.mat").write_bytes((root / "fixations.mat").read_bytes()[:700])
    with pytest.raises(DatasetError, match="cannot read .*fixations.mat"):
        osie.load(root)


def test_malformed_records_are_named(write, write_mat):
    root = write({"1001.jpg": [observer([1], [2]), observer([1, 2], [3])]})
    with pytest.raises(DatasetError, match="1001, observer 2: .* 2, 1 and 2 values"):
        osie.load(root)
    root = write({"1001.jpg": [{"fix_x": 1.0}]})
    with pytest.raises(DatasetError, match="observer 1: no field 'fix_y', only fix_x"):
        osie.load(root)
    root = write({"1001.jpg": [observer([[1, 2], [3, 4]], [[1, 2], [3, 4]])]})
    with pytest.raises(DatasetError, match="a row or column of numbers expected"):
        osie.load(root)
    root = write({"1001.jpg": [observer([1, 2], [3, 4]), observer([5, 6], [7, 8], [90, -1])]})
    with pytest.raises(DatasetError, match="1001, observer 2: fix_duration has negative values"):
        osie.load(root)
    write_mat(root / "fixations.mat", other=1)
    with pytest.raises(DatasetError, match="no variable 'fixations' in .*fixations.mat"):
        osie.load(root)


@pytest.fixture(scope="module")
def real():
    """The real set and scipy's raw view of it."""
    root = Path(__file__).resolve().parents[2].parent / "shared/data/osie"
    if not root.is_dir():
        pytest.skip("shared/data/osie is not beside the repository")
    return osie.load(root), loadmat(root / "fixations.mat")["fixations"]


def test_real_set_is_complete(real):
    dataset, raw = real
    counts = [[len(np.ravel(s[0, 0]["fix_x"])) for s in np.ravel(r[0][0, 0]["subjects"])]
              for r in raw]
    assert len(dataset) == 700 and dataset.notes == ()
    assert dataset.names == tuple(str(n) for n in range(1001, 1701))
    assert (dataset.sizes == (600, 800)).all()
    assert {len(c) for c in counts} == {15} and min(map(min, counts)) == 1
    assert len(dataset.fixations) + dataset.fixations.dropped.sum() == 98321
    assert (np.diff(dataset.fixations.offsets) + dataset.fixations.dropped
            == [sum(c) for c in counts]).all()
    assert np.unique(dataset.fixations.observer).tolist() == list(range(15))


@pytest.mark.parametrize("index", [0, 23, 699])
def test_real_fixations_equal_the_raw_ones(real, index):
    dataset, raw = real
    record = raw[index, 0][0, 0]
    assert record["img"][0] == dataset.stimuli[index].name
    rows = dataset.fixations.rows(index)
    for person, struct in enumerate(np.ravel(record["subjects"])):
        struct = struct[0, 0]
        mine = np.arange(rows.start, rows.stop)[dataset.fixations.observer[rows] == person]
        np.testing.assert_array_equal(dataset.fixations.x[mine], np.ravel(struct["fix_x"]))
        np.testing.assert_array_equal(dataset.fixations.y[mine], np.ravel(struct["fix_y"]))
        np.testing.assert_allclose(dataset.fixations.duration[mine],
                                   np.ravel(struct["fix_duration"]))


def test_real_density_at_one_degree(real):
    dataset, _ = real
    points = dataset.fixations.of(22)
    histogram, *_ = np.histogram2d(points[:, 1], points[:, 0], bins=(600, 800),
                                   range=((0, 600), (0, 800)))
    np.testing.assert_array_equal(dataset.fixations.fixation_map(22), histogram)
    blurred = gaussian_filter(histogram, 24, mode="constant", truncate=8)
    np.testing.assert_allclose(dataset.fixations.density_map(22, 24), blurred / blurred.sum(),
                               rtol=1e-3, atol=1e-11)
