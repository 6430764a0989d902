"""DUT-OMRON: 5,168 photographs, 5 observers, free viewing for 2 seconds.

Images of at most 401 pixels a side. pixels_per_dva is unknown: the viewing distance is not
published, and the images were shown larger than they are stored. The authors filtered the
fixations; observer numbers may not mean the same person on every image. Densities are blurred by
16 pixels, as Kroner et al. (2020) do.

Published layout (two archives)::

    DUT-OMRON-image/*.jpg
    DUT-OMRON-eye-fixations/mat/*.mat   `s`: [1 + n, 3] rows (x, y, observer), pixels from 0;
                                        the row of observer 0 is (width, height) of the image

Source: see `SPEC`; http://saliencydetection.net/dut-omron
"""
from typing import Optional

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath

NAME, PUBLISHED = "dutomron", 5168


def load(root: AnyPath, *, pixels_per_dva: Optional[float] = None) -> SaliencyDataset:
    """Read DUT-OMRON from the folder `root` that holds both unpacked archives."""
    root = reading.require_folder(root, NAME, "DUT-OMRON-image/ and DUT-OMRON-eye-fixations/mat/")
    stimuli = reading.list_stimuli(root, "DUT-OMRON-image", NAME)
    mats = reading.list_partners(stimuli, root / "DUT-OMRON-eye-fixations", "mat",
                                 "fixation file", NAME, reading.MATLAB)
    sizes = reading.image_sizes(stimuli)
    return reading.build_dataset(
        NAME, stimuli, sizes, _trials(mats, sizes), published=PUBLISHED,
        edition="DUT-OMRON 2013", pixels_per_dva=pixels_per_dva)


def _trials(mats, sizes):
    records = [_record(file) for file in reading.progress(mats, "DUT-OMRON fixations")]
    reading.require_equal_sizes([size for size, _ in records], sizes, mats, "fixation files", NAME)
    for image, ((_, rows), file) in enumerate(zip(records, mats)):
        yield from reading.observer_trials(image, rows[:, :2], rows[:, 2], f"{NAME}: {file}")


def _record(file):
    """((height, width), fixation rows [n, 3]) of one file."""
    rows = matlab.matrix(matlab.load_mat(file, NAME, "s"), 3, f"{NAME}: {file}")
    is_size = rows[:, 2] == 0
    require(is_size.sum() == 1, f"{NAME}: {file}: {is_size.sum()} rows of observer 0 (the image "
                                "size), one expected")
    width, height = rows[is_size][0, :2].tolist()
    return (height, width), rows[~is_size]


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(4168, 1000), sigma_pixels=16,
    citation="Yang, Zhang, Lu, Ruan and Yang (2013), Saliency detection via graph-based "
             "manifold ranking, CVPR")
