"""Variables of MATLAB 7.3 files, which are HDF5, as `scipy.io.loadmat` gives those of older files.

A cell array is a dataset of references, and so is each field of a struct array; a struct is a
group. HDF5 sees columns as rows, so each matrix is transposed. Each object may be used once, as
MATLAB writes it: references could otherwise lead in circles.
"""
from types import SimpleNamespace
from typing import Any, Optional

import h5py
import numpy as np

from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.files import AnyPath, hdf5, list_some, require

MOST_OBJECTS, DEEPEST = 2_000_000, 32  # cells and fields of one variable; one within another


def load_variable(path: AnyPath, dataset: str, variable: Optional[str] = None) -> Any:
    """Return `variable`, or the only one if None; a `DatasetError` names the file and the fault.

    Cells are object arrays, structs have fields as attributes, texts are arrays [1] of str, and
    matrices keep two dimensions.
    """
    with hdf5.open_foreign(path, DatasetError) as file:
        names = [name for name in file if not name.startswith("#")]
        if variable is None:
            require(len(names) == 1, f"{dataset}: one variable expected in {path}, not "
                    f"{len(names)} ({list_some(sorted(names))})", DatasetError)
            variable = names[0]
        require(variable in names, f"{dataset}: no variable {variable!r} in {path}",
                DatasetError)
        return _Reader(file).read(file[variable])


class _Reader:
    """Reads one variable: first its structure, then all its matrices, whose size is checked."""

    def __init__(self, file: h5py.File):
        self.file, self.seen, self.matrices, self.texts = file, set(), {}, set()

    def read(self, item: h5py.HLObject) -> Any:
        structure = self._structure(item, 0)
        arrays = hdf5.numbers(self.matrices)
        return self._filled(structure, arrays)

    def _structure(self, item, depth) -> Any:
        """Cells as object arrays, structs, empty matrices; an integer stands for a matrix."""
        place = h5py.h5o.get_info(item.id).addr
        if place in self.seen:  # the name is searched in the file, so only here
            raise hdf5.Refused(f"{item.name} is used twice")
        self.seen.add(place)
        require(len(self.seen) <= MOST_OBJECTS and depth <= DEEPEST,
                f"more than {MOST_OBJECTS} cells, or {DEEPEST} within another", hdf5.Refused)
        if isinstance(item, h5py.Group):
            return self._struct(item, depth)
        if hdf5.attribute(item, "MATLAB_empty", 0):
            return np.zeros((0, 0))
        if h5py.check_ref_dtype(item.dtype) is not None:
            return self._cells(item, depth)
        self.matrices[place] = item
        if item.dtype == np.uint16 and _is_text(item):
            self.texts.add(place)
        return place

    def _cells(self, item, depth) -> np.ndarray:
        found = np.empty(item.shape, object)
        for index, reference in enumerate(hdf5.references(item)):
            found.flat[index] = self._structure(self.file[reference], depth + 1)
        return found.T

    def _struct(self, group, depth) -> Any:
        """A struct, or an object array of them where each field is a dataset of references."""
        fields = {name: group[name] for name in group}
        if fields and all(_is_column(item) for item in fields.values()):
            columns = {name: self._cells(item, depth) for name, item in fields.items()}
            shapes = {column.shape for column in columns.values()}
            require(len(shapes) == 1, f"{group.name}: its fields differ in shape", hdf5.Refused)
            found = np.empty(shapes.pop(), object)
            for index in np.ndindex(found.shape):
                found[index] = _new_struct({name: its[index] for name, its in columns.items()})
            return found
        return _new_struct({name: self._structure(item, depth + 1)
                            for name, item in fields.items()})

    def _filled(self, value, arrays) -> Any:
        """Put the matrices in the place of the integers."""
        if isinstance(value, SimpleNamespace):
            return _new_struct({name: self._filled(getattr(value, name), arrays)
                                for name in value._fieldnames})
        if isinstance(value, int):
            array = arrays[value].T
            return _text(array) if value in self.texts else array
        if value.dtype == object:
            for index in np.ndindex(value.shape):
                value[index] = self._filled(value[index], arrays)
        return value


def _is_column(item) -> bool:
    """Return True for a field of a struct array: references that are no cell array."""
    return (isinstance(item, h5py.Dataset) and h5py.check_ref_dtype(item.dtype) is not None
            and "MATLAB_class" not in item.attrs)


def _is_text(item) -> bool:
    return hdf5.attribute(item, "MATLAB_class", "") in ("char", b"char")


def _new_struct(fields) -> SimpleNamespace:
    return SimpleNamespace(_fieldnames=list(fields), **fields)


def _text(codes) -> np.ndarray:
    return np.array(["".join(map(chr, np.ravel(codes).astype(int)))])
