import h5py
import hostile_hdf5
import numpy as np
import pytest

from keras_saliency.datasets import matlab
from keras_saliency.datasets.dataset import DatasetError


def test_matrices_keep_their_shape_and_become_floats(tmp_path, write_mat):
    file = write_mat(tmp_path / "a.mat", one=np.array([[0, 9]], np.uint8), none=np.zeros((0, 0)))
    one = matlab.matrix(matlab.load_mat(file, "set", "one"), 2, "here")
    assert (one - 1).tolist() == [[-1, 8]]
    assert matlab.matrix(matlab.load_mat(file, "set", "none"), 2, "here").shape == (0, 2)
    assert matlab.vector(matlab.load_mat(file, "set", "one"), "here").tolist() == [0, 9]
    with pytest.raises(DatasetError, match=r"here: 3 columns of numbers .* not uint8 \[1, 2\]"):
        matlab.matrix(matlab.load_mat(file, "set", "one"), 3, "here")


def test_structs_of_a_struct_array_a_cell_and_a_cell_of_cells(tmp_path, write_mat, cell):
    first, second = {"v": 1.0}, {"v": 2.0}
    array = np.zeros((2, 1), [("v", object)])
    array["v"] = [[1.0], [2.0]]
    file = write_mat(tmp_path / "a.mat", array=array, row=array.T, cells=cell([first, second]),
                     nested=cell([cell([first]), cell([second])]), lone=first,
                     numbers=np.ones((2, 2)))
    for name in ("array", "row", "cells", "nested"):
        found = matlab.structs(matlab.load_mat(file, "set", name))
        assert [float(s.v[0, 0]) for s in found] == [1, 2], name
    assert len(matlab.structs(matlab.load_mat(file, "set", "lone"))) == 1
    assert matlab.structs(matlab.load_mat(file, "set", "numbers")) == []


def test_cells_come_column_by_column(tmp_path, write_mat):
    array = np.empty((2, 2), object)
    array[:] = [[1.0, 3.0], [2.0, 4.0]]
    items = matlab.cells(matlab.load_mat(write_mat(tmp_path / "a.mat", c=array), "set", "c"))
    assert [float(np.ravel(item)[0]) for item in items] == [1, 2, 3, 4]


def test_text_in_and_out_of_a_cell(tmp_path, write_mat, cell):
    file = write_mat(tmp_path / "a.mat", plain="1001.jpg", held=cell(["1002.jpg"]), number=3)
    assert matlab.text(matlab.load_mat(file, "set", "plain"), "here") == "1001.jpg"
    assert matlab.text(matlab.load_mat(file, "set", "held"), "here") == "1002.jpg"
    with pytest.raises(DatasetError, match="here: text expected"):
        matlab.text(matlab.load_mat(file, "set", "number"), "here")


def test_cells_of_both_file_versions(tmp_path, write_mat, write_mat73, cell):
    items = [np.array([[1, 2, 3], [4, 5, 6.0]]), np.zeros((0, 3)), np.array([[7, 8, 9.0]])]
    old = write_mat(tmp_path / "old.mat", c=cell(items))
    new = write_mat73(tmp_path / "new.mat", "c", items)
    for file in (old, new):
        found = [matlab.matrix(x, 3, "here").tolist()
                 for x in matlab.load_cells(file, "set", "c")]
        assert found == [[[1, 2, 3], [4, 5, 6]], [], [[7, 8, 9]]]


@pytest.mark.parametrize("content", [b"", b"short", b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_damaged_files_raise_our_error_alone(tmp_path, content):
    file = tmp_path / "a.mat"
    file.write_bytes(content)
    for load in (matlab.load_mat, matlab.load_cells):
        with pytest.raises(DatasetError, match="^set: .*a.mat"):
            load(file, "set", "c")


def test_a_73_file_is_read_as_an_older_one(tmp_path, write_mat73):
    items = [np.array([[1, 2, 3], [4, 5, 6.0]]), np.zeros((0, 3)), np.array([[7, 8, 9.0]])]
    file = write_mat73(tmp_path / "a.mat", "c", items)
    for variable in ("c", None):
        found = matlab.cells(matlab.load_mat(file, "set", variable))
        assert [matlab.matrix(x, 3, "here").tolist() for x in found] == [x.tolist() for x in items]
    with pytest.raises(DatasetError, match="set: no variable 'd' in .*a.mat"):
        matlab.load_mat(file, "set", "d")


def test_a_73_file_that_leads_in_a_circle_is_refused(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        cell = file.create_dataset("c", (1, 1), h5py.ref_dtype)
        cell[0, 0] = cell.ref
    with pytest.raises(DatasetError, match="a.mat: /c is used twice"):
        matlab.load_mat(tmp_path / "a.mat", "set", "c")


@pytest.mark.parametrize("way", hostile_hdf5.WAYS, ids=lambda way: way.__name__)
def test_a_73_file_that_leads_to_others_is_refused(tmp_path, write_mat73, way):
    file = write_mat73(tmp_path / "a.mat", "c", [np.ones((2, 3))])
    hostile_hdf5.replace(file, "#refs#/0", way, tmp_path / "other.h5")
    with pytest.raises(DatasetError, match=f"a.mat: /#refs#/0 {hostile_hdf5.WAYS[way]}"):
        matlab.load_cells(file, "set", "c")


def test_a_73_file_with_other_contents_is_named(tmp_path, write_mat73):
    file = write_mat73(tmp_path / "a.mat", "c", [np.ones((2, 3))])
    with pytest.raises(DatasetError, match="set: no variable 'd' in .*a.mat"):
        matlab.load_cells(file, "set", "d")
    with pytest.raises(DatasetError, match="a.mat: /#refs#/0 is float64, not references"):
        matlab.load_cells(file, "set", "#refs#/0")
    with pytest.raises(DatasetError, match="a.mat: /#refs# is no dataset"):
        matlab.load_cells(file, "set", "#refs#")


def test_damaged_73_files_raise_our_error_alone(tmp_path, write_mat73):
    file = write_mat73(tmp_path / "a.mat", "c", [np.ones((2, 3)), np.zeros((0, 3))])
    accepted = 0
    for number, damaged in enumerate(hostile_hdf5.mutations(file.read_bytes(), 150, seed=10)):
        file.write_bytes(damaged)
        try:
            (matlab.load_cells, matlab.load_mat)[number % 2](file, "set", "c")
            accepted += 1
        except DatasetError as error:
            assert "a.mat" in str(error)
    assert 0 < accepted < 150
