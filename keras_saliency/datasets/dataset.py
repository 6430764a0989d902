"""What every reader returns: stimuli, their fixations, and where it all came from."""
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional, Sequence, Union

import numpy as np

from keras_saliency.datasets.fixations import Fixations, describe_dropped
from keras_saliency.files import InputError, list_some
from keras_saliency.files.picture_headers import check_picture, read_file


class DatasetError(InputError):
    """A dataset folder is missing, incomplete or inconsistent; the message names the files."""


@dataclass(frozen=True)
class SaliencyDataset:
    """N stimuli in sorted order with eye-tracking data.

    Attributes:
        name: registered name (`osie`, ...).
        names: N unique stimulus names (file name without folder, or `category/file`).
        stimuli: N paths of image files, or N encoded images (PNG bytes) for generated sets.
        sizes: int32 [N, 2], (height, width) in pixels.
        fixations: `Fixations` on these stimuli, or None where only density maps are published.
        density_files: N paths of published density pictures, or None; where given they are the
            training target, else the target is `fixations` blurred by 1 dva.
        pixels_per_dva: pixels per degree of visual angle, or None if unknown.
        edition: release of the data, recorded with every result.
        partition: N words `train` / `val` for sets published with a split, else None.
        categories: N category names, else None.
        target_masks: N encoded masks (PNG bytes, 0/255) of the pop-out target, else None.
        notes: what the reader noticed and left out, in sentences.
    """

    name: str
    names: Sequence[str]
    stimuli: Sequence[Union[Path, bytes]]
    sizes: np.ndarray
    fixations: Optional[Fixations] = None
    density_files: Optional[Sequence[Path]] = None
    pixels_per_dva: Optional[float] = None
    edition: str = ""
    partition: Optional[Sequence[str]] = None
    categories: Optional[Sequence[str]] = None
    target_masks: Optional[Sequence[bytes]] = None
    notes: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self):
        if self.fixations is None and self.density_files is None:
            raise DatasetError(f"{self.name}: neither fixations nor density maps")
        for key in ("stimuli", "sizes", "density_files", "partition", "categories",
                    "target_masks"):
            value = getattr(self, key)
            if value is not None and len(value) != len(self.names):
                raise DatasetError(
                    f"{self.name}: {len(value)} {key} for {len(self.names)} stimuli")
        if len(set(self.names)) != len(self.names):
            raise DatasetError(f"{self.name}: stimulus names are not unique")
        empty = [self.names[i] for i in np.flatnonzero(np.min(self.sizes, axis=1) < 1)]
        require(not empty, f"{self.name}: stimuli without pixels: {list_some(empty)}; remove them")
        degree = self.pixels_per_dva
        require(degree is None or is_number(degree) and 0 < degree < math.inf,
                f"{self.name}: pixels_per_dva must be above 0 and finite, not {degree!r}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_fixations(self) -> bool:
        """Whether there is at least one fixation."""
        return self.fixations is not None and len(self.fixations) > 0

    def select(self, indices) -> "SaliencyDataset":
        """The stimuli with the given indices, in that order."""
        indices = np.asarray(indices, np.int64).ravel()

        def pick(values):
            return None if values is None else tuple(values[i] for i in indices)

        return replace(
            self, names=pick(self.names), stimuli=pick(self.stimuli), sizes=self.sizes[indices],
            fixations=None if self.fixations is None else self.fixations.select(indices),
            density_files=pick(self.density_files), partition=pick(self.partition),
            categories=pick(self.categories), target_masks=pick(self.target_masks))

    def spread(self, count: int) -> np.ndarray:
        """Indices of at most `count` stimuli, spread from the first to the last."""
        return np.linspace(0, len(self) - 1, min(count, len(self))).astype(int)

    def summary(self) -> str:
        """Size, edition and everything the reader left out, in a few lines."""
        lines = [f"{self.name} ({self.edition}): {len(self)} stimuli" if self.edition
                 else f"{self.name}: {len(self)} stimuli"]
        if self.fixations is not None:
            lines[0] += f", {len(self.fixations)} fixations"
        dropped = describe_dropped(self.fixations, self.names)
        return "\n  ".join([*lines, *self.notes, *([dropped] if dropped else [])])


def require(condition, message: str) -> None:
    """Raise `DatasetError(message)` unless `condition` holds."""
    if not condition:
        raise DatasetError(message)


def is_number(value) -> bool:
    """Whether an option is a number; YAML's true and false are none."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def require_folder(path, dataset: str, expected: str) -> Path:
    """`path` as a folder that exists; the error says what is `expected` in it."""
    require(path is not None, f"{dataset}: data.root is not set; give the folder with {expected}, "
                              f"for example --set data.root=PATH")
    path = Path(path).expanduser()
    require(path.is_dir(), f"{dataset}: no folder {path}; it should hold {expected}")
    return path


def list_images(folder, extensions=(".jpg", ".jpeg", ".png", ".bmp")) -> list:
    """Sorted image files of a folder (not its sub-folders, no hidden files)."""
    return sorted(p for p in Path(folder).iterdir()
                  if p.suffix.lower() in extensions and not p.name.startswith("."))


def image_sizes(paths) -> np.ndarray:
    """int32 [N, 2] (height, width) that the headers of JPEG, PNG and BMP files claim.

    Nothing is decoded. A picture that would take the memory or the time of more than 40
    megapixels is as bad as a damaged one.

    Raises:
        DatasetError: naming every picture that cannot be read.
    """
    sizes, bad = [], []
    for path in paths:
        try:
            sizes.append(check_picture(read_file(path), path))
        except InputError as error:
            bad.append(error)
    require(not bad, f"unreadable images: {list_some(bad)}; replace or remove them")
    return np.array(sizes, np.int32).reshape(-1, 2)


def match_by_stem(stimuli, others, what: str) -> list:
    """The file of `others` for each stimulus, by file name without extension.

    Raises:
        DatasetError: naming the stimuli without a partner and the files left over.
    """
    by_stem = {Path(p).stem: p for p in others}
    counts = Counter(Path(p).stem for p in others)
    twice = sorted(stem for stem, count in counts.items() if count > 1)
    require(not twice, f"more than one {what} for {list_some(twice)}")
    stems = [Path(p).stem for p in stimuli]
    missing = [Path(p).name for p, stem in zip(stimuli, stems) if stem not in by_stem]
    extra = sorted(set(by_stem) - set(stems))
    require(not missing, f"no {what} for {list_some(missing)}"
            + (f" (left over: {list_some(extra)})" if extra else ""))
    require(not extra, f"{what} without a stimulus: {list_some(extra)}")
    return [by_stem[stem] for stem in stems]
