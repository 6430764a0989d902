"""SALICON: 20,000 COCO images with mouse-contingent viewing, free viewing for 5 seconds.

Images 480x640 pixels (H x W): 10,000 train, 5,000 val (and 5,000 test without data, not read).
Crowd workers, who are not identified, so an observer's index counts within one image only.
pixels_per_dva is unknown: every worker had another screen.

Two releases share one folder tree and differ in the fixation algorithm, hence in maps and
fixations: "2015" (LSUN 2015 challenge) and "2017" (LSUN 2017, in use since). Nothing in the files
tells them apart: the caller states the edition, and it is recorded with every result::

    images/{train,val}/COCO_{train,val}2014_000000000009.jpg
    maps/{train,val}/*.png            fixation densities, the training target
    fixations/{train,val}/*.mat       `image`, `resolution`, `gaze`: a struct (or a cell of one
                                      struct) per observer, in a row or a column, with
                                      `location`, `timestamp`, `fixations` ([n, 2] x, y from 1)

Source: see `SPEC`; http://salicon.net
"""
from pathlib import Path
from typing import Optional

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetError, DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath

NAME, PUBLISHED = "salicon", 15000
PARTITIONS, EDITIONS = ("train", "val"), ("2015", "2017")


def load(root: AnyPath, *, edition: str = "2017", use_fixations: bool = True,
         limit: Optional[int] = None, pixels_per_dva: Optional[float] = None) -> SaliencyDataset:
    """Read SALICON's train and val images from the folder `root`.

    Args:
        edition: "2015" or "2017", the release of maps/ and fixations/.
        use_fixations: read fixations/ (15,000 files, minutes); False gives densities alone.
        limit: only the first n stimuli of each partition, by name; None for all.
    """
    edition = str(edition)
    require(edition in EDITIONS, f"{NAME}: no edition {edition!r}; choose from {EDITIONS}")
    require(limit is None or isinstance(limit, int) and limit > 0,
            f"{NAME}: limit must be a whole number above 0, not {limit}")
    root = reading.require_folder(
        root, NAME, "images/, maps/ and fixations/, each with train/ and val/")
    has_maps = (root / "maps").is_dir()
    require(has_maps or use_fixations,
            f"{NAME}: no folder {root / 'maps'} and use_fixations is false: nothing to predict")
    rows = sorted((row for partition in PARTITIONS
                   for row in _rows(root, partition, has_maps, use_fixations, limit)),
                  key=lambda row: row[0].stem)  # name order over both partitions
    stimuli, partition, maps, mats = zip(*rows)
    return reading.build_dataset(
        NAME, stimuli, reading.image_sizes(stimuli), _trials(mats) if use_fixations else None,
        densities=maps if has_maps else None, published=PUBLISHED, edition=f"SALICON {edition}",
        partition=partition, pixels_per_dva=pixels_per_dva)


def _rows(root: Path, partition, has_maps, use_fixations, limit):
    """(stimulus, partition, density file, fixation file) of one partition; None if not read."""
    stimuli = reading.list_stimuli(root / "images", partition, NAME)
    maps = mats = [None] * len(stimuli)
    if has_maps:
        maps = reading.list_partners(stimuli, root / "maps", partition, "density map", NAME)
    if use_fixations:
        try:
            reading.sub_folder(root / "fixations", partition, NAME)
        except DatasetError as error:
            raise DatasetError(f"{error}; unpack it, or set use_fixations to false") from None
        mats = reading.list_partners(stimuli, root / "fixations", partition, "fixation file", NAME,
                                     reading.MATLAB)
    return list(zip(stimuli, [partition] * len(stimuli), maps, mats))[:limit]


def _trials(mats):
    for image, file in enumerate(reading.progress(mats, "SALICON fixations")):
        for observer, struct in matlab.observers(matlab.load_mat(file, NAME, "gaze")):
            where = f"{NAME}: {file}, observer {observer + 1}"
            points = matlab.matrix(matlab.field(struct, "fixations", where), 2, where)
            yield reading.Trial(image, points - 1, observer)  # reading.MATLAB counts pixels from 1


SPEC = DatasetSpec(
    load,
    citation="Jiang, Huang, Duan and Zhao (2015), SALICON: Saliency in context, CVPR")
