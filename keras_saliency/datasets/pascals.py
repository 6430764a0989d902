"""PASCAL-S: 850 images of PASCAL VOC 2010, 8 observers, free viewing for 2 seconds.

Images of at most 500 pixels a side. pixels_per_dva is unknown: not published with the set.
Without the published densities, fixations are blurred by 16 pixels. This is our choice, after
Kroner et al. (2020) for DUT-OMRON, whose pictures are about as large.

Published layout (`salObj.zip`; `root` is the folder that holds `datasets/`)::

    datasets/imgs/pascal/1.jpg ... 850.jpg
    datasets/fixations/pascalFix.mat    `fixCell` 850x1 (version 7.3): [n, 3] rows (row, column,
                                        observer), all from 1; cell k belongs to image k.jpg
    */pascal/humanFix/1.png ...         fixation densities, the training target where present

Source: see `SPEC`; http://cbs.ic.gatech.edu/salobj
"""
from typing import Optional

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some

NAME, PUBLISHED = "pascals", 850


def load(root: AnyPath, *, use_density: bool = True,
         pixels_per_dva: Optional[float] = None) -> SaliencyDataset:
    """Read PASCAL-S from the folder `root` that holds datasets/."""
    root = reading.require_folder(root, NAME, "datasets/imgs/pascal/ and datasets/fixations/")
    stimuli = reading.list_stimuli(root / "datasets" / "imgs", "pascal", NAME)
    file = reading.sub_folder(root / "datasets", "fixations", NAME) / "pascalFix.mat"
    found = sorted(p for p in root.glob("*/pascal/humanFix") if p.is_dir())
    maps = None
    if use_density and found:
        maps = reading.list_partners(stimuli, found[0].parent, "humanFix", "density map", NAME)
    return reading.build_dataset(
        NAME, stimuli, reading.image_sizes(stimuli), _trials(stimuli, file), densities=maps,
        density_name="density maps (use_density=False does without)", published=PUBLISHED,
        edition="PASCAL-S 2014", pixels_per_dva=pixels_per_dva)


def _trials(stimuli, file):
    cells = matlab.load_cells(file, NAME, "fixCell")
    wrong = [p.name for p in stimuli
             if not p.stem.isdecimal() or not 1 <= int(p.stem) <= len(cells)]
    require(not wrong, f"{NAME}: images without a cell among the {len(cells)} of {file}: "
                       f"{list_some(wrong)}")
    # Sorted by name, 10.jpg comes before 2.jpg: only the number tells which cell is whose.
    for i, path in enumerate(stimuli):
        where = f"{NAME}: {file}, cell {path.stem}"
        rows = matlab.matrix(cells[int(path.stem) - 1], 3, where)
        yield from reading.observer_trials(i, rows[:, [1, 0]] - 1, rows[:, 2], where)


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(650, 200), sigma_pixels=16,
    citation="Li, Hou, Koch, Rehg and Yuille (2014), The secrets of salient object "
             "segmentation, CVPR")
