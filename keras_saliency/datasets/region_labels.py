"""OSIE-SR: salient regions of OSIE's stimuli, each with one of twelve categories.

Published layout, labelme's export in the form of Pascal VOC. Each stimulus has an array (`.npy`)
or a picture with one label per pixel (`.png`); if both exist, the array is read::

    SegmentationObject/1001.npy ...   instances: 0 background, 1, 2, ... the regions
    SegmentationClass/1001.npy ...    categories, the keys of `CATEGORIES`

A folder with the instances alone (`1023.npy` ...) is read as well; its regions are "unlabelled".

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 3;
https://github.com/SenHe/uavdvsm.
"""
from dataclasses import dataclass
from typing import NamedTuple, Optional, Sequence

import numpy as np

from keras_saliency.datasets.dataset import DatasetError, require
from keras_saliency.datasets.reading import list_folders, open_picture, require_folder
from keras_saliency.files import AnyPath, InputError, list_some
from keras_saliency.files.folders import list_files
from keras_saliency.files.npy import read_npy

NAME = "osie_sr"
CATEGORIES = {
    1: "person head", 10: "person part", 16: "animal head", 22: "animal part", 27: "object",
    37: "text", 46: "symbol", 51: "vehicle", 57: "food", 63: "plant", 68: "drink", 73: "other",
}
UNLABELLED = "unlabelled"
VOID = 255  # of a picture; labelme's -1 in an array


class Region(NamedTuple):
    """One salient region: its category and a mask, bool [H, W]."""

    category: str
    mask: np.ndarray


@dataclass(frozen=True)
class RegionLabels:
    """Files with the labels of stimuli, which are read one stimulus at a time."""

    instances: dict             # {stimulus name: file}
    categories: Optional[dict]  # the same, or None without categories

    def regions(self, name: str, size: Sequence[int]) -> list[Region]:
        """Read the `Region`s of a stimulus of `size` (H, W), in the order of their labels."""
        path = self.instances[name]
        instances = _read(path, size)
        kinds = None if self.categories is None else _read(self.categories[name], size)
        masks = {label: instances == label for label in np.unique(instances) if label > 0}
        return [Region(UNLABELLED if kinds is None else
                       _category(kinds[mask], self.categories[name], label), mask)
                for label, mask in masks.items()]


def load_regions(root: Optional[AnyPath], names: Sequence[str]) -> RegionLabels:
    """Find the labels of those stimuli in `names`, such as "1001", that have some in `root`."""
    expected = "SegmentationObject and SegmentationClass"
    require(root is not None, f"{NAME}: give the folder with {expected}")
    root = require_folder(root, NAME, expected)
    folders = {p.name.lower(): p for p in list_folders(root)}
    objects, classes = folders.get("segmentationobject"), folders.get("segmentationclass")
    require(objects or not classes, f"{NAME}: {root} has {classes and classes.name} but no "
                                    "SegmentationObject; the regions are in the latter")
    instances = _label_files(objects) if objects else _label_files(root, (".npy",))
    instances = {name: instances[name] for name in names if name in instances}
    require(instances, f"{NAME}: {objects or root} has labels of no stimulus, for instance of "
                       f"{names[0]}")
    if classes is None:
        return RegionLabels(instances, None)
    categories = _label_files(classes)
    missing = sorted(set(instances) - set(categories))
    require(not missing, f"{NAME}: no categories in {classes} for {list_some(missing)}")
    return RegionLabels(instances, {name: categories[name] for name in instances})


def _label_files(folder, endings=(".png", ".npy")) -> dict:
    """{stem: file}; of an array and a picture, the array."""
    return {path.stem: path for ending in endings for path in list_files(folder, (ending,))}


def _read(path, size) -> np.ndarray:
    """int [H, W]; void pixels count as background."""
    if path.suffix == ".npy":
        try:
            labels = read_npy(path)
        except InputError as error:
            raise DatasetError(f"{NAME}: unreadable labels {error}") from error
    else:
        labels = np.asarray(open_picture(path, NAME))  # of a palette, the indices
        labels = np.where(labels == VOID, 0, labels)
    require(labels.dtype.kind in "iu" and labels.shape == tuple(size),
            f"{NAME}: {path} holds {labels.dtype} {list(labels.shape)}; expected whole numbers of "
            f"{list(size)}")
    return labels


def _category(values, path, label) -> str:
    kinds = np.unique(values[values > 0])
    require(len(kinds) == 1 and int(kinds[0]) in CATEGORIES,
            f"{NAME}: region {label} has categories {kinds.tolist()} in {path}; it should have one "
            f"of {list(CATEGORIES)}")
    return CATEGORIES[int(kinds[0])]
