"""Foreign HDF5 files: nothing is read from elsewhere, and no memory is taken for a promise."""
import os

import h5py
import hostile_hdf5
import numpy as np
import pytest

from keras_saliency.files import InputError, hdf5


class FileError(InputError):
    """As the rooms have theirs."""


def opened(path, read):
    with hdf5.open_foreign(path, FileError) as file:
        return read(file)


@pytest.fixture
def write(tmp_path):
    """Write a file by a function of the open one."""
    def write(fill):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            fill(file)
        return tmp_path / "a.h5"
    return write


@pytest.mark.parametrize("way", hostile_hdf5.WAYS, ids=lambda way: way.__name__)
def test_what_leads_elsewhere_is_refused_wherever_it_lies(write, tmp_path, way):
    path = write(lambda file: file.update({"deep/er/x": np.zeros((2, 3))}))
    assert opened(path, len) == 1
    hostile_hdf5.replace(path, "deep/er/x", way, tmp_path / "other.h5")
    with pytest.raises(FileError, match=f"a.h5: /(deep/er/x) {hostile_hdf5.WAYS[way]}"):
        opened(path, len)


def test_reading_checks_again_since_references_lead_to_what_no_link_leads_to(write, tmp_path):
    path = write(lambda file: hostile_hdf5.external_storage(file, "x", tmp_path / "o", (2,), "f4"))
    with h5py.File(path) as file:
        with pytest.raises(hdf5.Refused, match="/x is stored in another file"):
            hdf5.numbers({"x": file["x"]})


def test_a_group_within_itself_is_refused(write):
    def fill(file):
        file["loop/x"] = np.zeros(2)
        file["loop/again"] = file["loop"]

    with pytest.raises(FileError, match="a.h5: the group /loop.* is also in another place"):
        opened(write(fill), len)


@pytest.mark.parametrize("options", [{}, {"chunks": (2 ** 20,)},
                                     {"chunks": (2 ** 20,), "compression": "gzip"}])
def test_memory_is_not_taken_for_a_shape_alone(write, options):
    path = write(lambda file: file.create_dataset("x", (2 ** 42,), "f8", **options))
    with pytest.raises(FileError, match=r"3.52e\+13 bytes, the file has \d+.*/x has the shape"):
        opened(path, lambda file: hdf5.numbers({"x": file["x"]}))


def test_one_dataset_in_many_places_counts_each_time(write, monkeypatch):
    def fill(file):
        file["0"] = np.arange(1000.0)
        for index in range(1, 40):
            file[str(index)] = file["0"]

    path = write(fill)
    monkeypatch.setattr(hdf5, "LIMIT", 10_000)
    assert opened(path, lambda file: hdf5.numbers({"0": file["0"]}))["0"].sum() == 499500
    with pytest.raises(FileError, match=r"3.2e\+05 bytes"):
        opened(path, lambda file: hdf5.numbers(dict(file)))


@pytest.mark.parametrize("value", [np.array(["a", "b"], object), np.array([b"a"]),
                                   np.zeros(2, [("a", "i4"), ("b", "f4")]), h5py.Empty("f4")])
def test_what_holds_no_numbers_is_named(write, value):
    path = write(lambda file: file.create_dataset("x", data=value))
    with pytest.raises(FileError, match="a.h5: /x is .*, not numbers"):
        opened(path, lambda file: hdf5.numbers({"x": file["x"]}))


def test_texts_and_attributes_keep_what_is_harmless(write):
    def fill(file):
        file["long"] = np.array(["é", "b"], object)
        file["fixed"] = np.array([b"a", b"bc"])
        file.attrs.update(text="é", fixed=np.bytes_("b"), number=3, list=[1.0, 2.0],
                          names=np.array([b"a", b"bc"]))

    path = write(fill)
    assert opened(path, lambda f: hdf5.texts(f["long"]) + hdf5.texts(f["fixed"])) == [
        "é", "b", "a", "bc"]
    found = opened(path, hdf5.attributes)
    assert (found["text"], found["fixed"], found["number"]) == ("é", "b", 3)
    assert found["list"].tolist() == [1, 2] and found["names"].tolist() == [b"a", b"bc"]
    assert opened(path, lambda f: hdf5.attributes(f, ["number"])) == {"number": 3}


@pytest.mark.parametrize("value, message", [
    (np.array(["a", "b"], object), "'x' is a list of texts of any length"),
    ("a" * (hdf5.LONGEST_ATTRIBUTE + 1), "'x' is a text of 1048577 bytes, too long"),
    (np.zeros(2, [("a", "i4"), ("b", "f4")]), "'x' is .*, neither text nor numbers"),
    (h5py.Empty("f4"), "'x' is float32, neither text nor numbers"),
    (b"\xff\xfe", "is not UTF-8"),
])
def test_hostile_attributes_are_named(write, value, message):
    path = write(lambda file: file.attrs.update(x=value))
    with pytest.raises(FileError, match=f"a.h5: .*{message}"):
        opened(path, hdf5.attributes)


def test_too_many_attributes_are_refused(write):
    path = write(lambda file: file.attrs.update({str(i): i for i in range(257)}))
    with pytest.raises(FileError, match="a.h5: 257 attributes, more than 256"):
        opened(path, hdf5.attributes)


def test_texts_that_share_their_bytes_count_each_time(write, monkeypatch):
    path = write(lambda file: file.create_dataset("x", data=np.array(["a" * 6000] * 9, object)))
    monkeypatch.setattr(hdf5, "LIMIT", 2 ** 10)
    monkeypatch.setattr(hdf5, "EXPANSION", 0.5)
    with pytest.raises(FileError, match="a.h5: the texts of /x are longer than the file"):
        opened(path, lambda file: hdf5.texts(file["x"]))


@pytest.mark.parametrize("damage", [
    lambda part: bytes(16),  # a part without length, from which HDF5 does not return
    lambda part: part[:8] + (2 ** 64 - 16).to_bytes(8, "little"),
    lambda part: part[:8] + (2 ** 16).to_bytes(8, "little"),
])
@pytest.mark.parametrize("read", [hdf5.attributes, lambda file: hdf5.texts(file["names"])])
def test_a_damaged_heap_of_texts_is_refused(write, read, damage):
    def fill(file):
        file.attrs["x"] = "a text"
        file["names"] = np.array(["one", "two"], object)

    path = write(fill)
    contents = bytearray(path.read_bytes())
    place = contents.index(b"GCOL") + 16 + 16 + 8  # behind the collection's and one text's own
    contents[place:place + 16] = damage(contents[place:place + 16])
    path.write_bytes(contents)
    with pytest.raises(FileError, match=f"a.h5: a heap of texts is damaged at byte {place}"):
        opened(path, read)


def test_heaps_within_heaps_are_not_gone_through_for_ever(write):
    heap = b"GCOL\x01\0\0\0" + (16 + 32 * 100).to_bytes(8, "little")
    part = (1).to_bytes(8, "little") + len(heap).to_bytes(8, "little") + heap

    def fill(file):
        file["x"] = np.frombuffer(heap + part * 400, np.uint8)
        file.attrs["x"] = "a text"

    with pytest.raises(FileError, match="a.h5: its heaps overlap"):
        opened(write(fill), hdf5.attributes)


def test_numbers_that_look_like_a_heap_are_left_alone(write):
    def fill(file):
        file["x"] = np.frombuffer(b"GCOL\x01" + bytes(range(200, 250)) + b"GCOL\x01", np.uint8)
        file.attrs["x"] = "a text"

    assert opened(write(fill), hdf5.attributes) == {"x": "a text"}


def test_what_is_no_regular_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.h5")
    for path in (tmp_path / "pipe.h5", tmp_path, tmp_path / "none.h5"):
        with pytest.raises(FileError, match=f"no file {path}"):
            opened(path, len)
