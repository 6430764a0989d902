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
was. The published masks already lack it; from DATA, fixations are found by `saccades.py`.

Source: see `SPEC`; http://people.csail.mit.edu/tjudd/WherePeopleLook
"""
from keras_saliency.datasets import matlab, reading
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.datasets.saccades import find_fixations
from keras_saliency.files import AnyPath, list_some

NAME, PUBLISHED = "mit1003", 1003
# The masks are JPEG files: a fixated pixel is near 255, its neighbours near 0.
MASK_THRESHOLD = 127


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
    found = {path.stem[:-len(ending)]: path for path in reading.list_files(folder)
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


SPEC = DatasetSpec(
    load, canvas=(360, 360), split=(803, 200),
    citation="Judd, Ehinger, Durand and Torralba (2009), Learning to predict where humans "
             "look, ICCV")
