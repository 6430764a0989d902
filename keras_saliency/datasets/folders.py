"""Search of the folders of a dataset for stimuli and the files that belong to them by name."""
from collections import Counter
from pathlib import Path
from typing import Iterable, Optional, Sequence

from keras_saliency.datasets.dataset import require
from keras_saliency.files import list_some
from keras_saliency.files.paths import AnyPath

PICTURES, MATLAB = (".jpg", ".jpeg", ".png", ".bmp"), (".mat",)


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


def list_files(folder: AnyPath, endings: Sequence[str] = PICTURES) -> list[Path]:
    """Return the files of a folder with one of the endings, sorted, without hidden ones."""
    return sorted(p for p in Path(folder).iterdir()
                  if p.suffix.lower() in endings and not p.name.startswith("."))


def list_stimuli(root: AnyPath, name: str, dataset: str) -> list[Path]:
    """Return the pictures in `root/name`, sorted by file name without extension.

    These names must be unique.
    """
    folder = sub_folder(root, name, dataset)
    paths = sorted(list_files(folder), key=lambda path: path.stem)
    require(paths, f"{dataset}: no images (jpg, png, bmp) in {folder}")
    twice = [b.name for a, b in zip(paths, paths[1:]) if a.stem == b.stem]
    require(not twice, f"{dataset}: two images with one name in {folder}: {list_some(twice)}")
    return paths


def list_partners(stimuli: Sequence[Path], root: AnyPath, name: str, what: str, dataset: str,
                  endings: Sequence[str] = PICTURES) -> list[Path]:
    """Return the file in `root/name` that belongs to each stimulus; errors call it `what`."""
    folder = sub_folder(root, name, dataset)
    return match_by_stem(stimuli, list_files(folder, endings), f"{what} in {folder}")


def match_by_stem(stimuli: Sequence[AnyPath], others: Sequence[AnyPath],
                  what: str) -> list[AnyPath]:
    """Return the file of `others` for each stimulus, by file name without extension."""
    counts = Counter(Path(p).stem for p in others)
    twice = sorted(stem for stem, count in counts.items() if count > 1)
    require(not twice, f"more than one {what} for {list_some(twice)}")
    wanted = stems(stimuli)
    missing = [Path(p).name for p, stem in zip(stimuli, wanted) if stem not in counts]
    extra = sorted(set(counts) - set(wanted))
    require(not missing, f"no {what} for {list_some(missing)}"
            + (f" (left over: {list_some(extra)})" if extra else ""))
    require(not extra, f"{what} without a stimulus: {list_some(extra)}")
    by_stem = {Path(p).stem: p for p in others}
    return [by_stem[stem] for stem in wanted]


def stems(paths: Iterable[AnyPath]) -> tuple[str, ...]:
    """Return file names without extension."""
    return tuple(Path(p).stem for p in paths)
