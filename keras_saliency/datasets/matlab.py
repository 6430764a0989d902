"""MATLAB files. Every fault becomes a `DatasetError` that names the file.

Nothing is squeezed: a matrix keeps its two dimensions, so one fixation [1, 2] and two durations
[2, 1] cannot be mistaken for each other. Structs have attributes, cells are object arrays.
"""
from pathlib import Path
from typing import Any, Iterator, Optional

import h5py
import numpy as np

from keras_saliency.datasets.dataset import DatasetError, require
from keras_saliency.datasets.matlab73 import load_variable
from keras_saliency.files import hdf5, list_some


def load_mat(path: Path, dataset: str, variable: Optional[str] = None) -> Any:
    """Read `variable` from the file `path`, or its only variable if None; also version 7.3."""
    from scipy.io import loadmat  # here: it takes long, and few datasets need it

    require(path.is_file(), f"{dataset}: no file {path}; copy it from the published archive")
    if h5py.is_hdf5(path):
        return load_variable(path, dataset, variable)
    try:
        content = loadmat(str(path), appendmat=False, struct_as_record=False,
                          variable_names=variable and [variable])
    except Exception as error:  # a damaged file makes scipy raise any of a dozen types
        raise DatasetError(f"{dataset}: cannot read {path} ({type(error).__name__}: {error}); "
                           "copy it again from the published archive") from error
    found = {name: value for name, value in content.items() if not name.startswith("__")}
    if variable is not None:
        require(variable in found, f"{dataset}: no variable {variable!r} in {path}")
        return found[variable]
    require(len(found) == 1, f"{dataset}: one variable expected in {path}, "
                             f"not {len(found)} ({list_some(sorted(found))})")
    return next(iter(found.values()))


def load_cells(path: Path, dataset: str, variable: str) -> list:
    """Read the items of the cell array `variable` from a file of any version, also 7.3 (HDF5)."""
    if not h5py.is_hdf5(path):
        return cells(load_mat(path, dataset, variable))
    with hdf5.open_foreign(path, DatasetError) as file:
        require(variable in file, f"{dataset}: no variable {variable!r} in {path}")
        return _hdf5_cells(file, variable)


def cells(value: Any) -> list:
    """Return the items of a cell or struct array in MATLAB's order, or a lone struct."""
    if isinstance(value, np.ndarray):
        return list(value.ravel(order="F")) if value.dtype == object else []
    return [value]


def structs(value: Any) -> list:
    """Return all structs in a struct array, a cell array of structs, or cells within cells."""
    if hasattr(value, "_fieldnames"):
        return [value]
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [struct for item in value.ravel(order="F") for struct in structs(item)]
    return []


def observers(value: Any) -> Iterator[tuple[int, Any]]:
    """Yield (observer, struct) of a cell or struct array; the cell of one without data is empty."""
    for observer, cell in enumerate(cells(value)):
        for struct in structs(cell):
            yield observer, struct


def field(struct: Any, name: str, where: str) -> Any:
    """Return the field `name` of a struct; the error starts with `where` and lists the fields."""
    fields = getattr(struct, "_fieldnames", None)
    require(fields is not None, f"{where}: a struct with the field {name!r} expected")
    require(name in fields, f"{where}: no field {name!r}, only {list_some(fields)}")
    return getattr(struct, name)


def matrix(value: Any, columns: int, where: str) -> np.ndarray:
    """Return a numeric matrix as float64 [n, columns]; n is 0 for an empty one of any shape."""
    array = np.asarray(value)
    if array.size == 0:
        return np.zeros((0, columns))
    require(array.dtype.kind in "iufb" and array.ndim == 2 and array.shape[1] == columns,
            f"{where}: {columns} columns of numbers expected, "
            f"not {array.dtype} {list(array.shape)}")
    # MATLAB saves whole numbers as uint8 where they fit; differences would wrap around.
    return array.astype(np.float64)


def vector(value: Any, where: str) -> np.ndarray:
    """Return a numeric row or column as float64 [n]; n is 0 for an empty one."""
    array = np.asarray(value)
    if array.size == 0:
        return np.zeros(0)
    require(array.dtype.kind in "iufb" and array.size == max(array.shape, default=1),
            f"{where}: a row or column of numbers expected, not {array.dtype} {list(array.shape)}")
    return array.astype(np.float64).ravel()


def text(value: Any, where: str) -> str:
    """Return a MATLAB character array, possibly within a cell, as text."""
    array = np.asarray(value)
    while array.dtype == object and array.size == 1:
        array = np.asarray(array.ravel()[0])
    require(array.dtype.kind == "U" and array.size == 1, f"{where}: text expected")
    return str(array.ravel()[0])


def _hdf5_cells(file, variable) -> list:
    references = hdf5.references(file[variable])
    items = {index: file[reference] for index, reference in enumerate(references)}
    # An empty matrix is stored as its shape, with a flag; and HDF5 sees columns as rows.
    return [np.zeros((0, 0)) if hdf5.attribute(items[index], "MATLAB_empty", 0) else array.T
            for index, array in hdf5.numbers(items).items()]
