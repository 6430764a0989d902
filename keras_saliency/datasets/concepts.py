"""Images with labelled pixels for network dissection: Broden, or any folder of label pictures.

Broden (broden1_224 and its siblings, as published)::

    index.csv        image, split, ih, iw, sh, sw, and a column for each category: names of label
                     pictures or, for whole images (scene, texture), label numbers; several are
                     separated by ";"
    label.csv        number, name, category ("object(123)"), ...
    category.csv     name, ...
    c_object.csv ... code, number, name, ... (the labels of one category by frequency)
    images/          pictures, and label pictures of sh x sw pixels, label = red + 256 green

Any other folder::

    images/NAME.jpg  labels/NAME.png   label pictures of the images' size, one number per pixel,
                                       0 for none (a palette's index; of three channels
                                       red + 256 green)
    labels.csv       number, name and, optionally, category of each label; without this file
                     the number is the name

Source: Bau, Zhou, Khosla, Oliva and Torralba (CVPR 2017).
"""
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Optional, Sequence

import numpy as np

from keras_saliency.datasets import reading
from keras_saliency.datasets.dataset import require
from keras_saliency.files import AnyPath, file_state, list_some
from keras_saliency.files.folders import list_files
from keras_saliency.files.orientation import STORED, UPRIGHT
from keras_saliency.files.picture_headers import LIMIT

NAME = "concepts"
FOLDER_CATEGORY = "object"


class Concept(NamedTuple):
    """A label: its number in the label pictures, its name, and its category."""

    number: int
    name: str
    category: str


class Labels(NamedTuple):
    """The labels of one image."""

    size: tuple    # (H, W) of the label pictures
    pixels: list   # label pictures, int32 [H, W], 0 for none
    scalars: list  # numbers of the labels of the whole image


@dataclass(frozen=True)
class ConceptDataset:
    """N images with labels, read one at a time."""

    name: str
    stimuli: Sequence[Path]       # N paths of images
    concepts: dict                # {number: Concept}
    sizes: Sequence[tuple]        # N sizes (H, W) of the label pictures
    image_sizes: Sequence[tuple]  # the same of the images
    label_files: Sequence[list]   # N lists of paths
    scalars: Sequence[list]       # N lists of label numbers
    edition: str = ""
    orientation: str = STORED     # as of `SaliencyDataset`

    def __len__(self) -> int:
        return len(self.stimuli)

    @property
    def names(self) -> Sequence[Path]:
        """The paths of the images, which stand for names in messages."""
        return self.stimuli

    def contents(self) -> str:
        """Return a digest of the paths, sizes and times of images and label pictures.

        Such sets have too many files to read all of them for it.
        """
        paths = [*self.stimuli, *(path for own in self.label_files for path in own)]
        states = [(str(path), *file_state(path)) for path in paths]
        return hashlib.sha256(repr(states).encode()).hexdigest()

    @property
    def categories(self) -> list:
        """The categories in the order of their first label."""
        return list(dict.fromkeys(concept.category for concept in self.concepts.values()))

    def labels(self, index: int) -> Labels:
        """Read the `Labels` of one image; each number must be a known label."""
        size = self.sizes[index]
        pixels = [_read(path, size) for path in self.label_files[index]]
        for path, values in zip(self.label_files[index], pixels):
            unknown = sorted(set(np.unique(values).tolist()) - set(self.concepts) - {0})
            require(not unknown, f"{self.name}: {path} has labels {list_some(unknown)}, which are "
                                 "not in the list of labels")
        return Labels(size, pixels, list(self.scalars[index]))


def load_concepts(root: AnyPath, split: Optional[str] = None) -> ConceptDataset:
    """Read a labelled set: Broden if `root` has an index.csv, else a folder of label pictures.

    `split` is "train" or "val" of Broden; None for all.
    """
    root = reading.require_folder(root, NAME, "index.csv (Broden) or images/ and labels/")
    if (root / "index.csv").is_file():
        return _broden(root, split)
    require(split is None, f"{NAME}: {root} has no index.csv and so no split {split!r}")
    return _folder(root)


def _broden(root, split) -> ConceptDataset:
    categories = [row["name"] for row in _rows(root / "category.csv", "name")]
    concepts, index, found = _broden_concepts(root, categories), root / "index.csv", []
    for row in _rows(index, "image", "split", "ih", "iw", "sh", "sw", *categories):
        if split in (None, row["split"]):
            cells = [cell for category in categories for cell in row[category].split(";") if cell]
            found.append((root / "images" / row["image"], _size(row, "s", index),
                          _size(row, "i", index),
                          [root / "images" / cell for cell in cells if not cell.isdecimal()],
                          [int(cell) for cell in cells if cell.isdecimal()]))
    require(found, f"{NAME}: {index} has no images" + (f" of split {split!r}" if split else ""))
    stimuli, sizes, own_sizes, files, scalars = zip(*found)
    missing = [path for paths in (stimuli, *files) for path in paths if not path.is_file()]
    require(not missing, f"{NAME}: index.csv names files that are not there: {list_some(missing)}")
    reading.image_sizes(stimuli)  # names what cannot be decoded; the sizes are in the index
    unknown = sorted({n for numbers in scalars for n in numbers} - set(concepts))
    require(not unknown, f"{NAME}: index.csv has labels {list_some(unknown)}, which label.csv "
                         "does not list")
    return ConceptDataset("broden", stimuli, concepts, sizes, own_sizes, files, scalars, root.name)


def _broden_concepts(root, categories) -> dict:
    """{number: Concept}, each with the category that label.csv names first."""
    path = root / "label.csv"
    listed = {_whole(row["number"], path): (row["name"], row["category"])
              for row in _rows(path, "number", "name", "category")}
    listed.pop(0, None)
    concepts = {}
    for number, (name, category) in sorted(listed.items()):
        first = re.split(r"[(;]", category)[0].strip()
        require(first in categories, f"{NAME}: label.csv gives label {number} ({name}) the "
                f"category {category!r}; category.csv has {', '.join(categories)}")
        concepts[number] = Concept(number, name, first)
    for category in categories:
        path = root / f"c_{category}.csv"
        unknown = [row["name"] for row in _rows(path, "number", "name")
                   if _whole(row["number"], path) not in {0, *concepts}]
        require(not unknown, f"{NAME}: {path} has labels that label.csv does not list: "
                             f"{list_some(unknown)}")
    return concepts


def _folder(root) -> ConceptDataset:
    for part in ("images", "labels"):
        require((root / part).is_dir(), f"{NAME}: no folder {root / part}; expected index.csv "
                                        "(Broden) or images/ and labels/")
    stimuli = list_files(root / "images")
    require(stimuli, f"{NAME}: no images in {root / 'images'}")
    pictures = reading.match_by_stem(stimuli, list_files(root / "labels"), "label picture")
    found = reading.image_sizes(pictures), reading.image_sizes(stimuli, orientation=UPRIGHT)
    sizes, own_sizes = ([tuple(size) for size in each.tolist()] for each in found)
    if (root / "labels.csv").is_file():
        listed = [Concept(_whole(row["number"], root / "labels.csv"), row["name"],
                          row.get("category") or FOLDER_CATEGORY)
                  for row in _rows(root / "labels.csv", "number", "name")]
    else:
        numbers = {int(n) for path, size in zip(pictures, sizes)
                   for n in np.unique(_read(path, size))}
        listed = [Concept(n, str(n), FOLDER_CATEGORY) for n in sorted(numbers - {0})]
    return ConceptDataset(
        NAME, tuple(stimuli), {concept.number: concept for concept in listed}, tuple(sizes),
        tuple(own_sizes), tuple([path] for path in pictures), ((),) * len(stimuli), root.name,
        UPRIGHT)


def _read(path, size) -> np.ndarray:
    """A label picture as int32 [H, W]."""
    values = np.asarray(reading.open_picture(path, NAME)).astype(np.int32)
    if values.ndim == 3:
        values = values[..., 0] + 256 * values[..., 1]
    require(values.shape == tuple(size), f"{NAME}: {path} is {values.shape[0]}x"
            f"{values.shape[1]}, expected {size[0]}x{size[1]}")
    return values


def _rows(path, *columns) -> list:
    return [row for _, row in reading.read_rows(path, columns, NAME)]


def _size(row, of, path) -> tuple:
    """(H, W) in the columns `<of>h` and `<of>w`."""
    height, width = (_whole(row[f"{of}{side}"], path) for side in "hw")
    require(0 < height * width <= LIMIT, f"{NAME}: {path}: {row['image']} has a size of {height}x"
            f"{width}; expected from 1 to {LIMIT} pixels")
    return height, width


def _whole(text, path) -> int:
    require(re.fullmatch("[0-9]{1,9}", text), f"{NAME}: {path}: {text!r} is not a whole number")
    return int(text)
