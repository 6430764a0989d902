"""pysaliency's HDF5 files: written by hand here, and by pysaliency itself where it is installed."""

import cv2
import h5py
import hostile_hdf5
import numpy as np
import pytest

from keras_saliency.datasets import load_dataset, pipeline, pysaliency_files
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.files import InputError

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


def write_scanpath_fixations(folder, lengths="length"):
    """What pysaliency 0.3 writes: a group of scanpaths, the observers among their attributes."""
    with h5py.File(folder / "fixations.hdf5", "w") as file:
        file.attrs.update(type=np.bytes_("ScanpathFixations"), version=np.bytes_("1.0"))
        paths = file.create_group("scanpaths")
        paths.attrs.update(type=np.bytes_("Scanpaths"), version=np.bytes_("1.0"))
        for key, data in (("xs", XS), ("ys", YS), ("n", IMAGES), (lengths, [2, 1, 3]),
                          ("scanpath_attributes/subject", SUBJECTS),
                          ("fixation_attributes/ts", XS),
                          ("fixation_attributes/durations", XS / 100)):
            paths.create_dataset(key, data=data)


@pytest.mark.parametrize("lengths", ["length", "lengths"])
def test_scanpaths_of_pysaliency_03_are_those_of_before(tmp_path, lengths):
    write_stimuli(tmp_path)
    write_scanpaths(tmp_path, durations=True)
    expected = load_dataset("pysaliency", tmp_path).fixations
    write_scanpath_fixations(tmp_path, lengths)
    found = load_dataset("pysaliency", tmp_path).fixations
    for name in ("x", "y", "image", "observer", "duration", "dropped"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_observers_of_single_fixations_of_pysaliency_03(tmp_path):
    write_stimuli(tmp_path)
    write_fixations(tmp_path)
    expected = load_dataset("pysaliency", tmp_path).fixations
    with h5py.File(tmp_path / "fixations.hdf5", "a") as file:
        file.move("subjects", "subject")
        file.attrs["version"] = np.bytes_("1.2")
    found = load_dataset("pysaliency", tmp_path).fixations
    np.testing.assert_array_equal(found.observer, [1, 0, 0])
    np.testing.assert_array_equal(found.observer, expected.observer)
    np.testing.assert_array_equal(found.of(1), expected.of(1))


def test_blinks_within_scanpaths_are_counted(tmp_path):
    write_stimuli(tmp_path)
    for write in (write_scanpaths, write_scanpath_fixations):
        write(tmp_path)
        with h5py.File(tmp_path / "fixations.hdf5", "a") as file:
            for key in ("train_xs", "scanpaths/xs"):
                if key in file:
                    file[key][2, 1] = np.nan  # the second of three on stimulus 1
        fixations = load_dataset("pysaliency", tmp_path).fixations
        np.testing.assert_array_equal(fixations.of(1), [(10.5, 1), (20, 2), (30, 4)])
        assert fixations.dropped.tolist() == [0, 2] and fixations.blank.tolist() == [0, 1]


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
    with pytest.raises(DatasetError, match="stimuli.hdf5 is no HDF5 file"):
        load_dataset("pysaliency", tmp_path)


@pytest.mark.parametrize("way", hostile_hdf5.WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("file, name", [("stimuli.hdf5", "1"), ("fixations.hdf5", "train_xs"),
                                        ("fixations.hdf5", "train_subjects")])
def test_no_other_file_is_read(tmp_path, file, name, way):
    write_stimuli(tmp_path)
    write_scanpaths(tmp_path)
    hostile_hdf5.replace(tmp_path / file, name, way, tmp_path / "secret.h5")
    with pytest.raises(DatasetError, match=f"{file}: /{name} {hostile_hdf5.WAYS[way]}"):
        load_dataset("pysaliency", tmp_path)


@pytest.mark.parametrize("name", ["../secret.png", "{}/secret.png", "pictures/../../secret.png",
                                  "..\\secret.png", "C:secret.png"])
def test_pictures_outside_of_the_folder_are_refused(tmp_path, name):
    folder = tmp_path / "set"
    folder.mkdir()
    write_files(folder)
    write_fixations(folder)
    cv2.imwrite(str(tmp_path / "secret.png"), picture(3))
    name = name.format(tmp_path)
    with h5py.File(folder / "stimuli.hdf5", "a") as file:
        file["filenames"][0] = name
    with pytest.raises(DatasetError, match="stimuli.hdf5: filenames outside of its folder: .*secr"):
        load_dataset("pysaliency", folder)


def put(name, data):
    """A change that puts other data at `name`."""
    def change(file):
        file.pop(name)
        file.create_dataset(name, data=data)
    return change


@pytest.mark.parametrize("change, message", [
    (put("1", np.zeros((0, 60, 3), np.uint8)), r"stimulus 1 is uint8 of shape \(0, 60, 3\)"),
    (put("1", np.zeros((40, 60, 0), np.uint8)), r"stimulus 1 is uint8 of shape \(40, 60, 0\)"),
    (put("1", "a word"), "stimulus 1 is object"),
    (lambda f: (f.pop("1"), f.create_group("1")), "incomplete: no dataset 1"),
    (lambda f: (f.pop("1"), f.create_dataset("1", (10 ** 6, 10 ** 6, 3), "u1", chunks=True)),
     r"stimulus 1 of shape \(1000000, 1000000, 3\) has more than 40000000 pixels"),
    (lambda f: f.attrs.update(size="two"), "attribute 'size' is two"),
    (lambda f: f.attrs.update(size=2.0), "attribute 'size' is 2.0"),
    (lambda f: f.attrs.update(size=[2, 2]), r"attribute 'size' is \[2 2\]"),
    (lambda f: f.attrs.update(size=0), "attribute 'size' is 0"),
    (lambda f: f.attrs.update(size=-1), "attribute 'size' is -1"),
    (lambda f: f.attrs.update(size=10 ** 12), "incomplete: no dataset 2"),
    (lambda f: f.attrs.pop("size"), "attribute 'size' is None"),
    (lambda f: f.attrs.update(type=7), "its type is no text"),
    (lambda f: f.attrs.update(type=b"\xff"), "is not UTF-8"),
])
def test_wrong_stimuli_are_named(tmp_path, change, message):
    broken(tmp_path, "stimuli.hdf5", change)
    with pytest.raises(DatasetError, match=f"stimuli.hdf5: .*{message}"):
        load_dataset("pysaliency", tmp_path)


@pytest.mark.parametrize("change, message", [
    (put("filenames", np.zeros(3)), "/filenames is float64 of shape"),
    (put("filenames", np.array([], "S5")), "filenames is empty"),
    (put("filenames", np.array([[b"a.png"]])), "/filenames is .* of shape"),
    (put("filenames", np.array([b"\xff.png"])), "is not UTF-8"),
    (put("filenames", np.array([b"a" * 5000])), "File name too long"),
    (lambda f: f.pop("filenames"), "incomplete: no dataset filenames"),
])
def test_wrong_names_of_pictures_are_named(tmp_path, change, message):
    write_files(tmp_path)
    write_fixations(tmp_path)
    with h5py.File(tmp_path / "stimuli.hdf5", "a") as file:
        change(file)
    with pytest.raises(DatasetError, match=f"stimuli.hdf5.*{message}"):
        load_dataset("pysaliency", tmp_path)


WORDS = np.array(["a", "b", "c"], object)


@pytest.mark.parametrize("name, data, message", [
    *((name, np.zeros(2), rf"{name} has the shape \(2,\), but \(3,\) is expected beside x")
      for name in ("y", "n", "subjects", "duration")),
    *((name, WORDS, f"/{name} is object, not numbers")
      for name in ("x", "y", "n", "subjects", "duration")),
    ("x", np.zeros((3, 2)), r"x has the shape \(3, 2\)"), ("y", 3.0, r"y has the shape \(\)"),
    ("n", [0, 1, np.nan], r"n holds \[nan\], not whole"), ("n", [0, 0.5, 1], r"n holds \[0.5\]"),
    ("n", [0, 1, -1], "fixations on stimuli -1 to 1"), ("n", [0, 1, 2 ** 40], "not whole numbers"),
    ("subjects", [0, 1, np.inf], r"subjects holds \[inf\], not whole numbers"),
    ("subjects", [0, 1, 2 ** 40], "not whole numbers"),
])
def test_wrong_fixations_are_named(tmp_path, name, data, message):
    write_stimuli(tmp_path)
    write_fixations(tmp_path)
    with h5py.File(tmp_path / "fixations.hdf5", "a") as file:
        if name in file:
            del file[name]
        file[name] = data
    with pytest.raises(DatasetError, match=f"fixations.hdf5: .*{message}"):
        load_dataset("pysaliency", tmp_path)


@pytest.mark.parametrize("name, data, message", [
    ("train_xs", XS[0], "train_xs has the shape"),
    ("train_ys", YS[:, :2], "train_ys has the shape"),
    ("train_ns", IMAGES[:2], "train_ns has the shape"),
    ("train_subjects", XS, "train_subjects has the shape"),
    ("scanpath_fixation_attributes/durations", XS[:2], "durations has the shape"),
    ("train_xs", WORDS, "/train_xs is object, not numbers"),
    ("train_ns", XS[0], "train_ns holds .*not whole numbers"),
])
def test_wrong_scanpaths_are_named(tmp_path, name, data, message):
    broken(tmp_path, "fixations.hdf5", lambda file: file.pop(name, None))
    with h5py.File(tmp_path / "fixations.hdf5", "a") as file:
        file[name] = data
    with pytest.raises(DatasetError, match=f"fixations.hdf5: .*{message}"):
        load_dataset("pysaliency", tmp_path)


def test_files_without_attributes_of_fixations_are_read(tmp_path):
    broken(tmp_path, "fixations.hdf5", lambda file: file.pop("scanpath_fixation_attributes"))
    assert np.isnan(load_dataset("pysaliency", tmp_path).fixations.duration).all()


@pytest.mark.parametrize("write", [write_scanpaths, write_fixations])
@pytest.mark.parametrize("file", ["stimuli.hdf5", "fixations.hdf5"])
def test_damaged_files_raise_our_error_alone(tmp_path, monkeypatch, file, write):
    monkeypatch.setattr(pysaliency_files, "LIMIT", 10 ** 6)
    write_stimuli(tmp_path)
    write(tmp_path)
    contents = (tmp_path / file).read_bytes()
    accepted = 0
    for damaged in hostile_hdf5.mutations(contents, 150, seed=9):
        (tmp_path / file).write_bytes(damaged)
        try:
            load_dataset("pysaliency", tmp_path)
            accepted += 1
        except InputError as error:
            assert "pysaliency" in str(error) or ".hdf5" in str(error)
    assert 0 < accepted < 150


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


def test_fixations_of_another_unit_are_refused(tmp_path):
    write_stimuli(tmp_path)
    write_fixations(tmp_path)
    with h5py.File(tmp_path / "fixations.hdf5", "a") as file:
        file["x"][:], file["y"][:] = np.array([10.5, 20, 5]) / 60, np.array([1.0, 2, 3]) / 40
    with pytest.raises(DatasetError, match="fixations.hdf5: .* parts of the width and height.* "
                                           "data.options=.coordinates: fractions"):
        load_dataset("pysaliency", tmp_path)
    dataset = load_dataset("pysaliency", tmp_path, coordinates="fractions")
    np.testing.assert_allclose(dataset.fixations.of(1), [(10.5, 1), (20, 2)])
