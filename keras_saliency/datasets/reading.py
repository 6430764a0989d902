"""What the readers share: listing stimuli, checking sizes, masks, and trials to `Fixations`."""
import io
from contextlib import contextmanager
from pathlib import Path
from typing import Iterable, NamedTuple, Optional

import numpy as np
from PIL import Image

from keras_saliency.datasets.dataset import DatasetError, image_sizes, list_images, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.files import InputError, list_some
from keras_saliency.files.picture_headers import check_picture, read_file

MOST_OBSERVERS = 1_000_000


class Trial(NamedTuple):
    """Fixations of one observer on one stimulus.

    Attributes:
        image: index of the stimulus. points: [n, 2] (x, y) in pixels from 0.
        observer: index, -1 if unknown. duration: [n] milliseconds, None if unknown.
    """

    image: int
    points: np.ndarray
    observer: int = -1
    duration: Optional[np.ndarray] = None


def build_fixations(trials: Iterable[Trial], sizes) -> Fixations:
    """`Fixations` of all trials on stimuli of `sizes` [N, 2] (H, W)."""
    trials = list(trials)
    counts = [len(trial.points) for trial in trials]
    xy = np.concatenate([np.zeros((0, 2)), *(trial.points for trial in trials)])
    duration = np.concatenate([np.zeros(0), *(
        np.full(count, np.nan) if trial.duration is None else trial.duration
        for trial, count in zip(trials, counts))])
    image = np.repeat([trial.image for trial in trials], counts)
    observer = np.repeat([trial.observer for trial in trials], counts)
    return Fixations.build(xy[:, 0], xy[:, 1], image, sizes, observer, duration)


def sub_folder(root, name: str, dataset: str) -> Path:
    """The folder `root/name`; the error lists what is there instead."""
    require(name, f"{dataset}: a folder in {root} has no name")
    folder = Path(root) / name
    if not folder.is_dir():
        there = sorted(p.name for p in Path(root).iterdir()) if Path(root).is_dir() else []
        raise DatasetError(f"{dataset}: no folder {folder}"
                           + (f"; {root} holds {list_some(there)}" if there else ""))
    return folder


def list_stimuli(folder, dataset: str) -> list:
    """Image files of `folder` sorted by name without extension, which must be unique."""
    paths = sorted(list_images(folder), key=lambda path: path.stem)
    require(paths, f"{dataset}: no images (jpg, png, bmp) in {folder}")
    twice = [b.name for a, b in zip(paths, paths[1:]) if a.stem == b.stem]
    require(not twice, f"{dataset}: two images with one name in {folder}: {list_some(twice)}")
    return paths


def list_mats(folder) -> list:
    """Sorted .mat files of a folder, without the hidden ones that macOS leaves in archives."""
    return sorted(p for p in Path(folder).glob("*.mat") if not p.name.startswith("."))


def stems(paths) -> tuple:
    """File names without extension."""
    return tuple(Path(p).stem for p in paths)


def require_sizes(files, sizes, what: str, dataset: str) -> None:
    """Check by their headers that pictures have the `sizes` [N, 2] (H, W) of their stimuli."""
    require_equal_sizes([tuple(s) for s in image_sizes(files)], sizes, files, what, dataset)


def require_equal_sizes(found, sizes, files, what: str, dataset: str) -> None:
    """The same for (H, W) pairs already known."""
    wrong = [f"{file} ({h:g}x{w:g}, stimulus {size[0]}x{size[1]})"
             for file, (h, w), size in zip(files, found, sizes) if (h, w) != tuple(size)]
    require(not wrong, f"{dataset}: {what} of another size than the stimulus: "
                       f"{list_some(wrong)}; copy both from the same release")


@contextmanager
def opened_picture(path, dataset: str):
    """A picture file as PIL reads it, its header checked before.

    Raises:
        DatasetError: naming a file that is missing, damaged, or larger than 40 megapixels; also
            where that shows only in the `with` block.
    """
    try:
        contents = read_file(path)
        check_picture(contents, path)
        with Image.open(io.BytesIO(contents)) as picture:
            yield picture
    except InputError as error:
        raise DatasetError(f"{dataset}: unreadable image {error}") from error
    except Exception as error:  # a damaged file makes PIL raise any of a dozen types
        raise DatasetError(f"{dataset}: unreadable image {path} ({error}); "
                           "replace it") from error


def mask_points(path, dataset: str, threshold: int = 0) -> np.ndarray:
    """float64 [n, 2]: (x, y) of the pixels of a picture with any channel above `threshold`.

    Transparency does not count. One pixel is one fixation, row by row.
    """
    with opened_picture(path, dataset) as picture:
        if picture.mode in ("P", "PA"):  # palette indices say nothing about brightness
            picture = picture.convert("RGB")
        values, mode = np.asarray(picture), picture.mode
    if mode in ("LA", "RGBA"):
        values = values[..., :-1]
    if values.ndim == 3:
        values = values.max(axis=-1)
    return count_points(values > threshold)


def observers_of(numbers, where: str) -> np.ndarray:
    """int64 [n]: observers from 0 of the numbers from 1 in a file; the error says `where`."""
    with np.errstate(invalid="ignore"):
        whole = (numbers == np.floor(numbers)) & (numbers >= 1) & (numbers <= MOST_OBSERVERS)
    require(whole.all(), f"{where}: observers are numbered from 1 to at most {MOST_OBSERVERS}, "
                         f"not {list_some(np.unique(numbers[~whole]))}")
    return numbers.astype(np.int64) - 1


def count_points(counts) -> np.ndarray:
    """float64 [n, 2]: (x, y) of each count of a fixation map [H, W], row by row."""
    counts = np.asarray(counts).astype(np.int64)
    ys, xs = np.nonzero(counts > 0)
    return np.repeat(np.stack([xs, ys], axis=1), counts[ys, xs], axis=0).astype(np.float64)


def completeness_note(found: int, published: int) -> tuple:
    """A note for `SaliencyDataset.notes` if the copy is not the whole published set."""
    return () if found == published else (f"{found} of the {published} published stimuli",)
