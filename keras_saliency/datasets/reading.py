"""Steps that all readers share: files that belong together, sizes of pictures, fixations."""
import csv
import io
from collections import Counter
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image
from tqdm import tqdm

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.masks import DRAWN, Crowding, crowding, mask_fault
from keras_saliency.files import AnyPath, InputError, folders, list_some
from keras_saliency.files.folders import list_files
from keras_saliency.files.orientation import STORED, UPRIGHT, turned_size
from keras_saliency.files.orientation import orientation as orientation_of
from keras_saliency.files.picture_headers import LIMIT, PICTURE_TYPES, check_picture, read_file

AS_THEY_ARE = "If each pixel is a fixation, set data.options={check_masks: false}"
MOST_OBSERVERS = 1_000_000
MATLAB = (".mat",)
BLANKS = {"", ".", "-", "na", "n/a", "nan", "null", "none"}  # what programs write for no number
COLUMNS, TIMES = ("stimulus", "observer", "x", "y"), ("start", "end")  # of a CSV of fixations

_RELEASE = "copy both from the same release"


class Trial(NamedTuple):
    """Fixations of one observer on one stimulus."""

    image: int          # index of the stimulus
    points: np.ndarray  # [n, 2] (x, y) in pixels from 0
    observer: int = -1  # index; -1 if unknown
    duration: Optional[np.ndarray] = None  # [n] milliseconds; None if unknown


def require_folder(path: Optional[AnyPath], dataset: str, expected: str) -> Path:
    """Return the root folder of a dataset; the error names the contents that are `expected`."""
    require(path is not None, f"{dataset}: data.root is not set; give the folder with {expected}, "
                              "for example data.root=PATH")
    path = Path(path).expanduser()
    require(path.is_dir(), f"{dataset}: no folder {path}; it should hold {expected}")
    return path


def sub_folder(root: AnyPath, name: str, dataset: str) -> Path:
    """Return the folder `root/name`; the error lists what `root` holds instead."""
    require(name, f"{dataset}: a folder in {root} has no name")
    folder = Path(root) / name
    there = folder.parent.is_dir() and sorted(p.name for p in folder.parent.iterdir())
    require(folder.is_dir(), f"{dataset}: no folder {folder}"
            + (f"; {folder.parent} holds {list_some(there)}" if there else ""))
    return folder


def list_folders(folder: AnyPath) -> list[Path]:
    """Return the sub-folders of a folder, sorted, without hidden ones."""
    return sorted(p for p in Path(folder).iterdir() if p.is_dir() and not p.name.startswith("."))


def list_stimuli(root: AnyPath, name: str, dataset: str) -> list[Path]:
    """Return the pictures in `root/name`, sorted by file name without extension; each is unique."""
    folder = sub_folder(root, name, dataset)
    paths = sorted(list_files(folder), key=lambda path: path.stem)
    others = "" if paths else folders.left_out(folder)
    require(paths, f"{dataset}: no images ({folders.TYPES}) in {folder}"
            + (f"; {others}" if others else ""))
    twice = [b.name for a, b in zip(paths, paths[1:]) if a.stem == b.stem]
    require(not twice, f"{dataset}: two images with one name in {folder}: {list_some(twice)}")
    return paths


def list_partners(stimuli: Sequence[Path], root: AnyPath, name: str, what: str, dataset: str,
                  endings: Sequence[str] = PICTURE_TYPES) -> list[Path]:
    """Return the file in `root/name` that belongs to each stimulus; errors call it `what`."""
    folder = sub_folder(root, name, dataset)
    return match_by_stem(stimuli, list_files(folder, endings), f"{what} in {folder}")


def match_by_stem(stimuli: Sequence[AnyPath], others: Sequence[AnyPath],
                  what: str) -> list[AnyPath]:
    """Return the file of `others` for each stimulus, by file name without extension."""
    counts = Counter(stems(others))
    twice = sorted(stem for stem, count in counts.items() if count > 1)
    require(not twice, f"more than one {what} for {list_some(twice)}")
    wanted = stems(stimuli)
    missing = [Path(p).name for p, stem in zip(stimuli, wanted) if stem not in counts]
    extra = sorted(set(counts) - set(wanted))
    left_over = f" (left over: {list_some(extra)})" if extra else ""
    require(not missing, f"no {what} for {list_some(missing)}{left_over}")
    require(not extra, f"{what} without a stimulus: {list_some(extra)}")
    by_stem = dict(zip(stems(others), others))
    return [by_stem[stem] for stem in wanted]


def stems(paths: Iterable[AnyPath]) -> tuple[str, ...]:
    """Return file names without extension."""
    return tuple(Path(p).stem for p in paths)


def build_dataset(name: str, stimuli: Sequence[Path], sizes: np.ndarray,
                  trials: Optional[Iterable[Trial]], *, densities: Optional[Sequence[Path]] = None,
                  density_name: str = "density maps", published: Optional[int] = None,
                  **facts: Any) -> SaliencyDataset:
    """Build a dataset from what a reader has found.

    Args:
        stimuli: N paths in name order. sizes: [N, 2] (H, W). trials: None without fixations.
        densities: N published density pictures, which errors call `density_name`.
        published: stimuli of the whole set; an incomplete copy is noted.
        **facts: further fields of `SaliencyDataset`.
    """
    if densities is not None:
        require_sizes(densities, sizes, density_name, name)
    notes = () if published in (None, len(stimuli)) else (
        f"{len(stimuli)} of the {published} published stimuli",)
    return SaliencyDataset(**{
        "name": name, "names": stems(stimuli), "stimuli": tuple(stimuli), "sizes": sizes,
        "fixations": None if trials is None else build_fixations(trials, sizes),
        "density_files": densities and tuple(densities), "notes": notes, **facts})


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


def image_sizes(paths: Iterable[AnyPath], limit: int = LIMIT, remedy: str = "make it smaller",
                orientation: str = STORED) -> np.ndarray:
    """Return the sizes int32 [N, 2] (height, width) in the headers of picture files.

    With the `orientation` "upright" they are those of the pictures turned by their EXIF data. A
    picture of more than `limit` pixels is refused with `remedy`, like a damaged one.
    """
    require(orientation in (UPRIGHT, STORED),
            f"orientation must be {UPRIGHT} or {STORED}, not {orientation!r}")
    sizes, bad = [], []
    for path in paths:
        try:
            contents = read_file(path, limit)
            size = check_picture(contents, path, limit, remedy)
            sizes.append(size if orientation == STORED else
                         turned_size(size, orientation_of(contents)))
        except InputError as error:
            bad.append(error)
    require(not bad, f"unreadable images: {list_some(bad)}; replace or remove them")
    return np.array(sizes, np.int32).reshape(-1, 2)


def require_sizes(files: Sequence[AnyPath], sizes: np.ndarray, what: str, dataset: str) -> None:
    """Check by their headers that pictures have the `sizes` [N, 2] (H, W) of their stimuli."""
    found = image_sizes(files)
    turned = len(found) and all(tuple(size) in ((h, w), (w, h))
                                for (h, w), size in zip(found, sizes))
    require_equal_sizes(found, sizes, files, what, dataset, (
        "if they are of the stimuli as stored, before EXIF data turn them, set "
        "data.options={orientation: stored}" if turned else _RELEASE))


def require_equal_sizes(found: Iterable[Sequence[float]], sizes: np.ndarray,
                        files: Sequence[AnyPath], what: str, dataset: str,
                        remedy: str = _RELEASE) -> None:
    """Check that the (H, W) pairs `found` in files are the `sizes` of their stimuli."""
    wrong = [f"{file} ({h:g}x{w:g}, stimulus {size[0]}x{size[1]})"
             for file, (h, w), size in zip(files, found, sizes) if (h, w) != tuple(size)]
    require(not wrong, f"{dataset}: {what} of another size than the stimulus: "
                       f"{list_some(wrong)}; {remedy}")


def open_picture(path: AnyPath, dataset: str) -> Image.Image:
    """Read a picture file with PIL, after a check of its header."""
    try:
        contents = read_file(path)
        check_picture(contents, path)
        picture = Image.open(io.BytesIO(contents))
        picture.load()
        return picture
    except InputError as error:
        raise DatasetError(f"{dataset}: unreadable image {error}") from error
    except Exception as error:  # a damaged file makes PIL raise any of a dozen types
        raise DatasetError(f"{dataset}: unreadable image {path} ({error}); replace it") from error


def mask_trials(masks: Sequence[AnyPath], sizes: np.ndarray, dataset: str, threshold: int = 0,
                check: bool = False) -> Iterator[Trial]:
    """Yield a `Trial` for each fixation mask, after checking that all have their stimulus' size.

    Each pixel with a channel above `threshold` is a fixation; transparency does not count. With
    `check` a picture that is no mask is refused, see `datasets.masks`.
    """
    require_sizes(masks, sizes, "fixation masks", dataset)
    crowd = Crowding()
    for image, path in enumerate(masks):
        picture = open_picture(path, dataset)
        jpeg = picture.format == "JPEG"
        if picture.mode in ("P", "PA"):  # palette indices say nothing about brightness
            picture = picture.convert("RGB")
        values = np.asarray(picture)
        if picture.mode in ("LA", "RGBA"):
            values, opacity = values[..., :-1], values[..., -1]
            require(not check or values.any() or opacity.min() == opacity.max(),
                    f"{dataset}: {path} is no fixation mask: it is black, and only its "
                    "transparency differs; draw fixations above 0 on black")
        if values.ndim == 3:
            values = values.max(axis=-1)
        if check:
            fault = mask_fault(values, jpeg)
            require(not fault, f"{dataset}: {path} is no fixation mask: {fault}. {AS_THEY_ARE}")
            crowd += crowding(values)
        yield Trial(image, count_points(values > threshold))
    require(not crowd.in_squares, f"{dataset}: most of the {crowd.pixels} pixels above 0 of the "
            f"{len(masks)} fixation masks lie side by side: {DRAWN}. {AS_THEY_ARE}")


def observer_trials(image: int, points: np.ndarray, numbers: np.ndarray,
                    where: str) -> Iterator[Trial]:
    """Yield the `Trial` of each observer; `numbers` [n] count the observers of `points` from 1."""
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


def read_rows(path: AnyPath, columns: Sequence[str], dataset: str,
              optional: Sequence[str] = (), rest: Optional[str] = None) -> list[tuple[int, dict]]:
    """Return (line number, {column: text}) of each row of a CSV file with certain `columns`.

    The columns that are `optional` and the name of the dataset are for messages. `rest` stands for
    the cells that a short row lacks; with None a row that lacks one of `columns` is an error. Rows
    of empty cells, which spreadsheets leave at the end, are no rows.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval=rest)
            header = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in columns if name not in header]
            require(not missing, f"{dataset}: {path} has no column {', '.join(missing)}; it has "
                    f"{', '.join(header) or 'none'}; expected {','.join(columns)}"
                    + (f", with {','.join(optional)} at will" if optional else ""))
            reader.fieldnames = header
            rows = [(reader.line_num, row) for row in reader if any(_cells(row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{dataset}: {path} is not a readable CSV file: {error}") from None
    long = [line for line, row in rows if any(cell.strip() for cell in row.get(None, ()))]
    require(not long, f"{dataset}: {path} has more cells than columns in line {list_some(long)}; "
                      "numbers have a point, not a comma, or stand in quotes")
    short = [line for line, row in rows if any(row[name] is None for name in columns)]
    require(not short, f"{dataset}: {path} has fewer cells than columns in line {list_some(short)}")
    return rows


def _cells(row) -> list:
    """The cells of a row of csv.DictReader without blanks; those beyond the header are a list."""
    return [cell.strip() for value in row.values() if value
            for cell in (value if isinstance(value, list) else [value])]


def read_number(row: dict, column: str, where: str, blanks: bool = False) -> float:
    """Return the number in a cell of one of `read_rows`; an error starts with `where`.

    With `blanks` an empty cell, NA and the like are NaN.
    """
    if blanks and row[column] is not None and row[column].strip().lower() in BLANKS:
        return np.nan
    try:
        return float(row[column] or "")
    except ValueError:
        raise DatasetError(f"{where}: {column} is {row[column]!r}, which is no number") from None


def read_trials(path: AnyPath, stimuli: Sequence[Path], dataset: str) -> list[Trial]:
    """Return the `Trial`s of a CSV file with the header `stimulus,observer,x,y[,start,end]`.

    A row is a fixation: the stimulus' file name, with or without its extension; the observer, any
    text; pixels of the stimulus from its top left corner; start and end in seconds. Columns may
    come in any order; others are not read. A blank number, as of a blink, is NaN. A `DatasetError`
    names a missing column, unknown stimuli, or the first row whose numbers cannot be read or that
    ends before it begins.
    """
    places = {name: k for k, file in enumerate(stimuli) for name in (file.stem, file.name)}
    rows = [_parse(row, f"{dataset}: {path}, line {line}")
            for line, row in read_rows(path, COLUMNS, dataset, TIMES)]
    unknown = list(dict.fromkeys(name for name, *_ in rows if name not in places))
    require(not unknown, f"{dataset}: {path}: no stimulus {list_some(unknown)}; the stimuli are "
                         f"{list_some([file.name for file in stimuli])}")
    observers = {name: k for k, name in enumerate(sorted({row[1] for row in rows}))}
    grouped = {}
    for name, observer, *numbers in rows:
        grouped.setdefault((places[name], observers[observer]), []).append(numbers)
    trials = []
    for (image, observer), numbers in sorted(grouped.items()):
        x, y, *times = np.array(numbers, np.float64).T
        trials.append(Trial(image, np.stack([x, y], axis=1), observer,
                            1000 * (times[1] - times[0]) if times else None))
    return trials


def _parse(row, where) -> list:
    """[stimulus, observer, x, y] of a row, with [start, end] if there are such columns."""
    numbers = [read_number(row, name, where, blanks=True)
               for name in ("x", "y", *(TIMES if set(TIMES) <= set(row) else ()))]
    start, end = numbers[2:] or (0, 0)
    require(not np.isinf([start, end]).any() and not end < start,
            f"{where}: a fixation that ends before it starts")
    return [row["stimulus"].strip(), row["observer"].strip(), *numbers]
