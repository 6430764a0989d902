"""Stimuli and fixations in the HDF5 files of the `pysaliency` package, which is not needed.

Layout: `stimuli.hdf5` with pictures inside (type `Stimuli`) or names of picture files relative to
it (type `FileStimuli`), and `fixations.hdf5` with scanpaths (type `FixationTrains`, since
pysaliency 0.3 `ScanpathFixations`; one row each, filled up with NaN) or single fixations (type
`Fixations`). Its subjects are our observers; durations, in files that have them, are seconds there
and milliseconds here.

Source: https://github.com/matthias-k/pysaliency (`datasets`), file versions 1.0 to 2.1.
"""
from pathlib import Path, PureWindowsPath
from typing import Optional

import cv2
import h5py
import numpy as np

from keras_saliency.config import is_whole
from keras_saliency.datasets.coordinates import DATA_OPTION, to_pixels
from keras_saliency.datasets.dataset import DatasetError, DatasetSpec, SaliencyDataset, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.reading import image_sizes, require_folder
from keras_saliency.files import AnyPath, hdf5, list_some
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.files.picture_pixels import on_ground

NAME = "pysaliency"


def load(root: AnyPath, *, stimuli: str = "stimuli.hdf5", fixations: str = "fixations.hdf5",
         pixels_per_dva: Optional[float] = None, edition: str = "",
         coordinates: Optional[str] = None) -> SaliencyDataset:
    """Read the files `stimuli` and `fixations`, which do not say `pixels_per_dva`, from `root`.

    `edition` is the release to record with results; the folder's name if empty. `coordinates` of
    the fixations: see `datasets.coordinates`; None for pixels that are checked.
    """
    root = require_folder(root, NAME, f"{stimuli} and {fixations}")
    names, pictures, sizes = _read(root / stimuli, {
        "Stimuli": _stored_stimuli, "FileStimuli": _stimulus_files})
    x, y, image, observer, seconds = _read(root / fixations, {
        "Fixations": _single_fixations, "FixationTrains": _fixation_trains,
        "ScanpathFixations": _scanpath_fixations})
    duration = None if seconds is None else 1000.0 * seconds
    require(len(image) == 0 or 0 <= image.min() and image.max() < len(names),
            f"{root / fixations}: fixations on stimuli {image.min() if len(image) else 0} to "
            f"{image.max() if len(image) else 0}, but {stimuli} holds {len(names)}")
    x, y = to_pixels(x, y, sizes[image], coordinates, f"{NAME}: {root / fixations}", DATA_OPTION,
                     image)
    # sorted by name, as every reader's stimuli
    order = np.argsort(names, kind="stable")
    rank = np.argsort(order)
    return SaliencyDataset(
        name=NAME, names=tuple(names[i] for i in order),
        stimuli=tuple(pictures[i] for i in order), sizes=sizes[order],
        fixations=Fixations.build(x, y, rank[image], sizes[order], observer, duration),
        pixels_per_dva=pixels_per_dva, edition=edition or root.resolve().name)


def _read(path, readers):
    """Read a file with the reader for its type."""
    require(path.is_file(), f"{NAME}: no file {path}")
    with hdf5.open_foreign(path, DatasetError) as file:
        kind = hdf5.attribute(file, "type", "none")
        kind = kind if isinstance(kind, str) else "no text"
        require(kind in readers, f"{path}: its type is {kind}, not {' or '.join(readers)}")
        return readers[kind](file, path)


def _stored_stimuli(file, path):
    """Pictures 0, 1, ... as arrays, kept as PNG bytes."""
    count = hdf5.attribute(file, "size")
    require(is_whole(count) and count >= 1,
            f"{path}: attribute 'size' is {count}, not a number of stimuli")
    names, pictures, sizes = [], [], []
    for index in range(count):
        data = _dataset(file, str(index), path)
        require(data.ndim in (2, 3) and data.dtype == np.uint8 and data.size,
                f"{path}: stimulus {index} is {data.dtype} of shape {data.shape}, not a picture "
                "of 8 bits")
        require(data.shape[0] * data.shape[1] <= LIMIT,
                f"{path}: stimulus {index} of shape {data.shape} has more than {LIMIT} pixels")
        picture = hdf5.numbers({index: data})[index].reshape(*data.shape[:2], -1)
        rgb = np.repeat(picture[..., :1], 3, -1) if picture.shape[2] < 3 else picture[..., :3]
        if picture.shape[2] in (2, 4):
            rgb = on_ground(np.concatenate([rgb, picture[..., -1:]], axis=-1))
        names.append(f"{index:06d}")
        pictures.append(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())
        sizes.append(picture.shape[:2])
    return names, pictures, np.array(sizes, np.int32).reshape(-1, 2)


def _stimulus_files(file, path):
    """Picture files, named relative to the HDF5 file."""
    relative = hdf5.texts(_dataset(file, "filenames", path))
    require(relative, f"{path}: filenames is empty")
    outside = [name for name in relative
               if PureWindowsPath(name).anchor or ".." in PureWindowsPath(name).parts]
    require(not outside, f"{path}: filenames outside of its folder: {list_some(outside)}")
    files = [path.parent / name for name in relative]
    missing = [name for name, picture in zip(relative, files) if not picture.is_file()]
    require(not missing, f"{path}: no such pictures: {list_some(missing)}")
    stems = [Path(name).stem for name in relative]
    names = stems if len(set(stems)) == len(stems) else relative
    return names, files, image_sizes(files)


def _single_fixations(file, path):
    arrays = _arrays(file, ["x", "y", "n"], path)
    x = arrays["x"]
    subjects, durations = _there(file, "subjects", "subject"), _there(file, "duration", "durations")
    arrays.update(_arrays(file, [*subjects, *durations], path))
    _require_shapes(arrays, dict.fromkeys(arrays, (x.size,)), path)
    observer = _whole(arrays, subjects[0], path) if subjects else None
    return (x, arrays["y"], _whole(arrays, "n", path), observer,
            arrays[durations[0]] if durations else None)


def _fixation_trains(file, path):
    held = "scanpath_fixation_attributes"
    return _scanpaths(file, path, "train_xs", "train_ys", "train_ns", ["train_subjects"],
                      _there(file, "train_lengths"),
                      _there(file, f"{held}/durations", f"{held}/duration"))


def _scanpath_fixations(file, path):
    held = "scanpaths/fixation_attributes"
    return _scanpaths(file, path, "scanpaths/xs", "scanpaths/ys", "scanpaths/n",
                      _there(file, "scanpaths/scanpath_attributes/subject"),
                      _there(file, "scanpaths/length", "scanpaths/lengths"),
                      _there(file, f"{held}/durations", f"{held}/duration"))


def _scanpaths(file, path, xs, ys, images, subjects, lengths, durations):
    """Scanpaths in the datasets of those names; the last three are lists of one or none."""
    arrays = _arrays(file, [xs, ys, images, *subjects, *lengths, *durations], path)
    x = arrays[xs]
    require(x.ndim == 2, f"{path}: {xs} has the shape {x.shape}, not a row for each scanpath")
    _require_shapes(arrays, {ys: x.shape, **dict.fromkeys(durations, x.shape),
                             **dict.fromkeys([images, *subjects, *lengths], x.shape[:1])}, path)
    columns = np.arange(1, x.shape[1] + 1)
    if lengths:
        ends = _whole(arrays, lengths[0], path)
    else:  # the last number of each row; NaN before it is a blink
        ends = np.where(np.isnan(x), 0, columns).max(axis=1, initial=0)
    there = columns <= ends[:, np.newaxis]
    rows = np.nonzero(there)[0]
    return (x[there], arrays[ys][there], _whole(arrays, images, path)[rows],
            _whole(arrays, subjects[0], path)[rows] if subjects else None,
            arrays[durations[0]][there] if durations else None)


def _there(file, *keys) -> list:
    """The first of the keys that the file has, in a list; an empty one for none."""
    return [key for key in keys if key in file][:1]


def _dataset(file, key, path):
    require(isinstance(file.get(key), h5py.Dataset), f"{path}: incomplete: no dataset {key}")
    return file[key]


def _arrays(file, keys, path) -> dict:
    """{key: array} of datasets of numbers."""
    return hdf5.numbers({key: _dataset(file, key, path) for key in keys})


def _require_shapes(arrays, shapes, path) -> None:
    for key, shape in shapes.items():
        require(arrays[key].shape == shape,
                f"{path}: {key} has the shape {arrays[key].shape}, but {shape} is expected beside "
                f"{next(iter(arrays))}")


def _whole(arrays, key, path) -> np.ndarray:
    """int64: indices, which some files hold as float."""
    array = arrays[key]
    fits = (array == np.floor(array)) & (np.abs(array.astype(np.float64)) < 2 ** 31)
    require(fits.all(), f"{path}: {key} holds {array[~fits][:1]}, not whole numbers")
    return array.astype(np.int64)


SPEC = DatasetSpec(load)
