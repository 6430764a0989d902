"""FiWI, fixations in webpage images: 149 screenshots, 11 observers, free viewing for 5 seconds.

Images 768x1360 or 768x1366 pixels (H x W). 26 pixels per degree of visual angle (data set table
of saliency.mit.edu). The fixation masks do not tell observers apart (observer -1).

Published layout (`webpage_dataset.zip`; both folders may lie deeper below `root`)::

    stimuli/*.png
    all5/*.png       fixations of all observers in 5 seconds: pixels above 0

No density maps are published; Kroner et al. blur the masks by 30 pixels.

Source: see `SPEC`; https://www-users.cse.umn.edu/~qzhao/webpage_saliency.html
"""
from pathlib import Path

from keras_saliency.datasets import reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some

NAME, PUBLISHED = "fiwi", 149


def load(root: AnyPath, *, pixels_per_dva: float = 26.0) -> SaliencyDataset:
    """Read FiWI from the folder `root` that holds stimuli/ and all5/ at any depth."""
    root = reading.require_folder(root, NAME, "stimuli/ and all5/")
    stimuli = reading.list_stimuli(_parent(root, "stimuli"), "stimuli", NAME)
    masks = reading.list_partners(stimuli, _parent(root, "all5"), "all5", "fixation mask", NAME)
    sizes = reading.image_sizes(stimuli)
    return reading.build_dataset(
        NAME, stimuli, sizes, reading.mask_trials(masks, sizes, NAME), published=PUBLISHED,
        edition="FiWI 2014", pixels_per_dva=pixels_per_dva)


def _parent(root: Path, name: str) -> Path:
    """`root` if it holds the folder `name`, else the only folder below it that does."""
    if (root / name).is_dir():
        return root
    found = sorted(p for p in root.rglob(name) if p.is_dir() and "__MACOSX" not in p.parts)
    require(found, f"{NAME}: no folder {name}/ in or below {root}")
    require(len(found) == 1, f"{NAME}: several folders {name}/ below {root}: {list_some(found)}; "
                             "name the one of the release as root")
    return found[0].parent


SPEC = DatasetSpec(
    load, canvas=(216, 384), split=(99, 50), sigma_pixels=30,
    citation="Shen and Zhao (2014), Webpage saliency, ECCV")
