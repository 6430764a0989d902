"""Predictions for the stimuli of a dataset, in its order: iterables for `score_predictions`."""
from pathlib import Path
from typing import Iterator, Union

import cv2
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.densities import uniform
from keras_saliency.evaluation.gold_standard import fit_gold_standard
from keras_saliency.evaluation.scoring import Scorer, Skipped
from keras_saliency.files import AnyPath, InputError, list_some, require
from keras_saliency.files.npy import read_npy
from keras_saliency.files.picture_headers import PICTURE_TYPES
from keras_saliency.prediction.pictures import read_gray
from keras_saliency.prediction.predictor import Predictor

MAP_TYPES = (".npy", *PICTURE_TYPES)
# What programs (this one too) append to a stimulus' name.
SUFFIXES = ("", "_density", "_saliency")
SMALLEST = 8  # pixels of a side; below, rounding to whole pixels changes the shape too much


def predictions(predictor: Predictor, dataset: SaliencyDataset) -> Iterator[np.ndarray]:
    """Yield the maps of a `Predictor`, in the stimuli's own sizes."""
    load = pipeline.stimulus_loader(dataset)
    for index, name in enumerate(dataset.names):
        image = load(index).numpy()
        try:
            yield predictor.predict(image)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error


def picture_predictions(folder: AnyPath,
                        dataset: SaliencyDataset) -> Iterator[Union[np.ndarray, Skipped]]:
    """Maps that somebody stored as gray pictures (8 or 16 bits) or .npy arrays, by file name.

    A stimulus `name.jpg` has its map in `name.*`, `name_density.*` or `name_saliency.*`, also in
    a sub-folder where the stimulus' name has one; an array is preferred to a picture. A map of
    another size but the same shape is resized (bilinear), unless it has less than 8 pixels a
    side; stimuli without a usable map are `Skipped`.
    """
    folder = Path(folder).expanduser()
    require(folder.is_dir(), f"{folder}: no such folder of saliency maps")
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MAP_TYPES):
        found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), []).append(path)
    files = {}
    for name in dataset.names:
        stem = _stem(name)
        paths = [path for suffix in SUFFIXES for path in found.get(stem + suffix, [])]
        paths = [path for path in paths if path.suffix.lower() == ".npy"] or paths
        require(len(paths) < 2,
                f"{folder}: more than one map of {name}: {list_some(paths)}; keep one")
        files[name] = paths[0] if paths else None
    require(any(files.values()),
            f"{folder}: no map of any stimulus of {dataset.name}, for instance "
            f"{_stem(dataset.names[0])}.png; it holds {list_some(sorted(found)) or 'no pictures'}")
    return (_read_map(files[name], size) for name, size in zip(dataset.names, dataset.sizes))


def _stem(name: str) -> str:
    """A stimulus' name without the ending of a picture, if it has one."""
    path = Path(name)
    return (path.with_suffix("") if path.suffix.lower() in PICTURE_TYPES else path).as_posix()


def _read_map(path, size):
    """float32 [H, W] in the size of the stimulus, or `Skipped`."""
    if path is None:
        return Skipped("no map in the folder")
    try:
        read = read_npy if path.suffix.lower() == ".npy" else read_gray
        return _fitted(read(path), size)
    except InputError as error:
        return Skipped(f"{path.name}: {str(error).removeprefix(f'{path}: ')}")


def _fitted(values, size) -> np.ndarray:
    """A map as float32 in the size (H, W) of its stimulus; `InputError` for anything else."""
    with np.errstate(over="ignore"):
        values, (height, width) = values.astype(np.float32), (int(s) for s in size)
    require(values.ndim == 2 and np.isfinite(values).all(),
            "not a map [H, W] of finite numbers that float32 can hold")
    rows, columns = values.shape
    if (rows, columns) == (height, width):
        return values
    # as whole pixels allow where a map of the stimulus' size was made smaller
    same_shape = abs(rows * width - columns * height) <= max(height, width)
    require(same_shape and min(rows, columns) >= min(SMALLEST, height, width),
            f"{rows}x{columns} is not the shape of the stimulus, {height}x{width}"
            + (f", or has less than {SMALLEST} pixels a side" if same_shape else ""))
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)


def _everywhere(center, scorer: Scorer):
    return (center(scorer.dataset, index) for index in range(len(scorer.dataset)))


def _gold_standard(scorer: Scorer):
    """Rows of scores: each observer is scored against the others' map, then averaged."""
    gold = fit_gold_standard(scorer.training, center=scorer.center)
    for index in range(len(scorer.dataset)):
        shared = {name: reference for name, reference in scorer.references(index).items()
                  if name not in ("fixation_map", "fixation_density_map")}
        yield gold.score(scorer.dataset, index, scorer.metrics, shared, density_sigma=scorer.sigma)


# scorer -> predictions; what they are fitted to is the scorer's training set.
BASELINES = {
    "uniform": lambda scorer: map(uniform, scorer.dataset.sizes),
    "center_bias": lambda scorer: _everywhere(scorer.center, scorer),
    "center_bias_histogram": lambda scorer: _everywhere(
        center_bias(scorer.training, method="histogram"), scorer),
    "gold_standard": _gold_standard,
}
