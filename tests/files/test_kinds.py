"""Files that are of another kind than their name says."""
import pickle
import zipfile

import h5py
import pytest

from keras_saliency.files import InputError, hdf5
from keras_saliency.files.kinds import describe_kind, is_hdf5
from keras_saliency.models import load_pretrained


def zipped(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", "x")


OTHERS = {"a zip archive, as .keras": zipped, "a pickle": lambda path: path.write_bytes(
              pickle.dumps({"weights": 1})),
          "a web page, as a failed download": lambda path: path.write_text("\n<!doctype html>"),
          "run git lfs pull": lambda path: path.write_text("version https://git-lfs.github.com/"),
          "it is empty": lambda path: path.write_bytes(b""),
          "written by another program": lambda path: path.write_text("hello")}


@pytest.mark.parametrize("name", ["a.h5", "a.keras"])
@pytest.mark.parametrize("kind", OTHERS)
def test_the_weights_of_another_program_are_not_called_cut_short(kind, name, tmp_path):
    OTHERS[kind](tmp_path / name)
    assert not is_hdf5(tmp_path / name) and kind in describe_kind(tmp_path / name)
    with pytest.raises(InputError, match="a.h5 is no HDF5|a.keras") as caught:
        load_pretrained(tmp_path / name)
    assert "cut short" not in str(caught.value)
    zip_of_others = "(it has no config.json): it was written by another program"
    assert kind in str(caught.value) or zip_of_others in str(caught.value)


def test_hdf5_is_known_behind_a_header_and_when_it_is_cut(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", userblock_size=1024) as file:
        file["x"] = range(1000)
    contents = (tmp_path / "a.h5").read_bytes()
    with hdf5.open_foreign(tmp_path / "a.h5", InputError) as file:
        assert file["x"][999] == 999
    (tmp_path / "cut.h5").write_bytes(contents[:3000])
    assert is_hdf5(tmp_path / "cut.h5")
    with pytest.raises(InputError, match="cut.h5 is not a readable HDF5 file .* cut short"):
        with hdf5.open_foreign(tmp_path / "cut.h5", InputError):
            pass
