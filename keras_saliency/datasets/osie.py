"""OSIE: 700 photographs with several objects each, 15 observers, free viewing for 3 seconds.

Images 600x800 pixels (H x W). 24 pixels per degree of visual angle (the authors' viewing
geometry, as stated with the set). Fixations have observers and durations in milliseconds.
Densities are blurred by 16 pixels, as Kroner et al. (2020) do; one degree would be 24.

Published layout (`data/` of the repository; `fixations.mat` may also lie beside `stimuli/`)::

    stimuli/1001.jpg ... 1700.jpg
    eye/fixations.mat     `fixations`: 700x1 cell of structs `img` (file name) and `subjects`,
                          15x1 cell of structs `fix_x`, `fix_y`, `fix_duration`

Source: see `SPEC`; https://github.com/NUS-VIP/predicting-human-gaze-beyond-pixels (MIT licence)
"""
from pathlib import Path

import numpy as np

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some

NAME, PUBLISHED = "osie", 700


def load(root: AnyPath, *, pixels_per_dva: float = 24.0) -> SaliencyDataset:
    """Read OSIE from the folder `root` that holds stimuli/ and fixations.mat."""
    root = reading.require_folder(root, NAME, "stimuli/ and fixations.mat")
    stimuli = reading.list_stimuli(root, "stimuli", NAME)
    places = [root / "fixations.mat", root / "eye" / "fixations.mat"]
    file = next((p for p in places if p.is_file()), places[0])
    return reading.build_dataset(
        NAME, stimuli, reading.image_sizes(stimuli), _trials(file, stimuli), published=PUBLISHED,
        edition="OSIE 2014", pixels_per_dva=pixels_per_dva)


def _trials(file, stimuli):
    """The trials of fixations.mat, whose records must be those of `stimuli`."""
    place = f"{NAME}: {file}"
    records = matlab.structs(matlab.load_mat(file, NAME, "fixations"))
    names = [Path(matlab.text(matlab.field(r, "img", place), place)).stem for r in records]
    index = {name: i for i, name in enumerate(reading.stems(stimuli))}
    without_record = sorted(set(index) - set(names))
    without_image = sorted(set(names) - set(index))
    require(not without_record, f"{place} has no record of {list_some(without_record)}")
    require(not without_image,
            f"{place} has records without a stimulus: {list_some(without_image)}")
    require(len(set(names)) == len(names), f"{place} names a stimulus twice")
    for name, record in zip(names, records):
        subjects = matlab.field(record, "subjects", f"{place}, {name}")
        for observer, struct in matlab.observers(subjects):
            where = f"{place}, {name}, observer {observer + 1}"
            x, y, duration = (matlab.vector(matlab.field(struct, key, where), where)
                              for key in ("fix_x", "fix_y", "fix_duration"))
            require(len(x) == len(y) == len(duration), f"{where}: fix_x, fix_y and fix_duration "
                    f"have {len(x)}, {len(y)} and {len(duration)} values")
            require(not (duration < 0).any(), f"{where}: fix_duration has negative values")
            yield reading.Trial(index[name], np.stack([x, y], axis=1), observer, duration)


SPEC = DatasetSpec(
    load, split=(500, 200), sigma_pixels=16,
    citation="Xu, Jiang, Wang, Kankanhalli and Zhao (2014), Predicting human gaze beyond "
             "pixels, Journal of Vision 14(1):28")
