"""MIT1003: 1,003 photographs, 15 observers, free viewing for 3 seconds.

Images of at most 1024 pixels a side, 405 to 1024 on the other. 35 pixels per degree of visual
angle (Judd et al. 2009 and the data set table of saliency.mit.edu).

Published layout (three archives; DATA is needed for `observers=True` alone)::

    ALLSTIMULI/<name>.jpeg
    ALLFIXATIONMAPS/<name>_fixMap.jpg     fixation density, the training target
    ALLFIXATIONMAPS/<name>_fixPts.jpg     fixations as a mask, observers not told apart
    DATA/<observer>/<name>.mat            one struct (named after the file, cut to 63 letters)
                                          with DATA(1).eyeData: [n, 2] gaze x, y at 240 Hz,
                                          negative during blinks

The first fixation of each trial is left out, as the authors do: it lies where the fixation cross
was. The published masks already lack it; from DATA, `find_fixations` finds them.

Source: see `SPEC`; http://people.csail.mit.edu/tjudd/WherePeopleLook
"""
import warnings

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.files import AnyPath, list_some
from keras_saliency.files.folders import list_files

NAME, PUBLISHED = "mit1003", 1003
# The masks are JPEG files: a fixated pixel is near 255, its neighbours near 0.
MASK_THRESHOLD = 127

SAMPLES_PER_SECOND = 240
SACCADE_ACCELERATION = 34 * 6  # pixels per degree times degrees per second
WINDOW = 4  # samples
SHORTEST_FIXATION = 12  # samples: 50 ms
SEARCH = 25  # samples after the acceleration in which a saccade must brake


def load(root: AnyPath, *, observers: bool = False, use_density: bool = True,
         pixels_per_dva: float = 35.0) -> SaliencyDataset:
    """Read MIT1003 from the folder `root` that holds the unpacked archives.

    With `observers`, fixations come with observers and durations from DATA/ (15,045 files,
    minutes) rather than from the fixPts masks.
    """
    root = reading.require_folder(root, NAME, "ALLSTIMULI/ and ALLFIXATIONMAPS/")
    stimuli = reading.list_stimuli(root, "ALLSTIMULI", NAME)
    sizes = reading.image_sizes(stimuli)
    maps = _pictures(root, stimuli, "_fixMap") if use_density else None
    if observers:
        trials = _gaze_trials(reading.sub_folder(root, "DATA", NAME), stimuli)
    else:
        masks = _pictures(root, stimuli, "_fixPts")
        trials = reading.mask_trials(masks, sizes, NAME, MASK_THRESHOLD)
    return reading.build_dataset(
        NAME, stimuli, sizes, trials, densities=maps, published=PUBLISHED,
        edition="MIT1003 2009" + (" eye data" if observers else ""),
        pixels_per_dva=pixels_per_dva)


def _pictures(root, stimuli, ending) -> list:
    """The file <name><ending> of each stimulus; the archive holds a stray ...1010764fixPts.jpg."""
    folder = reading.sub_folder(root, "ALLFIXATIONMAPS", NAME)
    found = {path.stem[:-len(ending)]: path for path in list_files(folder)
             if path.stem.endswith(ending)}
    paths = reading.match_by_stem(stimuli, [f"{name}.jpg" for name in found],
                                  f"{ending[1:]} picture in {folder}")
    return [found[name] for name in reading.stems(paths)]


def _gaze_trials(folder, stimuli):
    people = reading.list_folders(folder)
    require(people, f"{NAME}: no folders of observers in {folder}")
    files = [(i, k, person / f"{stimulus.stem}.mat") for i, stimulus in enumerate(stimuli)
             for k, person in enumerate(people)]
    missing = [path for *_, path in files if not path.is_file()]
    require(not missing, f"{NAME}: no eye data {list_some(missing)}")
    for i, observer, path in reading.progress(files, "MIT1003 eye data"):
        points, durations = find_fixations(_gaze(path))
        yield reading.Trial(i, points[1:], observer, durations[1:])


def _gaze(path):
    """float64 [n, 2]: the samples of one trial."""
    where = f"{NAME}: {path}"
    record = matlab.structs(matlab.load_mat(path, NAME))
    require(len(record) == 1, f"{where}: one struct expected, not {len(record)}")
    data = matlab.structs(matlab.field(record[0], "DATA", where))
    require(data, f"{where}: DATA is empty")
    return matlab.matrix(matlab.field(data[0], "eyeData", where), 2, where)


def find_fixations(gaze: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return points float64 [m, 2] and durations float64 [m] (ms) of the fixations in a trial.

    A saccade begins where gaze, [n, 2] (x, y) at 240 Hz, accelerates and ends where it has
    decelerated. The samples between two saccades are a fixation, placed at their median without
    NaN. Rule and constants are those of `checkFixations.m` (B. Hidalgo-Sotelo) in the DatabaseCode
    of Judd et al. (2009).
    """
    gaze = np.asarray(gaze, np.float64).reshape(-1, 2)
    if len(gaze) == 0:
        return np.zeros((0, 2)), np.zeros(0)
    saccades = _saccades(gaze)
    starts = [0] + [last + 1 for _, last in saccades]
    stops = [first for first, _ in saccades] + [len(gaze)]
    spans = [(a, b) for a, b in zip(starts, stops) if a < b]
    with warnings.catch_warnings():  # a fixation of NaN alone stays NaN and is left out later
        warnings.simplefilter("ignore", RuntimeWarning)
        points = np.array([np.nanmedian(gaze[a:b], axis=0) for a, b in spans])
    durations = np.array([1000.0 * (b - a) / SAMPLES_PER_SECOND for a, b in spans])
    return points, durations


def _acceleration(gaze) -> np.ndarray:
    """[n] change of the smoothed speed between two overlapping windows, in pixels per second."""
    padded = np.concatenate([np.zeros(WINDOW), np.hypot(*np.diff(gaze, axis=0).T)])
    smooth = np.convolve(padded, np.full(WINDOW, 1.0 / WINDOW), mode="valid")
    change = np.zeros(len(gaze))
    last = len(gaze) - WINDOW - 1
    # The sums over the two windows of 5 samples differ by what enters and what leaves.
    if last > 1:
        change[1:last] = (smooth[WINDOW + 2:] - smooth[1:last]) * SAMPLES_PER_SECOND / WINDOW
    return change


def _saccades(gaze) -> list:
    """(first sample, last sample) of each saccade."""
    acceleration = _acceleration(gaze)
    runs = [(a, b) for a, b in _runs(acceleration > SACCADE_ACCELERATION) if b - a >= 2]
    merged = []
    for first, last in runs:
        end = _braking(acceleration, last)
        if end is None and len(runs) == 1 and last == np.flatnonzero(acceleration)[-1]:
            end = len(gaze) - 1  # the trial ended during the saccade
        if end is not None:
            if merged and first - merged[-1][1] <= SHORTEST_FIXATION:
                first, _ = merged.pop()
            merged.append((first, end))
    if merged and len(gaze) - 1 - merged[-1][1] <= SHORTEST_FIXATION:
        merged[-1] = (merged[-1][0], len(gaze) - 1)
    return merged


def _braking(acceleration, last):
    """The last sample of the first deceleration after `last`, or None within `SEARCH` samples."""
    for end in range(last + 1, last + 1 + SEARCH):
        if end > last + 1 and end + 2 >= len(acceleration):
            return None
        if (acceleration[end] < -SACCADE_ACCELERATION
                and not acceleration[end + 1] < -SACCADE_ACCELERATION):
            return end
    return None


def _runs(mask) -> list:
    """(first, last) index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(803, 200),
    citation="Judd, Ehinger, Durand and Torralba (2009), Learning to predict where humans "
             "look, ICCV")
