"""FiWI, fixations in webpage images: 149 screenshots, 11 observers, free viewing for 5 seconds.

Images 768x1360 or 768x1366 pixels (H x W). 26 pixels per degree of visual angle (data set table
of saliency.mit.edu). The fixation masks do not tell observers apart (observer -1).

Published layout (`webpage_dataset.zip`; both folders may lie deeper below `root`)::

    stimuli/*.png
    all5/*.png       fixations of all observers in 5 seconds: pixels above 0

No density maps are published; Kroner et al. blur the masks by 30 pixels.

Source: Shen, Zhao (2014), Webpage saliency, ECCV;
https://www-users.cse.umn.edu/~qzhao/webpage_saliency.html
"""
from pathlib import Path

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
    list_stimuli,
    mask_points,
    require_sizes,
    stems,
)
from keras_saliency.datasets.spec import DatasetSpec
from keras_saliency.files import list_some

NAME, PUBLISHED = "fiwi", 149


def load(root, *, pixels_per_dva=26.0) -> SaliencyDataset:
    """Read FiWI from the folder `root` that holds stimuli/ and all5/ at any depth.

    Args:
        pixels_per_dva: pixels per degree of visual angle.

    Raises:
        DatasetError: a folder is missing or there twice, or a file is missing, unreadable or of
            another size.
    """
    root = require_folder(root, NAME, "stimuli/ and all5/")
    stimuli = list_stimuli(_find(root, "stimuli"), NAME)
    folder = _find(root, "all5")
    masks = match_by_stem(stimuli, list_images(folder), f"fixation mask in {folder}")
    sizes = image_sizes(stimuli)
    require_sizes(masks, sizes, "fixation masks", NAME)
    fixations = build_fixations(
        (Trial(i, mask_points(file, NAME)) for i, file in enumerate(masks)), sizes)
    return SaliencyDataset(
        name=NAME, names=stems(stimuli), stimuli=tuple(stimuli), sizes=sizes,
        fixations=fixations, pixels_per_dva=pixels_per_dva, edition="FiWI 2014",
        notes=completeness_note(len(stimuli), PUBLISHED))


def _find(root: Path, name: str) -> Path:
    """The only folder called `name` at or below `root`, the nearest if one is directly there."""
    if (root / name).is_dir():
        return root / name
    found = sorted(p for p in root.rglob(name) if p.is_dir() and "__MACOSX" not in p.parts)
    require(found, f"{NAME}: no folder {name}/ in or below {root}")
    require(len(found) == 1, f"{NAME}: several folders {name}/ below {root}: {list_some(found)}; "
                             "name the one of the release as root")
    return found[0]


SPEC = DatasetSpec(
    load, canvas=(216, 384), split=(99, 50), sigma_pixels=30,
    citation="Shen and Zhao (2014), Webpage saliency, ECCV")
