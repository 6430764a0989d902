"""The record that every reader returns, and the facts of a dataset that the registry holds."""
import hashlib
import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency import files
from keras_saliency.datasets.fixations import Fixations, describe_dropped
from keras_saliency.files import InputError, list_some
from keras_saliency.files.orientation import STORED, UPRIGHT
from keras_saliency.files.picture_headers import read_file


class DatasetError(InputError):
    """A dataset folder is missing, incomplete or inconsistent; the message names the files."""


require = partial(files.require, error=DatasetError)
PER_STIMULUS = ("stimuli", "density_files", "partition", "categories", "target_masks")


@dataclass(frozen=True)
class DatasetSpec:
    """The facts about a dataset that code outside of its file needs; the file ends with them."""

    load: Callable                   # the reader, (root, **options) -> SaliencyDataset
    citation: str = ""               # authors, year, title, place; "" for data of the user's own
    canvas: tuple = (240, 320)       # (h, w) of the network's input (Kroner et al. 2020, section
                                     # 4.1, and their code)
    split: Optional[tuple] = None    # (training, validation) stimuli of the whole set as published;
                                     # None for a partition of its own, or for a share of 80 %
    sigma_dva: float = 1.0           # blur of the densities in degrees of visual angle, for sets
                                     # without published ones
    sigma_pixels: Optional[float] = None  # the same in stimulus pixels, if the literature has these
    collection: bool = False         # reads several datasets, each in a folder; one registered on
                                     # its own as well keeps the facts of that entry


@dataclass(frozen=True)
class SaliencyDataset:
    """N stimuli in sorted order with eye-tracking data.

    Attributes:
        name: registered name (`osie`, ...). edition: release, recorded with every result.
        names: N unique stimulus names (file name without folder, or `category/file`).
        stimuli: N paths of image files, or N encoded images (PNG bytes) for generated sets.
        sizes: int32 [N, 2], (height, width) in pixels.
        fixations: `Fixations` on these stimuli, or None where only density maps are published.
        density_files: N paths of published density pictures, or None. They are the training
            target; without them it is `fixations`, blurred.
        pixels_per_dva: pixels per degree of visual angle, or None if unknown.
        partition: N words `train` / `val` for sets published with a split, else None.
        categories: N category names, else None.
        target_masks: N encoded masks (PNG bytes, 0/255) of the pop-out target, else None.
        notes: sentences on what the reader noticed and left out.
        orientation: "upright" if stimuli are turned by their EXIF orientation; "stored" if sizes
            and fixations are of the pictures as their files hold them.
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
    notes: Sequence[str] = ()
    orientation: str = STORED

    def __post_init__(self):
        require(self.fixations is not None or self.density_files is not None,
                f"{self.name}: neither fixations nor density maps")
        for key in ("sizes", *PER_STIMULUS):
            count = len(self.names if getattr(self, key) is None else getattr(self, key))
            require(count == len(self.names),
                    f"{self.name}: {count} {key} for {len(self.names)} stimuli")
        require(len(set(self.names)) == len(self.names),
                f"{self.name}: stimulus names are not unique")
        empty = [self.names[i] for i in np.flatnonzero(np.min(self.sizes, axis=1) < 1)]
        require(not empty, f"{self.name}: stimuli without pixels: {list_some(empty)}; remove them")
        require(self.orientation in (UPRIGHT, STORED), f"{self.name}: orientation must be "
                f"{UPRIGHT} or {STORED}, not {self.orientation!r}")
        degree = self.pixels_per_dva
        require(degree is None or is_number(degree) and 0 < degree < math.inf,
                f"{self.name}: pixels_per_dva must be above 0 and finite, not {degree!r}")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_fixations(self) -> bool:
        """True if there is at least one fixation."""
        return self.fixations is not None and len(self.fixations) > 0

    def select(self, indices: ArrayLike) -> "SaliencyDataset":
        """Return the stimuli with the given indices, in that order."""
        indices = np.asarray(indices, np.int64).ravel()

        def pick(values):
            return None if values is None else tuple(values[i] for i in indices)

        return replace(
            self, sizes=self.sizes[indices],
            fixations=None if self.fixations is None else self.fixations.select(indices),
            **{key: pick(getattr(self, key)) for key in ("names", *PER_STIMULUS)})

    def spread(self, count: int) -> np.ndarray:
        """Return the indices of at most `count` stimuli, spread from the first to the last."""
        return np.linspace(0, len(self) - 1, min(count, len(self))).astype(int)

    def contents(self) -> str:
        """Return a digest of the names and contents of stimuli and densities, and the fixations.

        Datasets of other places with the same contents have the same digest. `InputError` for a
        file that cannot be read.
        """
        digest = hashlib.sha256("\0".join([*self.names, self.orientation]).encode())
        for files_of in (self.stimuli, self.density_files or ()):
            for file in files_of:
                digest.update(_digest(file).digest())
        if self.fixations is not None:
            for array in (self.fixations.x, self.fixations.y, self.fixations.offsets):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def fingerprints(self) -> list[str]:
        """Return N digests of the contents of the stimuli, of 12 hexadecimal digits each.

        A stimulus has the same one in every dataset and folder. `InputError` for a file that
        cannot be read.
        """
        return [_digest(file).hexdigest()[:12] for file in self.stimuli]

    @property
    def label(self) -> str:
        """Name and edition, as files of trained networks state them."""
        return f"{self.name} ({self.edition})"

    def summary(self) -> str:
        """Describe size, edition and everything the reader left out, in a few lines."""
        edition = f" ({self.edition})" if self.edition else ""
        fixations = "" if self.fixations is None else f", {len(self.fixations)} fixations"
        lines = [f"{self.name}{edition}: {len(self)} stimuli{fixations}", *self.notes,
                 describe_dropped(self.fixations, self.names)]
        return "\n  ".join(line for line in lines if line)


def _digest(file):
    """Return the SHA-256 of a picture, given its path or its contents."""
    return hashlib.sha256(file if isinstance(file, bytes) else read_file(file))


def is_number(value: Any) -> bool:
    """True for numbers; False for YAML's true and false."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
