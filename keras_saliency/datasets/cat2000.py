"""CAT2000, training half: 100 images of each of 20 categories, free viewing for 5 seconds.

Images 1080x1920 pixels (H x W), 2,000 of them. 18 observers per image of the training half; the
fixation maps do not tell them apart (observer -1). 38 pixels per degree of visual angle (data
set table of saliency.mit.edu).

Published layout (`trainSet/`, or the folder that holds it)::

    Stimuli/<Category>/001.jpg
    FIXATIONLOCS/<Category>/001.mat     `fixLocs` [H, W], fixations at each pixel
    FIXATIONMAPS/<Category>/001.jpg     fixation densities, the training target

Each category also holds a folder `Output` with down-sized copies, which is not read.

Source: Borji, Itti (2015), CAT2000: a large scale fixation dataset for boosting saliency
research, arXiv:1505.03581; http://saliency.mit.edu
"""
import numpy as np
from tqdm import tqdm

from keras_saliency.datasets import matlab
from keras_saliency.datasets.dataset import (
    SaliencyDataset,
    image_sizes,
    list_images,
    match_by_stem,
    require,
    require_folder,
)
from keras_saliency.datasets.reading import (
    Trial,
    build_fixations,
    completeness_note,
    count_points,
    list_mats,
    list_stimuli,
    require_equal_sizes,
    require_sizes,
    sub_folder,
)
from keras_saliency.datasets.spec import DatasetSpec

NAME, PUBLISHED = "cat2000", 2000
MOST_FIXATIONS = 1000  # at one pixel


def load(root, *, use_density=True, pixels_per_dva=38.0) -> SaliencyDataset:
    """Read CAT2000's training half from `root`; names are "Action/001", categories are set.

    Args:
        use_density: take FIXATIONMAPS as the training target; False blurs the fixations.
        pixels_per_dva: pixels per degree of visual angle.

    Raises:
        DatasetError: a folder or file is missing, unreadable, malformed or of another size.
    """
    root = require_folder(root, NAME, "trainSet/ with Stimuli/, FIXATIONLOCS/ and FIXATIONMAPS/")
    root = root / "trainSet" if (root / "trainSet").is_dir() else root
    stimuli, categories, mats, maps = [], [], [], []
    for folder in _categories(sub_folder(root, "Stimuli", NAME)):
        here = list_stimuli(folder, NAME)
        locations = sub_folder(root / "FIXATIONLOCS", folder.name, NAME)
        mats += match_by_stem(here, list_mats(locations), f"fixation map in {locations}")
        if use_density:
            densities = sub_folder(root / "FIXATIONMAPS", folder.name, NAME)
            maps += match_by_stem(here, list_images(densities),
                                  f"density map in {densities}")
        stimuli += here
        categories += [folder.name] * len(here)
    sizes = image_sizes(stimuli)
    if use_density:
        require_sizes(maps, sizes, "density maps", NAME)
    fixations = build_fixations(_trials(mats, sizes), sizes)
    return SaliencyDataset(
        name=NAME, names=tuple(f"{c}/{p.stem}" for c, p in zip(categories, stimuli)),
        stimuli=tuple(stimuli), sizes=sizes, fixations=fixations,
        density_files=tuple(maps) if use_density else None, pixels_per_dva=pixels_per_dva,
        edition="CAT2000 2015 train", categories=tuple(categories),
        notes=completeness_note(len(stimuli), PUBLISHED))


def _categories(folder) -> list:
    found = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    require(found, f"{NAME}: no category folders in {folder}")
    return found


def _trials(mats, sizes):
    for i, file in enumerate(tqdm(mats, desc="CAT2000 fixations", unit="file", disable=None)):
        counts = np.asarray(matlab.load_mat(file, NAME, "fixLocs"))
        require(counts.ndim == 2 and counts.dtype.kind in "iufb",
                f"{NAME}: {file}: fixLocs is no matrix of numbers")
        require_equal_sizes([counts.shape], sizes[i:i + 1], [file], "fixation map", NAME)
        require((counts >= 0).all() and (counts <= MOST_FIXATIONS).all(),
                f"{NAME}: {file}: fixLocs counts fixations, from 0 to {MOST_FIXATIONS} a pixel")
        yield Trial(i, count_points(counts))


SPEC = DatasetSpec(
    load, canvas=(216, 384),
    citation="Borji and Itti (2015), CAT2000: A large scale fixation dataset for boosting "
             "saliency research, arXiv:1505.03581")
