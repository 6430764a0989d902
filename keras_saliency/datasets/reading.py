"""Steps that all readers share: sizes of pictures, fixations from masks, the dataset itself."""
import io
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image
from tqdm import tqdm

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.folders import stems
from keras_saliency.files import InputError, list_some
from keras_saliency.files.paths import AnyPath
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


def build_dataset(name: str, stimuli: Sequence[Path], sizes: np.ndarray,
                  trials: Optional[Iterable[Trial]], *, densities: Optional[Sequence[Path]] = None,
                  density_name: str = "density maps", published: Optional[int] = None,
                  **facts: Any) -> SaliencyDataset:
    """Build a dataset from what a reader has found.

    Args:
        stimuli: N paths in name order. sizes: [N, 2] (H, W).
        trials: of all stimuli; None for a dataset without fixations.
        densities: N published density pictures, or None. Their sizes are checked; errors call them
            `density_name`.
        published: stimuli of the whole set; an incomplete copy is noted.
        **facts: further fields of `SaliencyDataset`.
    """
    if densities is not None:
        require_sizes(densities, sizes, density_name, name)
        densities = tuple(densities)
    notes = () if published in (None, len(stimuli)) else (
        f"{len(stimuli)} of the {published} published stimuli",)
    return SaliencyDataset(**{
        "name": name, "names": stems(stimuli), "stimuli": tuple(stimuli), "sizes": sizes,
        "fixations": None if trials is None else build_fixations(trials, sizes),
        "density_files": densities, "notes": notes, **facts})


def build_fixations(trials: Iterable[Trial], sizes: ArrayLike) -> Fixations:
    """Return the `Fixations` of all trials on stimuli of `sizes` [N, 2] (H, W)."""
    trials = list(trials)
    counts = [len(trial.points) for trial in trials]
    xy = np.concatenate([np.zeros((0, 2)), *(trial.points for trial in trials)])
    duration = np.concatenate([np.zeros(0), *(
        np.full(count, np.nan) if trial.duration is None else trial.duration
        for trial, count in zip(trials, counts))])
    image = np.repeat([trial.image for trial in trials], counts)
    observer = np.repeat([trial.observer for trial in trials], counts)
    return Fixations.build(xy[:, 0], xy[:, 1], image, sizes, observer, duration)


def progress(files: Iterable, title: str) -> Iterable:
    """Return an iterator over files that shows a progress bar on a terminal."""
    return tqdm(files, desc=title, unit="file", disable=None)


def image_sizes(paths: Iterable[AnyPath]) -> np.ndarray:
    """Return the sizes int32 [N, 2] (height, width) in the headers of JPEG, PNG and BMP files.

    Nothing is decoded. A picture of more than 40 megapixels, which would take too much memory or
    time, is refused like a damaged one.
    """
    sizes, bad = [], []
    for path in paths:
        try:
            sizes.append(check_picture(read_file(path), path))
        except InputError as error:
            bad.append(error)
    require(not bad, f"unreadable images: {list_some(bad)}; replace or remove them")
    return np.array(sizes, np.int32).reshape(-1, 2)


def require_sizes(files: Sequence[AnyPath], sizes: np.ndarray, what: str, dataset: str) -> None:
    """Check by their headers that pictures have the `sizes` [N, 2] (H, W) of their stimuli."""
    require_equal_sizes([tuple(s) for s in image_sizes(files)], sizes, files, what, dataset)


def require_equal_sizes(found: Iterable[Sequence[float]], sizes: np.ndarray,
                        files: Sequence[AnyPath], what: str, dataset: str) -> None:
    """Check that the (H, W) pairs `found` in files are the `sizes` of their stimuli."""
    wrong = [f"{file} ({h:g}x{w:g}, stimulus {size[0]}x{size[1]})"
             for file, (h, w), size in zip(files, found, sizes) if (h, w) != tuple(size)]
    require(not wrong, f"{dataset}: {what} of another size than the stimulus: "
                       f"{list_some(wrong)}; copy both from the same release")


@contextmanager
def opened_picture(path: AnyPath, dataset: str) -> Iterator[Image.Image]:
    """Open a picture file with PIL, after a check of its header."""
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


def mask_trials(masks: Sequence[AnyPath], sizes: np.ndarray, dataset: str,
                threshold: int = 0) -> Iterator[Trial]:
    """Yield a `Trial` for each fixation mask, after checking that all have their stimulus' size.

    Each pixel with a channel above `threshold` is one fixation, row by row. Transparency does not
    count. Masks do not tell observers apart.
    """
    require_sizes(masks, sizes, "fixation masks", dataset)
    for image, path in enumerate(masks):
        with opened_picture(path, dataset) as picture:
            if picture.mode in ("P", "PA"):  # palette indices say nothing about brightness
                picture = picture.convert("RGB")
            values, mode = np.asarray(picture), picture.mode
        if mode in ("LA", "RGBA"):
            values = values[..., :-1]
        if values.ndim == 3:
            values = values.max(axis=-1)
        yield Trial(image, count_points(values > threshold))


def observer_trials(image: int, points: np.ndarray, numbers: np.ndarray,
                    where: str) -> Iterator[Trial]:
    """Yield the `Trial` of each observer on one stimulus.

    Args:
        points: [n, 2] (x, y). numbers: [n], observers counted from 1. where: for messages.
    """
    with np.errstate(invalid="ignore"):
        whole = (numbers == np.floor(numbers)) & (numbers >= 1) & (numbers <= MOST_OBSERVERS)
    require(whole.all(), f"{where}: observers are numbered from 1 to at most {MOST_OBSERVERS}, "
                         f"not {list_some(np.unique(numbers[~whole]))}")
    observers = numbers.astype(np.int64) - 1
    for observer in np.unique(observers):
        yield Trial(image, points[observers == observer], observer)


def count_points(counts: ArrayLike) -> np.ndarray:
    """Return (x, y) float64 [n, 2] of each count of a fixation map [H, W], row by row."""
    counts = np.asarray(counts).astype(np.int64)
    ys, xs = np.nonzero(counts > 0)
    return np.repeat(np.stack([xs, ys], axis=1), counts[ys, xs], axis=0).astype(np.float64)
