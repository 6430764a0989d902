"""Stimuli and fixations in the HDF5 files of the `pysaliency` package, which is not needed.

Layout: `stimuli.hdf5` with pictures inside (type `Stimuli`) or names of picture files relative to
it (type `FileStimuli`), and `fixations.hdf5` with scanpaths (type `FixationTrains`; one row each,
ended by NaN) or single fixations (type `Fixations`). Subjects are our observers; durations are
taken where the file has them (seconds in pysaliency, milliseconds here).

Source: https://github.com/matthias-k/pysaliency (`datasets.py`), file versions 1.0 to 2.1.
"""
from pathlib import Path

import cv2
import h5py
import numpy as np

from keras_saliency.datasets.dataset import (
    DatasetError,
    SaliencyDataset,
    image_sizes,
    require,
    require_folder,
)
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.spec import DatasetSpec
from keras_saliency.files import list_some

NAME = "pysaliency"


def load(root, *, stimuli="stimuli.hdf5", fixations="fixations.hdf5", pixels_per_dva=None,
         edition="") -> SaliencyDataset:
    """Read the two files from the folder `root`.

    Args:
        stimuli, fixations: names of the files.
        pixels_per_dva: pixels per degree of visual angle; the files do not say.
        edition: what to record with results; the folder's name if empty.

    Raises:
        DatasetError: a file or picture is missing, unreadable or of another type, or fixations
            are on stimuli that are not there.
    """
    root = require_folder(root, NAME, f"{stimuli} and {fixations}")
    names, pictures, sizes = _read(root / stimuli, {
        "Stimuli": _stored_stimuli, "FileStimuli": _stimulus_files})
    x, y, image, observer, duration = _read(root / fixations, {
        "Fixations": _single_fixations, "FixationTrains": _scanpaths})
    require(len(image) == 0 or 0 <= image.min() and image.max() < len(names),
            f"{root / fixations}: fixations on stimuli {image.min() if len(image) else 0} to "
            f"{image.max() if len(image) else 0}, but {stimuli} holds {len(names)}")
    # sorted by name, as every reader's stimuli
    order = np.argsort(names, kind="stable")
    rank = np.argsort(order)
    return SaliencyDataset(
        name=NAME, names=tuple(names[i] for i in order),
        stimuli=tuple(pictures[i] for i in order), sizes=sizes[order],
        fixations=Fixations.build(x, y, rank[image], sizes[order], observer, duration),
        pixels_per_dva=pixels_per_dva, edition=edition or root.resolve().name)


def _read(path, readers):
    """The answer of the reader for the file's type."""
    require(path.is_file(), f"{NAME}: no file {path}")
    try:
        with h5py.File(path, "r") as file:
            kind = _text(file.attrs.get("type", "none"))
            require(kind in readers, f"{path}: its type is {kind}, not {' or '.join(readers)}")
            return readers[kind](file, path)
    except DatasetError:
        raise
    except KeyError as error:
        raise DatasetError(f"{path}: incomplete: {error.args[0]}") from None
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{path}: not readable as pysaliency's HDF5 ({error})") from None


def _stored_stimuli(file, path):
    """Pictures 0, 1, ... as arrays, kept as PNG bytes."""
    names, pictures, sizes = [], [], []
    for index in range(int(file.attrs["size"])):
        picture = file[str(index)][...]
        require(picture.ndim in (2, 3) and picture.dtype == np.uint8,
                f"{path}: stimulus {index} is {picture.dtype} of shape {picture.shape}, not a "
                "picture of 8 bits")
        if picture.ndim == 2:
            picture = picture[..., np.newaxis]
        rgb = np.repeat(picture[..., :1], 3, -1) if picture.shape[2] < 3 else picture[..., :3]
        names.append(f"{index:06d}")
        pictures.append(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())
        sizes.append(picture.shape[:2])
    return names, pictures, np.array(sizes, np.int32).reshape(-1, 2)


def _stimulus_files(file, path):
    """Picture files, named relative to the HDF5 file."""
    relative = [_text(name) for name in file["filenames"][...]]
    files = [path.parent / name for name in relative]
    missing = [name for name, picture in zip(relative, files) if not picture.is_file()]
    require(not missing, f"{path}: no such pictures: {list_some(missing)}")
    stems = [Path(name).stem for name in relative]
    names = stems if len(set(stems)) == len(stems) else relative
    return names, files, image_sizes(files)


def _single_fixations(file, path):
    x = file["x"][...]
    return x, file["y"][...], file["n"][...].astype(np.int64), _subjects(file, len(x)), (
        _milliseconds(file.get("duration")))


def _scanpaths(file, path):
    x, y = file["train_xs"][...], file["train_ys"][...]
    there = ~np.isnan(x)
    rows = np.nonzero(there)[0]
    attributes = file.get("scanpath_fixation_attributes", {})
    durations = attributes.get("durations", attributes.get("duration"))
    return (x[there], y[there], file["train_ns"][...].astype(np.int64)[rows],
            file["train_subjects"][...].astype(np.int64)[rows], _milliseconds(durations, there))


def _subjects(file, count):
    subjects = file["subjects"][...] if "subjects" in file else np.full(count, -1)
    return subjects.astype(np.int64)


def _milliseconds(seconds, there=slice(None)):
    return None if seconds is None else 1000.0 * seconds[...][there]


def _text(value) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


SPEC = DatasetSpec(load)
