"""Fixations of a user's table, brought to pixels from the top left corner of their picture.

A table does not say its unit and origin. Where the fixations cannot be such pixels they are
refused, with the likely cause; the setting `coordinates` states what they are:

    pixels      pixels from the top left corner, whatever they look like
    fractions   parts of the picture's width and height from the top left corner, 0..1
    center      pixels from the picture's center, y downwards
    center_up   pixels from the picture's center, y upwards
    bottom      pixels from the bottom left corner, y upwards

A table that is mirrored, moved a little or slightly scaled within the pictures looks like any
other, and is not found.
"""
from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets.dataset import require
from keras_saliency.files.errors import warn

COORDINATES = ("pixels", "fractions", "center", "center_up", "bottom")
MOST_OUTSIDE, FEWEST_OUTSIDE = 0.1, 3  # share of the fixations, and how many
CHANCE = 1e-3  # that fixations spread evenly over their pictures would lie where they do
MANY, STIMULI = 50, 5  # fixations and pictures whose range says something
FEWEST_BEYOND, MOST_BEYOND = 20, 0.04  # right and below, if none are left and above
FEW_SWAPPED, SWAPPED = 5, 0.02  # fixations outside that all lie inside with x and y exchanged
DATA_OPTION = "data.options={{coordinates: {}}}"


def to_pixels(x: ArrayLike, y: ArrayLike, sizes: ArrayLike, coordinates: Optional[str] = None,
              source: str = "fixations", setting: str = "coordinates={}",
              images: Optional[ArrayLike] = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the x and y of F fixations in pixels from the top left corner, float64 [F] each.

    Args:
        x, y: [F] as `coordinates` tells; NaN stays. sizes: [F, 2] or [2], (H, W) of their picture.
        coordinates: one of COORDINATES. None stands for pixels that are checked.
        source, setting: how messages call the table and the setting for `coordinates`.
        images: [F], index of the picture of each; None for one picture.

    Raises:
        DatasetError: unknown coordinates, or without any fixations that cannot be pixels from the
            top left corner.
    """
    x, y = np.asarray(x, np.float64).ravel(), np.asarray(y, np.float64).ravel()
    height, width = np.broadcast_to(np.asarray(sizes, np.float64), (len(x), 2)).T
    if coordinates is None:
        seen = ~(np.isnan(x) | np.isnan(y))
        stimuli = 1 if images is None else len(np.unique(np.asarray(images)[seen]))
        fault = _fault(x[seen], y[seen], height[seen], width[seen], stimuli, source, setting)
        require(not fault, f"{source}: {fault}. If they are pixels from the top left corner all "
                           f"the same, set {setting.format('pixels')}")
        return x, y
    require(coordinates in COORDINATES, f"{source}: coordinates are {', '.join(COORDINATES)}, not "
                                        f"{coordinates!r}")
    return {"pixels": (x, y), "fractions": (x * width, y * height),
            "center": (x + width / 2, y + height / 2),
            "center_up": (x + width / 2, height / 2 - y), "bottom": (x, height - y)}[coordinates]


def trials_in_pixels(trials: list, sizes: np.ndarray, coordinates: Optional[str], source: str,
                     setting: str = DATA_OPTION) -> list:
    """Return `reading.Trial`s with the points of `to_pixels`; `sizes` [N, 2] of the stimuli."""
    images = np.repeat([trial.image for trial in trials], [len(trial.points) for trial in trials])
    images = images.astype(np.int64)
    points = np.concatenate([np.zeros((0, 2)), *(trial.points for trial in trials)])
    points = np.stack(to_pixels(*points.T, np.asarray(sizes)[images], coordinates, source, setting,
                                images), axis=1)
    ends = np.cumsum([len(trial.points) for trial in trials])
    return [trial._replace(points=its) for trial, its in zip(trials, np.split(points, ends[:-1]))]


def _fault(x, y, height, width, stimuli, source, setting) -> str:
    """Say why fixations cannot be pixels from the top left corner; "" if they can."""
    count = len(x)
    outside = ~_inside(x, y, height, width)
    if not count:
        return ""
    size = f"pictures of up to {height.max():g}x{width.max():g} (height x width)"
    extent = f"x from {x.min():g} to {x.max():g} and y from {y.min():g} to {y.max():g}"
    if _improbable(x, y, height, width):
        if np.mean((x < 0) | (y < 0)) > MOST_OUTSIDE:
            return (f"{extent} in {size}: parts of the width and height from the center? Convert "
                    "them to pixels")
        return (f"{extent} in {size}: parts of the width and height? Then set "
                f"{setting.format('fractions')}")
    exchanged = (~_inside(y, x, height, width)).sum()
    found = outside.sum()
    if found > MOST_OUTSIDE * count and (found >= FEWEST_OUTSIDE or found == count):
        start = f"{found} of {count} fixations lie outside their picture, with {extent} in {size}"
        if np.mean((x < 0) | (y < 0)) >= found / count / 2:
            return f"{start}: {_origin(x, y, height, width, setting)}"
        if exchanged <= MOST_OUTSIDE * count:
            return f"{start}: are x and y exchanged? Then name them the other way round"
        return (f"{start}: pixels of another display size, or of pictures that were resized? Scale "
                "them to the pictures")
    if found >= max(FEW_SWAPPED, SWAPPED * count) and not exchanged and _nearer_exchanged(
            x, y, height, width):
        return (f"{found} of {count} fixations lie outside their picture, none with x and y "
                f"exchanged ({extent} in {size}): name them the other way round")
    _warn_one_sided(x, y, height, width, source)
    if count >= MANY and stimuli >= STIMULI and _in_a_corner(x / width, y / height):
        return (f"all {count} fixations on {stimuli} stimuli lie in the upper left quarter "
                f"({extent} in {size}): percent, or pixels of a smaller display? Scale them to "
                "the pictures")
    return ""


def _warn_one_sided(x, y, height, width, source) -> None:
    """Warn of some fixations right of and below the pictures, and none left of and above them."""
    beyond, before = ((x >= width) | (y >= height)).sum(), ((x < 0) | (y < 0)).sum()
    if beyond >= max(FEWEST_BEYOND, MOST_BEYOND * len(x)) and 20 * before <= beyond and (
            x >= width).any() and (y >= height).any():
        warn(f"{source}: {beyond} of {len(x)} fixations lie right of or below their "
             f"picture, {before} left of or above it: pixels of a larger display? Those "
             "outside are left out")


def _inside(x, y, height, width) -> np.ndarray:
    return (x >= 0) & (y >= 0) & (x < width) & (y < height)


def _improbable(x, y, height, width) -> bool:
    """True if nearly all fixations lie within one pixel of the corner, and none far from it."""
    within = (np.abs(x) <= 1) & (np.abs(y) <= 1)
    far = max(np.abs(x).max(), np.abs(y).max()) > 2
    chance = np.minimum(np.log(4 / (height * width)), 0).sum()
    return bool(not far and within.mean() >= 1 - MOST_OUTSIDE and chance < np.log(CHANCE))


def _origin(x, y, height, width, setting) -> str:
    """The likely origin of fixations of which many are negative."""
    moved = _inside(x + width / 2, y + height / 2, height, width).mean()
    if (x < 0).mean() <= MOST_OUTSIDE / 2:
        return "is y measured upwards, from the top edge? Give it downwards from there"
    if max(np.abs(x / width).max(), np.abs(y / height).max()) < 1 / 8:
        return "degrees or another unit, measured from the center? Convert them to pixels"
    if moved >= 1 - MOST_OUTSIDE:
        return (f"measured from the center? Then set {setting.format('center')}, or "
                f"{setting.format('center_up')} where y grows upwards")
    return "measured from another origin, such as the center of a larger display? Convert them"


def _nearer_exchanged(x, y, height, width) -> bool:
    """True if fixations lie nearer to the middle of their picture with x and y exchanged."""
    def distance(across, down):
        return np.hypot(np.mean(across / width) - 0.5, np.mean(down / height) - 0.5)

    return bool(distance(y, x) < distance(x, y))


def _in_a_corner(across, down) -> bool:
    """True if a range begins at the top left corner and ends before the middle, on both axes."""
    low, high = np.percentile([across, down], (0.5, 99.5), axis=1)
    return bool((high <= 0.5).all() and (low <= 0.4 * high).all())


def check_points(points: Any, what: str = "fixations") -> np.ndarray:
    """Return points as float64 [F, 2]; an error tells the shape of anything else."""
    try:
        array = np.asarray(points, np.float64)
    except (TypeError, ValueError):
        array = np.zeros(())
        found = "not numbers in rows of one length"
    else:
        found = f"not an array {list(array.shape)}"
    if array.size == 0 and array.ndim in (1, 2):
        return np.zeros((0, 2))
    hint = "; transpose it" if array.ndim == 2 and array.shape[0] == 2 else ""
    require(array.ndim == 2 and array.shape[1] == 2,
            f"{what} are [F, 2], one row (x, y) for each fixation, {found}{hint}")
    return array
