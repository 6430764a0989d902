"""FixaTons: a collection of eye-tracking datasets in one layout, with observers and durations.

Layout (`root` is the folder of one dataset, such as `FixaTons/MIT1003`)::

    STIMULI/<name>.jpeg                 images of any size
    SCANPATHS/<name>/<observer>         rows `x y start end`: pixels of the stimulus from its top
                                        left corner, seconds since it appeared
    SALIENCY_MAPS/<name>.jpg            fixation density, the training target
    FIXATION_MAPS/<name>.png            fixations as a mask, observers not told apart; not read

The first fixation of a trial lies where the fixation cross was: it is left out, as the authors of
MIT1003 do. The masks of this collection's MIT1003 hold a third of the fixations, shifted by 1.5
pixels in either direction; SCANPATHS hold all. It keeps the canvas and the split of `mit1003`.

Source: see `SPEC`.
"""
from typing import Optional, Sequence

import numpy as np

from keras_saliency.datasets import reading
from keras_saliency.datasets.dataset import DatasetError, DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some
from keras_saliency.files.folders import list_files

NAME = "fixatons"
# Folder -> (registered name of the same dataset, its stimuli, pixels per degree of visual angle).
KNOWN = {"MIT1003": ("mit1003", 1003, 35.0)}


def load(root: AnyPath, *, use_density: bool = True, first_fixation: bool = False,
         stimulus_size: Optional[Sequence[int]] = None,
         pixels_per_dva: Optional[float] = None) -> SaliencyDataset:
    """Read one dataset of the collection from its folder `root`.

    Args:
        first_fixation: keep the first fixation of each trial.
        stimulus_size: (height, width) to read only stimuli of this size, such as the (768, 1024)
            that DeepGaze I is fitted to.
        pixels_per_dva: None for that of a known dataset.
    """
    root = reading.require_folder(root, NAME, "STIMULI/, SCANPATHS/ and SALIENCY_MAPS/")
    edition = root.resolve().name
    name, published, known_pixels = KNOWN.get(edition, (NAME, None, None))
    stimuli = reading.list_stimuli(root, "STIMULI", NAME)
    sizes = reading.image_sizes(stimuli)
    if stimulus_size is not None:
        require(isinstance(stimulus_size, (list, tuple)) and len(stimulus_size) == 2
                and all(isinstance(side, int) and side > 0 for side in stimulus_size),
                f"{NAME}: stimulus_size is (height, width) in pixels, not {stimulus_size!r}")
        chosen = np.flatnonzero((sizes == tuple(stimulus_size)).all(axis=1))
        require(len(chosen), f"{NAME}: no stimulus of {stimulus_size} in {root}; the sizes are "
                             f"{list_some(sorted(set(map(tuple, sizes.tolist()))))}")
        stimuli, sizes, published = [stimuli[i] for i in chosen], sizes[chosen], None
    maps = None
    if use_density:
        folder = reading.sub_folder(root, "SALIENCY_MAPS", NAME)
        wanted = set(reading.stems(stimuli))
        maps = [path for path in list_files(folder) if path.stem in wanted]
        maps = reading.match_by_stem(stimuli, maps, f"density map in {folder}")
    scanpaths = reading.sub_folder(root, "SCANPATHS", NAME)
    trials = _trials(scanpaths, stimuli, 0 if first_fixation else 1)
    return reading.build_dataset(
        name, stimuli, sizes, trials, densities=maps, published=published,
        edition=f"FixaTons {edition}",
        pixels_per_dva=known_pixels if pixels_per_dva is None else pixels_per_dva)


def _trials(folder, stimuli, skipped):
    """Trials without their first `skipped` fixations; an observer's number is one person."""
    files = []
    for i, stimulus in enumerate(stimuli):
        own = reading.sub_folder(folder, stimulus.stem, NAME)
        found = sorted(p for p in own.iterdir() if p.is_file() and not p.name.startswith("."))
        require(found, f"{NAME}: no scanpaths in {own}")
        files += [(i, path) for path in found]
    numbers = {name: k for k, name in enumerate(sorted({path.name for _, path in files}))}
    for i, path in reading.progress(files, "scanpaths"):
        rows = _read(path)
        yield reading.Trial(i, rows[skipped:, :2], numbers[path.name],
                            1000.0 * (rows[skipped:, 3] - rows[skipped:, 2]))


def _read(path) -> np.ndarray:
    """float64 [n, 4]: the rows of a scanpath."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")
        rows = [[float(cell) for cell in line.split()] for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise DatasetError(f"{NAME}: {path} is not a scanpath of numbers: {error}") from None
    wrong = [k + 1 for k, row in enumerate(rows) if len(row) != 4]
    require(not wrong, f"{NAME}: {path}: row {list_some(wrong)} has not four numbers, x y start "
                       "end")
    table = np.array(rows, np.float64).reshape(-1, 4)
    require((table[:, 3] >= table[:, 2]).all(), f"{NAME}: {path}: a fixation ends before it starts")
    return table


SPEC = DatasetSpec(
    load, collection=True,
    citation="Zanca, Serchi, Piu, Rosini and Rufa (2018), FixaTons: A collection of human "
             "fixations datasets and metrics for scanpath similarity, arXiv:1802.02534")
