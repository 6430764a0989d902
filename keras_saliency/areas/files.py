"""Areas of pictures (areas of interest) as files.

A CSV file has a box per row, in pixels from the top left corner. Other columns are not read, so a
table of shares that the web page saves is a file of areas too::

    [picture,]area,left,top,right,bottom

A JSON file has boxes and polygons::

    {"logo": [left, top, right, bottom], "price": [[x, y], [x, y], [x, y]]}
    {"photo.jpg": {"logo": [left, top, right, bottom]}, "other.jpg": {...}}

Areas can also be pictures of labels: one for all pictures, or a folder with one for each picture,
named like it without extension. Every gray level above 0 is an area, named by the level. Areas
without a picture belong to every picture. Pictures are named with or without their extension.
"""
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Sequence, Union

import numpy as np

from keras_saliency.datasets.reading import read_number, read_rows
from keras_saliency.files import AnyPath, InputError, plain_cell, require
from keras_saliency.files.picture_headers import PICTURE_TYPES
from keras_saliency.prediction.pictures import find_pictures, read_gray

BOX = ("left", "top", "right", "bottom")
# Rows of a table of shares that are no areas: the share outside all, the share counted repeatedly
REST, REPEATED = "(rest)", "(repeated)"


@dataclass(frozen=True)
class AreaFile:
    """The areas of a file, as `attention_share` takes them.

    Attributes:
        everywhere: {area: box or polygon} of every picture.
        own: {picture: {area: box or polygon}}; it replaces an area of the same name above.
        labels: {picture: file of labels}; "" for every picture.
    """

    path: Path
    everywhere: dict = field(default_factory=dict)
    own: dict = field(default_factory=dict)
    labels: dict = field(default_factory=dict)

    def of(self, picture: AnyPath, size: Sequence[int]) -> Union[dict, np.ndarray]:
        """Return {area: box or polygon} or int [H, W] labels of a picture file of `size` (H, W)."""
        names = (Path(picture).name, Path(picture).stem, "")
        label_file = next((self.labels[name] for name in names if name in self.labels), None)
        if label_file is not None:
            return read_gray(label_file, size).astype(np.int32)
        own = next((self.own[name] for name in names if name in self.own), {})
        areas = {**self.everywhere, **own}
        require(areas, f"{self.path}: no areas of {Path(picture).name}")
        return areas

    def unused(self, pictures: Iterable[AnyPath]) -> list[str]:
        """Return names of pictures in the file that are not among `pictures`."""
        known = {name for p in map(Path, pictures) for name in (p.name, p.stem)} | {""}
        return [name for name in (*self.own, *self.labels) if name not in known]


def read_areas(path: AnyPath) -> AreaFile:
    """Read the areas of a CSV or JSON file, of a picture of labels, or of a folder of them.

    An `InputError` names the file, and the row, column or key that is wrong.
    """
    path = Path(path)
    if path.is_dir():
        return AreaFile(path, labels={file.stem: file for file in find_pictures(path)})
    if path.suffix.lower() in PICTURE_TYPES:
        return AreaFile(path, labels={"": path})
    readers = {".csv": _read_csv, ".json": _read_json}
    require(path.suffix.lower() in readers, f"{path}: areas are a .csv or .json file, a picture of "
                                            "labels, or a folder of them")
    found = readers[path.suffix.lower()](path)
    require(found.everywhere or any(found.own.values()), f"{path}: no areas")
    return found


def _read_csv(path) -> AreaFile:
    """The boxes of a table."""
    found = AreaFile(path)
    for line, row in read_rows(path, ("area", *BOX), "areas", ("picture",), rest=""):
        where = f"{path}, line {line}"
        picture = plain_cell(row.get("picture", "")).strip()
        areas = found.own.setdefault(picture, {}) if picture else found.everywhere
        name = plain_cell(row["area"]).strip()
        if name in (REST, REPEATED):
            continue
        require(name, f"{where}: no name")
        require(name not in areas, f"{where}: a second area {name!r}")
        areas[name] = [read_number(row, side, where) for side in BOX]
    return found


def _read_json(path) -> AreaFile:
    """The boxes and polygons of an object, with or without pictures."""
    def distinct(pairs):
        found = {}
        for name, value in pairs:
            require(name not in found, f"{path}: a second {name!r}")
            found[name] = value
        return found

    try:
        contents = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=distinct)
    except RecursionError:
        raise InputError(f"{path}: the file cannot be read: its lists or objects lie too deep "
                         "within each other") from None
    except (OSError, ValueError) as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise InputError(f"{path}: the file cannot be read: {error}") from None
    require(isinstance(contents, dict),
            f"{path}: must hold an object, such as {{\"logo\": [0, 0, 10, 10]}}")
    own = {name: value for name, value in contents.items() if isinstance(value, dict)}
    everywhere = {name: value for name, value in contents.items() if name not in own}
    for name in (name for areas in (everywhere, *own.values()) for name in areas):
        require(name not in (REST, REPEATED), f"{path}: an area cannot be called {name}, as is a "
                "row of the results; give it another name")
    return AreaFile(path, everywhere, own)
