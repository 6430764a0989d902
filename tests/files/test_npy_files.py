"""`.npy` files of others, and what is none."""
import os

import numpy as np
import pytest

from keras_saliency.files import InputError
from keras_saliency.files.npy import read_npy


@pytest.mark.parametrize("array", [
    np.arange(12, dtype=np.uint8).reshape(3, 4), np.asfortranarray(np.random.rand(5, 7)),
    np.ones((2, 3, 4), ">f4"), np.array(True), np.zeros((0, 0)), np.full((2, 2), np.nan)],
    ids=lambda a: f"{a.dtype}{list(a.shape)}")
def test_reads_what_numpy_writes(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    found = read_npy(tmp_path / "a.npy")
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def header(shape, descr="<f4", fortran=False):
    return {"descr": descr, "fortran_order": fortran, "shape": shape}


@pytest.mark.parametrize("fields, body, message", [
    (header((1000000, 1000000, 7)), 40, r"a.npy: 40 bytes of numbers, not those of float32 \[10"),
    (header((3, 4)), 47, "47 bytes of numbers"), (header((3, 4)), 49, "49 bytes of numbers"),
    (header((-3, -4)), 48, r"not those of float32 \[-3, -4\]"),
    (header((3,), "|O"), 24, "an array of object"), (header((3,), "<U5"), 60, "an array of <U5"),
    (header((3,), "<c8"), 24, "an array of complex64"),
    (header("three"), 12, "not a .npy file of numbers"), ({}, 12, "not a .npy file of numbers")])
def test_arrays_that_are_not_what_they_claim_are_named(tmp_path, fields, body, message):
    with open(tmp_path / "a.npy", "wb") as file:
        file.write(np.lib.format.magic(1, 0))
        text = repr(fields).encode()
        file.write(len(text).to_bytes(2, "little") + text + bytes(body))
    with pytest.raises(InputError, match=message):
        read_npy(tmp_path / "a.npy")


def test_other_files_are_named(tmp_path):
    path = tmp_path / "a.npy"
    with pytest.raises(InputError, match="a.npy: No such file"):
        read_npy(path)
    path.write_bytes(b"")
    with pytest.raises(InputError, match="a.npy: the file is empty"):
        read_npy(path)
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    (tmp_path / "a.npz").rename(path)
    with pytest.raises(InputError, match="a.npy: not a .npy file of numbers"):
        read_npy(path)
    path.write_bytes(np.lib.format.magic(1, 0) + (9000).to_bytes(2, "little") + b"-" * 9000)
    with pytest.raises(InputError, match="a.npy: not a .npy file of numbers"):
        read_npy(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="a.npy: not a regular file"):
        read_npy(path)
