"""DUT-OMRON: 5,168 photographs, 5 observers, free viewing for 2 seconds.

Images of at most 401 pixels a side. pixels_per_dva is None: the viewing distance is not
published, and the images were shown larger than they are stored. The authors filtered the
fixations; observer numbers may not mean the same person on every image. Densities are blurred by
16 pixels, as Kroner et al. (2020) do.

Published layout (two archives)::

    DUT-OMRON-image/*.jpg
    DUT-OMRON-eye-fixations/mat/*.mat   `s`: [1 + n, 3] rows (x, y, observer), pixels from 0;
                                        the row of observer 0 is (width, height) of the image

Source: Yang, Zhang, Lu, Ruan, Yang (2013), Saliency detection via graph-based manifold ranking,
CVPR; http://saliencydetection.net/dut-omron
"""
import numpy as np
from tqdm import tqdm

from keras_saliency.datasets import matlab
from keras_saliency.datasets.dataset import (
    SaliencyDataset,
    image_sizes,
    match_by_stem,
    require,
    require_folder,
)
from keras_saliency.datasets.reading import (
    Trial,
    build_fixations,
    completeness_note,
    list_mats,
    list_stimuli,
    observers_of,
    require_equal_sizes,
    stems,
    sub_folder,
)
from keras_saliency.datasets.spec import DatasetSpec

NAME, PUBLISHED = "dutomron", 5168


def load(root, *, pixels_per_dva=None) -> SaliencyDataset:
    """Read DUT-OMRON from the folder `root` that holds both unpacked archives.

    Args:
        pixels_per_dva: pixels per degree of visual angle, if you want to assume one.

    Raises:
        DatasetError: a file is missing, unreadable or malformed, or was recorded on an image of
            another size.
    """
    root = require_folder(root, NAME, "DUT-OMRON-image/ and DUT-OMRON-eye-fixations/mat/")
    stimuli = list_stimuli(sub_folder(root, "DUT-OMRON-image", NAME), NAME)
    folder = sub_folder(root / "DUT-OMRON-eye-fixations", "mat", NAME)
    mats = match_by_stem(stimuli, list_mats(folder), f"fixation file in {folder}")
    sizes = image_sizes(stimuli)
    progress = tqdm(mats, desc="DUT-OMRON fixations", unit="file", disable=None)
    records = [_record(file) for file in progress]
    require_equal_sizes([size for size, _ in records], sizes, mats, "fixation files", NAME)
    fixations = build_fixations(
        (trial for i, ((_, rows), file) in enumerate(zip(records, mats))
         for trial in _trials(rows, i, f"{NAME}: {file}")), sizes)
    return SaliencyDataset(
        name=NAME, names=stems(stimuli), stimuli=tuple(stimuli), sizes=sizes,
        fixations=fixations, pixels_per_dva=pixels_per_dva, edition="DUT-OMRON 2013",
        notes=completeness_note(len(stimuli), PUBLISHED))


def _record(file):
    """((height, width), fixation rows [n, 3]) of one file."""
    rows = matlab.matrix(matlab.load_mat(file, NAME, "s"), 3, f"{NAME}: {file}")
    is_size = rows[:, 2] == 0
    require(is_size.sum() == 1, f"{NAME}: {file}: {is_size.sum()} rows of observer 0 (the image "
                                "size), one expected")
    width, height = rows[is_size][0, :2].tolist()
    return (height, width), rows[~is_size]


def _trials(rows, image, where):
    observers = observers_of(rows[:, 2], where)
    return [Trial(image, rows[observers == observer, :2], observer)
            for observer in np.unique(observers)]


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(4168, 1000), sigma_pixels=16,
    citation="Yang, Zhang, Lu, Ruan and Yang (2013), Saliency detection via graph-based "
             "manifold ranking, CVPR")
