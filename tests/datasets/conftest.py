"""Writers of the small files that the tests of the readers put together."""
import itertools

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

SIZE = (40, 60)
PLACES = itertools.count()  # names of what MATLAB 7.3 refers to


@pytest.fixture
def write_image():
    """Write an RGB image of `size` (H, W); the suffix chooses the format."""
    def write(path, size=SIZE):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((*size, 3), 90, np.uint8)).save(path)
        return path
    return write


@pytest.fixture
def write_mask():
    """Write a grayscale picture, 0 but for `value` at `points` (x, y)."""
    def write(path, points=(), size=SIZE, value=255):
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.zeros(size, np.uint8)
        for x, y in points:
            pixels[y, x] = value
        Image.fromarray(pixels).save(path, quality=100)
        return path
    return write


@pytest.fixture
def write_mat():
    """Write the variables of a MATLAB file."""
    def write(path, **variables):
        path.parent.mkdir(parents=True, exist_ok=True)
        savemat(path, variables)
        return path
    return write


@pytest.fixture
def write_mat73():
    """Write one n x 1 cell array as MATLAB 7.3 does: HDF5, transposed, empty ones flagged."""
    def write(path, name, items):
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w", userblock_size=512) as file:
            references = np.empty((1, len(items)), h5py.ref_dtype)
            for k, item in enumerate(items):
                item = np.asarray(item, float)
                stored = item.T if item.size else np.array(item.shape, np.uint64)
                node = file.create_dataset(f"#refs#/{k}", data=stored)
                if not item.size:
                    node.attrs["MATLAB_empty"] = np.uint8(1)
                references[0, k] = node.ref
            file.create_dataset(name, data=references, dtype=h5py.ref_dtype)
        return path
    return write


@pytest.fixture
def write_mat73_structs():
    """Write a variable of dicts, lists, texts and matrices as MATLAB 7.3 writes structs and cells.

    A list of dicts with the same keys is a cell array, or with `array` a struct array.
    """
    def write(path, name, value, array=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w", userblock_size=512) as file:
            _put(file, file, name, value, array)
        return path
    return write


def _put(file, group, name, value, array=False):
    """Write a value below a group."""
    def references(values):
        made = np.empty((1, len(values)), h5py.ref_dtype)
        for k, one in enumerate(values):
            place = f"#refs#/{next(PLACES)}"
            made[0, k] = _put(file, file, place, one).ref
        return made

    if isinstance(value, list) and array:
        node = file.create_group(name)
        for key in value[0]:
            node.create_dataset(key, data=references([one[key] for one in value]),
                                dtype=h5py.ref_dtype)
        kind = "struct"
    elif isinstance(value, list):
        node = group.create_dataset(name, data=references(value), dtype=h5py.ref_dtype)
        kind = "cell"
    elif isinstance(value, dict):
        node, kind = group.create_group(name), "struct"
        for key, one in value.items():
            _put(file, node, key, one)
    else:
        text = isinstance(value, str)
        matrix = np.array([[ord(c) for c in value]], np.uint16) if text else np.asarray(value)
        node = group.create_dataset(
            name, data=matrix.T if matrix.size else np.array(matrix.shape, np.uint64))
        if not matrix.size:
            node.attrs["MATLAB_empty"] = np.uint8(1)
        kind = "char" if text else "double"
    node.attrs["MATLAB_class"] = np.bytes_(kind)
    return node


@pytest.fixture
def cell():
    """An n x 1 MATLAB cell array of the given items."""
    def make(items):
        array = np.empty((len(items), 1), object)
        for k, item in enumerate(items):
            array[k, 0] = item
        return array
    return make


@pytest.fixture
def rows():
    """The (x, y) of a stimulus as a sorted list of tuples."""
    def of(dataset, index):
        return sorted(map(tuple, dataset.fixations.of(index).tolist()))
    return of
