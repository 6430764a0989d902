"""CAT2000, training half: 100 images of each of 20 categories, free viewing for 5 seconds.

Images 1080x1920 pixels (H x W), 2,000 of them. 18 observers per image of the training half; the
fixation maps do not tell them apart (observer -1). 38 pixels per degree of visual angle (data
set table of saliency.mit.edu).

Published layout (`trainSet/`, or the folder that holds it)::

    Stimuli/<Category>/001.jpg
    FIXATIONLOCS/<Category>/001.mat     `fixLocs` [H, W], fixations at each pixel
    FIXATIONMAPS/<Category>/001.jpg     fixation densities, the training target

Each category also holds a folder `Output` with down-sized copies, which is not read.

Source: see `SPEC`; http://saliency.mit.edu
"""
import numpy as np

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath

NAME, PUBLISHED = "cat2000", 2000
MOST_FIXATIONS = 1000  # at one pixel


def load(root: AnyPath, *, use_density: bool = True,
         pixels_per_dva: float = 38.0) -> SaliencyDataset:
    """Read CAT2000's training half from `root`; names are "Action/001", categories are set."""
    root = reading.require_folder(
        root, NAME, "trainSet/ with Stimuli/, FIXATIONLOCS/ and FIXATIONMAPS/")
    root = root / "trainSet" if (root / "trainSet").is_dir() else root
    categories = reading.list_folders(reading.sub_folder(root, "Stimuli", NAME))
    require(categories, f"{NAME}: no category folders in {root / 'Stimuli'}")
    stimuli, mats, maps = [], [], []
    for name in (category.name for category in categories):
        here = reading.list_stimuli(root / "Stimuli", name, NAME)
        stimuli += here
        mats += reading.list_partners(here, root / "FIXATIONLOCS", name, "fixation map", NAME,
                                      reading.MATLAB)
        if use_density:
            maps += reading.list_partners(here, root / "FIXATIONMAPS", name, "density map", NAME)
    sizes = reading.image_sizes(stimuli)
    return reading.build_dataset(
        NAME, stimuli, sizes, _trials(mats, sizes), densities=maps if use_density else None,
        published=PUBLISHED, edition="CAT2000 2015 train", pixels_per_dva=pixels_per_dva,
        names=tuple(f"{p.parent.name}/{p.stem}" for p in stimuli),
        categories=tuple(p.parent.name for p in stimuli))


def _trials(mats, sizes):
    for i, file in enumerate(reading.progress(mats, "CAT2000 fixations")):
        counts = np.asarray(matlab.load_mat(file, NAME, "fixLocs"))
        require(counts.ndim == 2 and counts.dtype.kind in "iufb",
                f"{NAME}: {file}: fixLocs is no matrix of numbers")
        reading.require_equal_sizes([counts.shape], sizes[i:i + 1], [file], "fixation map", NAME)
        require((counts >= 0).all() and (counts <= MOST_FIXATIONS).all(),
                f"{NAME}: {file}: fixLocs counts fixations, from 0 to {MOST_FIXATIONS} a pixel")
        yield reading.Trial(i, reading.count_points(counts))


SPEC = DatasetSpec(
    load, canvas=(216, 384),
    citation="Borji and Itti (2015), CAT2000: A large scale fixation dataset for boosting "
             "saliency research, arXiv:1505.03581")
