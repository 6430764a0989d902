"""Maps that somebody stored, as predictions for the stimuli of a dataset.

A file does not say what its numbers mean. Logarithms are not scored as if they were saliency, and
pictures that lost part of a map, or hold more than a map, are named.
"""
from pathlib import Path
from typing import Iterator, Optional, Union

import cv2
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.evaluation.densities import Density
from keras_saliency.evaluation.scoring import Skipped
from keras_saliency.files import AnyPath, InputError, list_some, require, warn
from keras_saliency.files.npy import read_npy
from keras_saliency.files.picture_headers import PICTURE_TYPES
from keras_saliency.prediction.pictures import read_map

SALIENCY, DENSITY, LOG_DENSITY = MEANINGS = ("saliency", "density", "log_density")
MAP_TYPES = (".npy", *PICTURE_TYPES)
# What programs (this one too) append to a stimulus' name.
SUFFIXES = ("", "_density", "_saliency")
SMALLEST = 8  # pixels of a side; below, rounding to whole pixels changes the shape too much
NORMALISED = 0.01  # how far rounding may move the sum of a density's values from 1
BASES = {"nats": 1.0, "bits": np.log(2), "base 10": np.log(10)}
ROUNDED = 0.01  # share of pixels that are 0 in 8 bits, from which it is said
DETAIL, BLENDED = 2.0, 0.95  # pixels (sigma) of a picture's detail; correlation of a copy of it


def picture_predictions(folder: AnyPath, dataset: SaliencyDataset, meaning: Optional[str] = None
                        ) -> Iterator[Union[np.ndarray, Density, Skipped]]:
    """Maps that somebody stored as gray pictures (8 or 16 bits) or .npy arrays, by file name.

    A stimulus `name.jpg` has its map in `name.*`, `name_density.*` or `name_saliency.*`, also in
    a sub-folder where the stimulus' name has one; an array is preferred to a picture. A map of
    another size but the same shape is resized (bilinear), unless it has less than 8 pixels a
    side; stimuli without a usable map are `Skipped`, as those with a colored picture are.

    Args:
        meaning: "saliency", numbers of any scale; "density", above 0 and of any sum, and
            "log_density", in nats with logsumexp 0, which both become a `Density`. None is
            saliency, but skips arrays that are log-densities.

    Warns (`InputWarning`) of maps that are scored but may not be what they seem: without a value
    above 0, rounded to 8 bits, or blended with their stimuli.
    """
    require(meaning in (None, *MEANINGS),
            f"maps are {', '.join(MEANINGS[:-1])} or {MEANINGS[-1]}, not {meaning!r}")
    files = _find(Path(folder).expanduser(), dataset)
    return _read_all(files, dataset, meaning)


def _find(folder, dataset) -> list:
    """Return the path of each stimulus' map, None for those without one."""
    require(folder.is_dir(), f"{folder}: no such folder of saliency maps")
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in MAP_TYPES):
        found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), []).append(path)
    files = []
    for name in dataset.names:
        stem = _stem(name)
        paths = [path for suffix in SUFFIXES for path in found.get(stem + suffix, [])]
        paths = [path for path in paths if path.suffix.lower() == ".npy"] or paths
        require(len(paths) < 2,
                f"{folder}: more than one map of {name}: {list_some(paths)}; keep one")
        files.append(paths[0] if paths else None)
    require(any(files),
            f"{folder}: no map of any stimulus of {dataset.name}, for instance "
            f"{_stem(dataset.names[0])}.png; it holds {list_some(sorted(found)) or 'no pictures'}")
    return files


def _stem(name: str) -> str:
    """A stimulus' name without the ending of a picture, if it has one."""
    path = Path(name)
    return (path.with_suffix("") if path.suffix.lower() in PICTURE_TYPES else path).as_posix()


def _read_all(files, dataset, meaning):
    stimulus = pipeline.stimulus_loader(dataset)
    maps, negative, rounded, blended = 0, 0, [], []
    for index, path in enumerate(files):
        try:
            require(path is not None, "no map in the folder")
            values = _read(path)
            prediction = _prediction(values, meaning, dataset.sizes[index])
        except InputError as error:
            text = str(error).removeprefix(f"{path}: ")
            yield Skipped(text if path is None else f"{path.name}: {text}")
            continue
        maps += 1
        negative += meaning is None and values.min() < 0 and values.max() <= 0
        if path.suffix.lower() != ".npy":
            rounded.append(_lost(values))
            blended.append(copied_detail(values, stimulus(index).numpy()) > BLENDED)
        yield prediction
    _warn(maps, negative, np.array(rounded), sum(blended))


def _warn(maps, negative, rounded, blended) -> None:
    """Warn of what was seen in the maps: counts, and the share of lost pixels of each picture."""
    if negative:
        warn(f"{negative} of {maps} maps have no value above 0 and are scored as they stand; if "
             f"they are logarithms of densities, say that the maps are {LOG_DENSITY}, otherwise "
             f"that they are {SALIENCY}")
    lossy = rounded[rounded > ROUNDED]
    if len(lossy):
        warn(f"{len(lossy)} of {maps} maps are pictures of 8 bits in which {lossy.mean():.0%} of "
             "the pixels are 0: they do not hold what is below 1/510 of the peak, and kld and "
             "information_gain depend on it (nss, cc and sim hardly do); store .npy or 16 bits")
    if 2 * blended > maps:
        warn(f"{blended} of {maps} maps have the fine detail of their stimuli, as maps that were "
             "blended with the pictures have; score the maps themselves")


def _read(path) -> np.ndarray:
    """A map [H, W] of finite numbers as it is stored; `InputError` for anything else."""
    values = (read_npy if path.suffix.lower() == ".npy" else read_map)(path)
    with np.errstate(over="ignore"):
        finite = np.isfinite(values.astype(np.float32)).all()
    require(values.ndim == 2 and finite, "not a map [H, W] of finite numbers that float32 can hold")
    return values


def _prediction(values, meaning, size) -> Union[np.ndarray, Density]:
    """Return the float32 map, or the `Density`, that `values` mean, in the stimulus' size."""
    if meaning == DENSITY:
        require(values.size and values.min() > 0, f"{np.mean(values <= 0):.0%} of the pixels are "
                f"not above 0, which those of a density are; say that the maps are {SALIENCY} to "
                "score them without likelihoods")
        return _normalised(_fitted(values.astype(np.float64), size))
    if meaning == LOG_DENSITY:
        found = logarithm(values)
        require(found == "nats", "no log-density in nats: " + (
            f"its logarithms are in {found}; multiply them by {BASES[found]:.6g}" if found else
            "its exponentials do not sum to 1 or it has values of 0 and more; subtract its "
            "logsumexp"))
        return _normalised(_fitted(np.exp(values.astype(np.float64)), size))
    found = None if meaning == SALIENCY else logarithm(values)
    require(found is None, f"its exponentials ({found}) sum to 1, so it is a log-density, not a "
            f"saliency map; say that the maps are {LOG_DENSITY} (in nats), or {SALIENCY} to score "
            "the logarithms as they stand")
    return _fitted(values.astype(np.float32), size)


def logarithm(values: np.ndarray) -> Optional[str]:
    """Return the key of `BASES` in which [H, W] is a log-density, that is, sums to 1; or None."""
    if not values.size or values.max() >= 0:
        return None
    values = values.astype(np.float64)
    return next((name for name, factor in BASES.items()
                 if abs(np.exp(values * factor).sum() - 1) <= NORMALISED), None)


def copied_detail(values: np.ndarray, image: np.ndarray) -> float:
    """Return how much of a map's detail is that of the stimulus, as a correlation; 0 without any.

    Args:
        values: map [H, W] of any size. image: its stimulus, uint8 [h, w, 3] RGB.
    """
    gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), values.shape[::-1],
                      interpolation=cv2.INTER_AREA)
    ours, theirs = (plane - cv2.GaussianBlur(plane, (0, 0), DETAIL)
                    for plane in (values.astype(np.float32), gray.astype(np.float32)))
    deviations = float(ours.std()) * float(theirs.std())
    return float(np.mean(ours * theirs) / deviations) if deviations > 0 else 0.0


def _lost(values) -> float:
    """Return the share of a picture's pixels that 8 bits made 0; 0 for other types and masks."""
    if values.dtype != np.uint8 or len(np.unique(values)) <= 2:
        return 0.0
    return float(np.mean(values == 0))


def _normalised(values) -> Density:
    """Return the `Density` of a float64 map."""
    values = np.maximum(values, np.finfo(np.float64).tiny)  # exp(-800) is 0 and has no logarithm
    return Density(values / values.sum())


def _fitted(values, size) -> np.ndarray:
    """A map in the size (H, W) of its stimulus; `InputError` for one of another shape."""
    (rows, columns), (height, width) = values.shape, (int(s) for s in size)
    if (rows, columns) == (height, width):
        return values
    # as whole pixels allow where a map of the stimulus' size was made smaller
    same_shape = abs(rows * width - columns * height) <= max(height, width)
    require(same_shape and min(rows, columns) >= min(SMALLEST, height, width),
            f"{rows}x{columns} is not the shape of the stimulus, {height}x{width}"
            + (f", or has less than {SMALLEST} pixels a side" if same_shape else ""))
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR)
