"""pysaliency's HDF5 files: written by hand here, and by pysaliency itself where it is installed."""

import cv2
import h5py
import numpy as np
import pytest

from keras_saliency.datasets import load_dataset, pipeline
from keras_saliency.datasets.dataset import DatasetError

XS = np.array([[10.5, 20, np.nan], [5, np.nan, np.nan], [30, 31, 200]])
YS = np.array([[1.0, 2, np.nan], [3, np.nan, np.nan], [4, 5, 6]])
IMAGES, SUBJECTS = np.array([1, 0, 1]), np.array([0, 1, 1])


def picture(index):
    return np.random.default_rng(index).integers(0, 256, (40, 60, 3), np.uint8)


def write_stimuli(folder, shapes=((40, 60, 3), (40, 60))):
    with h5py.File(folder / "stimuli.hdf5", "w") as file:
        file.attrs.update(type=np.bytes_("Stimuli"), version=np.bytes_("1.1"), size=len(shapes),
                          __attributes__=np.bytes_("[]"))
        for index, shape in enumerate(shapes):
            image = picture(index) if len(shape) == 3 else picture(index)[..., 0]
            file.create_dataset(str(index), data=image, compression="gzip")


def write_files(folder):
    (folder / "pictures").mkdir()
    names = ["pictures/b.png", "pictures/a.png"]
    for index, name in enumerate(names):
        cv2.imwrite(str(folder / name), picture(index)[..., ::-1])
    with h5py.File(folder / "stimuli.hdf5", "w") as file:
        file.attrs.update(type=np.bytes_("FileStimuli"), version=np.bytes_("2.1"), size=2)
        file.create_dataset("filenames", data=names, dtype=h5py.special_dtype(vlen=str))


def write_scanpaths(folder, durations=False):
    with h5py.File(folder / "fixations.hdf5", "w") as file:
        file.attrs.update(type=np.bytes_("FixationTrains"), version=np.bytes_("1.2"))
        for key, data in (("train_xs", XS), ("train_ys", YS), ("train_ts", XS),
                          ("train_ns", IMAGES), ("train_subjects", SUBJECTS)):
            file.create_dataset(key, data=data)
        group = file.create_group("scanpath_fixation_attributes")
        if durations:
            group.create_dataset("durations", data=XS / 100)


def write_fixations(folder, images=(1, 1, 0)):
    with h5py.File(folder / "fixations.hdf5", "w") as file:
        file.attrs.update(type=np.bytes_("Fixations"), version=np.bytes_("1.1"))
        file.create_dataset("x", data=[10.5, 20, 5])
        file.create_dataset("y", data=[1.0, 2, 3])
        file.create_dataset("n", data=list(images))
        file.create_dataset("subjects", data=[0, 0, 1])


def test_stored_stimuli_and_scanpaths(tmp_path):
    write_stimuli(tmp_path)
    write_scanpaths(tmp_path, durations=True)
    dataset = load_dataset("pysaliency", tmp_path, pixels_per_dva=20, edition="made up")
    assert dataset.names == ("000000", "000001") and dataset.edition == "made up"
    load = pipeline.stimulus_loader(dataset)
    np.testing.assert_array_equal(load(0), picture(0))
    np.testing.assert_array_equal(load(1), np.repeat(picture(1)[..., :1], 3, -1))
    fixations = dataset.fixations
    np.testing.assert_array_equal(fixations.of(0), [(5, 3)])
    np.testing.assert_array_equal(fixations.of(1), [(10.5, 1), (20, 2), (30, 4), (31, 5)])
    np.testing.assert_array_equal(fixations.observer, [1, 0, 0, 1, 1])
    np.testing.assert_allclose(fixations.duration, [50, 105, 200, 300, 310])
    assert fixations.dropped.tolist() == [0, 1]  # x = 200 in a picture 60 wide


def test_picture_files_are_sorted_by_name_with_their_fixations(tmp_path):
    write_files(tmp_path)
    write_fixations(tmp_path)
    dataset = load_dataset("pysaliency", tmp_path)
    assert dataset.names == ("a", "b")
    np.testing.assert_array_equal(pipeline.stimulus_loader(dataset)(0), picture(1))
    np.testing.assert_array_equal(dataset.fixations.of(0), [(10.5, 1), (20, 2)])
    np.testing.assert_array_equal(dataset.fixations.of(1), [(5, 3)])
    assert np.isnan(dataset.fixations.duration).all()


def broken(folder, file, change):
    write_stimuli(folder)
    write_scanpaths(folder)
    with h5py.File(folder / file, "a") as opened:
        change(opened)


@pytest.mark.parametrize("file, change, message", [
    ("stimuli.hdf5", lambda f: f.attrs.pop("type"), "stimuli.hdf5: its type is none, not Stimuli"),
    ("fixations.hdf5", lambda f: f.attrs.update(type="Stimuli"), "its type is Stimuli, not Fix"),
    ("fixations.hdf5", lambda f: f.pop("train_ys"), "fixations.hdf5: incomplete: .*train_ys"),
    ("stimuli.hdf5", lambda f: f.attrs.update(size=3), "stimuli.hdf5: incomplete"),
    ("stimuli.hdf5", lambda f: (f.pop("0"), f.create_dataset("0", data=np.ones((4, 4)))),
     "stimulus 0 is float64 of shape"),
    ("fixations.hdf5", lambda f: f["train_ns"].write_direct(np.array([1, 0, 2])),
     "fixations on stimuli 0 to 2, but stimuli.hdf5 holds 2"),
])
def test_wrong_files_are_named(tmp_path, file, change, message):
    broken(tmp_path, file, change)
    with pytest.raises(DatasetError, match=message):
        load_dataset("pysaliency", tmp_path)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(DatasetError, match="no file .*stimuli.hdf5"):
        load_dataset("pysaliency", tmp_path)
    write_files(tmp_path)
    write_fixations(tmp_path)
    (tmp_path / "pictures" / "a.png").unlink()
    with pytest.raises(DatasetError, match="no such pictures: pictures/a.png"):
        load_dataset("pysaliency", tmp_path)
    (tmp_path / "stimuli.hdf5").write_bytes(b"no HDF5")
    with pytest.raises(DatasetError, match="stimuli.hdf5: not readable as pysaliency's HDF5"):
        load_dataset("pysaliency", tmp_path)


def test_files_that_pysaliency_writes(tmp_path):
    pysaliency = pytest.importorskip("pysaliency")
    if not hasattr(np, "string_"):
        pytest.skip("this pysaliency cannot write with NumPy 2")
    pysaliency.Stimuli([picture(0), picture(1)]).to_hdf5(str(tmp_path / "stimuli.hdf5"))
    trains = pysaliency.FixationTrains(XS, YS, XS, IMAGES, SUBJECTS)
    trains.to_hdf5(str(tmp_path / "fixations.hdf5"))
    dataset = load_dataset("pysaliency", tmp_path)
    np.testing.assert_array_equal(pipeline.stimulus_loader(dataset)(1), picture(1))
    for index in range(2):
        theirs = trains[trains.n == index]
        inside = theirs.x < 60
        np.testing.assert_array_equal(dataset.fixations.of(index),
                                      np.stack([theirs.x, theirs.y], 1)[inside])
        rows = dataset.fixations.rows(index)
        np.testing.assert_array_equal(dataset.fixations.observer[rows], theirs.subjects[inside])
