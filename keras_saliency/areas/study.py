"""Attention shares of areas over pictures, and between versions of a picture."""
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, Mapping, NamedTuple, Optional, Sequence

import numpy as np
from tqdm import tqdm

from keras_saliency.areas.files import REPEATED, REST, AreaFile
from keras_saliency.areas.shares import AttentionShare, Masks, attention_share
from keras_saliency.datasets.coordinates import trials_in_pixels
from keras_saliency.datasets.fixations import describe_dropped
from keras_saliency.datasets.reading import build_fixations, image_sizes, match_by_stem, read_trials
from keras_saliency.files import AnyPath, InputError, require
from keras_saliency.files.orientation import UPRIGHT
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.files.picture_pixels import WHITE
from keras_saliency.prediction.pictures import read_picture

COLUMNS = ("picture", "area", "share", "size", "ratio", "rank", "overlap", "fixated", "low", "high")
CHANGES = ("picture", "other", "area", "share", "other share", "change")


class Studied(NamedTuple):
    """A picture, uint8 [H, W, 3] RGB, its density, float32 [H, W], and {area: bool [H, W]}.

    Its name is the file name, the path where two pictures have the same file name.
    """

    name: str
    image: np.ndarray
    density: np.ndarray
    masks: Mapping
    shares: AttentionShare


def study_areas(predict: Callable[[np.ndarray], np.ndarray], pictures: Sequence[AnyPath],
                areas: AreaFile, fixations: Optional[AnyPath] = None,
                limit: int = LIMIT, coordinates: Optional[str] = None,
                background: Sequence[int] = WHITE,
                log: Callable[[str], None] = print) -> Iterator[Studied]:
    """Predict pictures and measure their areas, one at a time.

    Args:
        predict: uint8 [H, W, 3] RGB -> density [H, W] of any sum.
        fixations: a CSV file of `read_trials` with fixations on these pictures, or None.
        limit: largest number of pixels of a picture.
        coordinates: of the fixations, see `datasets.coordinates`; None for pixels that are checked.
        background: (r, g, b), 0..255, on which lies what is transparent.
        log: called with a line about fixations that were left out.
    """
    pictures = [Path(picture) for picture in pictures]
    sizes = image_sizes(pictures, limit, "make it smaller, or raise the limit", UPRIGHT)
    for picture, size in zip(pictures, sizes):  # before work is put into any
        with _named(picture):
            Masks(areas.of(picture, size), size)
    counts = Counter(picture.name for picture in pictures)
    measured = fixations and _fixations(fixations, pictures, sizes, coordinates)
    left_out = measured and describe_dropped(measured, [picture.name for picture in pictures])
    if left_out:
        log(f"{fixations}: {left_out}")
    for index, picture in enumerate(tqdm(pictures, unit="picture", desc="predicting")):
        image = read_picture(picture, limit, background)
        points = observers = None
        if measured and len(measured.of(index)):
            points = measured.of(index)
            observers = measured.observer[measured.rows(index)]
        with _named(picture):
            masks = Masks(areas.of(picture, image.shape[:2]), image.shape[:2])
            density = predict(image)
            shares = attention_share(density, masks, points, observers, coordinates="pixels")
        name = picture.name if counts[picture.name] == 1 else str(picture)
        yield Studied(name, image, density, masks, shares)


def _fixations(path, pictures, sizes, coordinates):
    """`Fixations` on the pictures, from a table that names them by their file names."""
    [(name, count)] = Counter(picture.stem for picture in pictures).most_common(1)
    require(count == 1, f"{path}: two pictures are called {name}; rename one, so that each "
                        "fixation belongs to one picture")
    trials = read_trials(path, pictures, "fixations")
    return build_fixations(
        trials_in_pixels(trials, sizes, coordinates, str(path), "coordinates={}"), sizes)


@contextmanager
def _named(picture):
    """Name the picture in errors of the block."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{picture}: {error}") from None


def paired(pictures: Sequence[Path], others: Sequence[Path]) -> list[Path]:
    """Return pictures and partners in turn; in folders these have the same name but extension."""
    if len(pictures) > 1 or len(others) > 1:
        others = match_by_stem(pictures, others, "picture to compare with")
    return [path for pair in zip(pictures, others) for path in pair]


def share_rows(studied: Studied) -> list[list]:
    """List the values of COLUMNS for each area, the largest share first; the shares add up to 1.

    Last are the rest of the picture and what overlapping areas count more than once (negative).
    """
    s = studied.shares
    measured = np.full((len(s.names), 3), np.nan) if s.fixated is None else s.fixated
    rows = [[studied.name, s.names[k], s.share[k], s.size[k], s.ratio[k], int(s.rank[k]),
             s.overlap[k], *(None if np.isnan(value) else value for value in measured[k])]
            for k in np.argsort(s.rank, kind="stable")]
    ratio = s.rest / s.rest_size if s.rest_size else None
    rows.append([studied.name, REST, s.rest, s.rest_size, ratio, *[None] * 5])
    if s.repeated:
        rows.append([studied.name, REPEATED, -s.repeated, *[None] * 7])
    return rows


def change_rows(studied: Studied, other: Studied) -> list[list]:
    """List the values of CHANGES for each area that both pictures have, the largest gain first."""
    mine, others = (dict(zip(s.shares.names, s.shares.share)) for s in (studied, other))
    common = [name for name in mine if name in others]
    require(common, f"{studied.name} and {other.name} have no area of the same name")
    rows = [[studied.name, other.name, name, mine[name], others[name], others[name] - mine[name]]
            for name in common]
    return sorted(rows, key=lambda row: -row[-1])
