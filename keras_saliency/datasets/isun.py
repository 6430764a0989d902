"""iSUN: photographs of the SUN database, webcam eye tracking by crowd workers, free viewing.

The LSUN 2015 release has 6,000 training, 926 validation and 2,000 test images (the last without
data, not read) of many sizes. Workers are not identified, so an observer's index counts within
one image only. pixels_per_dva is unknown: every worker had another screen. The viewing time is not
in the files. Densities are blurred by 16 pixels. This is our choice, after Kroner et al. (2020) for
DUT-OMRON.

Published layout::

    training.mat, validation.mat   `training` / `validation`: struct array with `image` (name
                                   without extension), `resolution`, `scene_category` and
                                   `gaze`: a struct per observer with `location`, `timestamp`
                                   and `fixation` ([n, 2] x, y in pixels, taken as published)
    images/*.jpg

Source: see `SPEC`; http://lsun.cs.princeton.edu
"""
from typing import Optional

import numpy as np

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some

NAME, PUBLISHED = "isun", 6926
FILES = {"training": "train", "validation": "val"}


def load(root: AnyPath, *, images: str = "images",
         pixels_per_dva: Optional[float] = None) -> SaliencyDataset:
    """Read iSUN's training and validation images from `root`; `images` is the pictures' folder."""
    root = reading.require_folder(root, NAME, "training.mat, validation.mat and images/")
    by_name = {path.stem: path for path in reading.list_stimuli(root, images, NAME)}
    records = sorted((record for variable in FILES for record in _records(root, variable)),
                     key=lambda record: record[0])
    names = [name for name, *_ in records]
    twice = [a for a, b in zip(names, names[1:]) if a == b]
    require(not twice, f"{NAME}: recorded twice: {list_some(twice)}")
    missing = [name for name in names if name not in by_name]
    require(not missing, f"{NAME}: no image in {root / images} for {list_some(missing)}")
    stimuli = [by_name[name] for name in names]
    sizes = reading.image_sizes(stimuli)
    # Order is not documented; (H, W) and (W, H) both show that the picture is the one recorded.
    wrong = [name for (name, _, record, where), size in zip(records, sizes)
             if sorted(matlab.vector(matlab.field(record, "resolution", where), where))
             != sorted(np.asarray(size, float))]
    require(not wrong, f"{NAME}: images of another size than recorded: {list_some(wrong)}")
    return reading.build_dataset(
        NAME, stimuli, sizes, _trials(records), published=PUBLISHED, edition="iSUN 2015 (LSUN)",
        partition=tuple(partition for _, partition, *_ in records), pixels_per_dva=pixels_per_dva)


def _records(root, variable):
    """(stimulus, partition, struct, place for messages) of each image of one file."""
    file = root / f"{variable}.mat"
    structs = matlab.structs(matlab.load_mat(file, NAME, variable))
    require(structs, f"{NAME}: {file} has no records")
    for k, struct in enumerate(structs):
        where = f"{NAME}: {file}, record {k + 1}"
        name = matlab.text(matlab.field(struct, "image", where), where)
        if name.lower().endswith((".jpg", ".png")):  # other endings belong to names with dots
            name = name[:-4]
        yield name, FILES[variable], struct, where


def _trials(records):
    for image, (_, _, record, where) in enumerate(records):
        for observer, struct in matlab.observers(matlab.field(record, "gaze", where)):
            points = matlab.field(struct, "fixation", where)
            yield reading.Trial(image, matlab.matrix(points, 2, where), observer)


SPEC = DatasetSpec(
    load, sigma_pixels=16,
    citation="Xu, Ehinger, Zhang, Finkelstein, Kulkarni and Xiao (2015), TurkerGaze: "
             "Crowdsourcing saliency with webcam based eye tracking, arXiv:1504.06755")
