"""PASCAL-S: 850 images of PASCAL VOC 2010, 8 observers, free viewing for 2 seconds.

Images of at most 500 pixels a side. pixels_per_dva is None: not published with the set. Without
the published densities, fixations are blurred by 16 pixels: a choice, that of Kroner et al. (2020)
for DUT-OMRON, whose pictures are about as large.

Published layout (`salObj.zip`; `root` is the folder that holds `datasets/`)::

    datasets/imgs/pascal/1.jpg ... 850.jpg
    datasets/fixations/pascalFix.mat    `fixCell` 850x1 (version 7.3): [n, 3] rows (row, column,
                                        observer), all from 1; cell k belongs to image k.jpg
    */pascal/humanFix/1.png ...         fixation densities, the training target where present

Source: Li, Hou, Koch, Rehg, Yuille (2014), The secrets of salient object segmentation, CVPR;
http://cbs.ic.gatech.edu/salobj
"""
import numpy as np

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
    list_stimuli,
    observers_of,
    require_sizes,
    stems,
    sub_folder,
)
from keras_saliency.datasets.spec import DatasetSpec
from keras_saliency.files import list_some

NAME, PUBLISHED = "pascals", 850


def load(root, *, use_density=True, pixels_per_dva=None) -> SaliencyDataset:
    """Read PASCAL-S from the folder `root` that holds datasets/.

    Args:
        use_density: take the humanFix pictures, if they are there, as the training target.
        pixels_per_dva: pixels per degree of visual angle, if you want to assume one.

    Raises:
        DatasetError: a file is missing, unreadable, malformed or of another size, or the cells of
            pascalFix.mat do not match the images.
    """
    root = require_folder(root, NAME, "datasets/imgs/pascal/ and datasets/fixations/")
    stimuli = list_stimuli(sub_folder(root / "datasets" / "imgs", "pascal", NAME), NAME)
    sizes = image_sizes(stimuli)
    file = sub_folder(root / "datasets", "fixations", NAME) / "pascalFix.mat"
    cells = matlab.load_cells(file, NAME, "fixCell")
    fixations = build_fixations(_trials(stimuli, cells, file), sizes)
    maps = _densities(root, stimuli) if use_density else None
    if maps:
        require_sizes(maps, sizes, "density maps (use_density=False does without)", NAME)
    return SaliencyDataset(
        name=NAME, names=stems(stimuli), stimuli=tuple(stimuli), sizes=sizes,
        fixations=fixations, density_files=tuple(maps) if maps else None,
        pixels_per_dva=pixels_per_dva, edition="PASCAL-S 2014",
        notes=completeness_note(len(stimuli), PUBLISHED))


def _densities(root, stimuli):
    folders = sorted(p for p in root.glob("*/pascal/humanFix") if p.is_dir())
    if not folders:
        return None
    return match_by_stem(stimuli, list_images(folders[0]), f"density map in {folders[0]}")


def _trials(stimuli, cells, file):
    wrong = [p.name for p in stimuli
             if not p.stem.isdecimal() or not 1 <= int(p.stem) <= len(cells)]
    require(not wrong, f"{NAME}: images without a cell among the {len(cells)} of {file}: "
                       f"{list_some(wrong)}")
    # Sorted by name, 10.jpg comes before 2.jpg: only the number tells which cell is whose.
    for i, path in enumerate(stimuli):
        where = f"{NAME}: {file}, cell {path.stem}"
        rows = matlab.matrix(cells[int(path.stem) - 1], 3, where)
        observers = observers_of(rows[:, 2], where)
        for observer in np.unique(observers):
            yield Trial(i, rows[observers == observer][:, [1, 0]] - 1, observer)


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(650, 200), sigma_pixels=16,
    citation="Li, Hou, Koch, Rehg and Yuille (2014), The secrets of salient object "
             "segmentation, CVPR")
