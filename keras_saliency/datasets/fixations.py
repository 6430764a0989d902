"""Fixations of a whole dataset, and the maps made from them.

A fixation is ``(x, y)`` in pixels, origin top left; it counts for the pixel ``[int(y), int(x)]``.
The container is flat, one row per fixation, and sorted by image: a stimulus is a slice.
"""
from dataclasses import dataclass, replace
from typing import Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import InputError, list_some, require


@dataclass(frozen=True)
class Fixations:
    """All F fixations on N stimuli, sorted by image; `Fixations.build` checks and cleans them."""

    x: np.ndarray         # float64 [F], pixels from the left edge of the stimulus
    y: np.ndarray         # float64 [F], pixels from its top edge
    image: np.ndarray     # int32 [F], index of the stimulus, ascending
    observer: np.ndarray  # int32 [F], index of the observer; -1 where the source does not say
    duration: np.ndarray  # float32 [F], milliseconds; NaN where the source does not say
    sizes: np.ndarray     # int32 [N, 2], (height, width) of each stimulus in pixels
    dropped: np.ndarray   # int32 [N], fixations that lay outside of each stimulus and were left out
    blank: np.ndarray     # int32 [N], those of `dropped` that had no coordinates (NaN: a blink)

    @classmethod
    def build(cls, x: ArrayLike, y: ArrayLike, image: ArrayLike, sizes: ArrayLike,
              observer: Optional[ArrayLike] = None,
              duration: Optional[ArrayLike] = None) -> "Fixations":
        """Sort fixations by image; count and leave out those outside their stimulus, and NaN.

        `image` [F] are indices into `sizes` [N, 2] (H, W); units are those of the attributes.
        """
        sizes = np.asarray(sizes, np.int32).reshape(-1, 2)
        observer = np.full(np.size(x), -1) if observer is None else observer
        duration = np.full(np.size(x), np.nan) if duration is None else duration
        arrays = {name: np.asarray(values, dtype).ravel() for name, values, dtype in (
            ("x", x, np.float64), ("y", y, np.float64), ("image", image, np.int32),
            ("observer", observer, np.int32), ("duration", duration, np.float32))}
        x, y, image, observer, duration = arrays.values()
        lengths = {name: len(array) for name, array in arrays.items()}
        require(len(set(lengths.values())) == 1, f"fixation arrays differ in length: {lengths}")
        if len(image) and (image.min() < 0 or image.max() >= len(sizes)):
            raise InputError(
                f"image index {image.min()}..{image.max()} outside the {len(sizes)} stimuli")
        if (duration < 0).any():
            wrong = np.flatnonzero(duration < 0)[0]
            raise InputError(f"a fixation of observer {observer[wrong]} on stimulus {image[wrong]} "
                             f"(both from 0) has a duration of {duration[wrong]:g} milliseconds")
        height, width = sizes[image, 0], sizes[image, 1]
        with np.errstate(invalid="ignore"):  # NaN coordinates compare false: outside
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
        dropped, blank = (np.bincount(image[rows], minlength=len(sizes)).astype(np.int32)
                          for rows in (~inside, np.isnan(x) | np.isnan(y)))
        keep = np.flatnonzero(inside)
        keep = keep[np.argsort(image[keep], kind="stable")]
        return cls(x[keep], y[keep], image[keep], observer[keep], duration[keep], sizes, dropped,
                   blank)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def offsets(self) -> np.ndarray:
        """int64 [N + 1]: the fixations of image i are rows ``offsets[i]:offsets[i + 1]``."""
        return np.searchsorted(self.image, np.arange(len(self.sizes) + 1))

    def rows(self, index: int) -> slice:
        """Return the rows of stimulus `index`."""
        return slice(*(int(row) for row in np.searchsorted(self.image, [index, index + 1])))

    def of(self, index: int) -> np.ndarray:
        """Return the (x, y) of stimulus `index`, float64 [n, 2]."""
        rows = self.rows(index)
        return np.stack([self.x[rows], self.y[rows]], axis=1)

    def select(self, images: ArrayLike) -> "Fixations":
        """Return the fixations of the given stimuli, renumbered in the order given."""
        images = np.asarray(images, np.int64).ravel()
        offsets = self.offsets
        counts = offsets[images + 1] - offsets[images]
        rows = np.concatenate([np.zeros(0, np.int64),
                               *(np.arange(offsets[i], offsets[i + 1]) for i in images)])
        return Fixations(
            self.x[rows], self.y[rows],
            np.repeat(np.arange(len(images)), counts).astype(np.int32),
            self.observer[rows], self.duration[rows], self.sizes[images], self.dropped[images],
            self.blank[images])

    def where(self, mask: ArrayLike) -> "Fixations":
        """Return the fixations with `mask` [F] true; the stimuli stay as they are."""
        mask = np.asarray(mask, bool)
        return replace(self, x=self.x[mask], y=self.y[mask], image=self.image[mask],
                       observer=self.observer[mask], duration=self.duration[mask])

    def fixation_map(self, index: int) -> np.ndarray:
        """Count the fixations at each pixel of stimulus `index`, int32 [H, W]."""
        return fixation_map(self.of(index), self.sizes[index])

    def other_map(self, index: int, others: Optional[int] = None,
                  seed: Union[int, Sequence[int]] = 0) -> np.ndarray:
        """Count the fixations on other stimuli at each pixel of stimulus `index`, int32 [H, W].

        Those on stimuli of another size keep their place relative to height and width.

        Args:
            others: None for all, or the number of stimuli with fixations to draw for this one
                (Borji et al. 2013 take 10). seed: of the draw, for `numpy.random.default_rng`.
        """
        used = self.image != index
        if others is not None:
            pool = np.unique(self.image[used])
            rng = np.random.default_rng(seed)
            used = np.isin(self.image, rng.choice(pool, min(others, len(pool)), replace=False))
        size = self.sizes[index]
        scale = size / self.sizes[self.image[used]]
        points = np.stack([self.x[used] * scale[:, 1], self.y[used] * scale[:, 0]], axis=1)
        # x < W, but x / W * W' may round up to W'
        points = np.minimum(points, np.nextafter(size[::-1].astype(np.float64), 0))
        return fixation_map(points, size)

    def density_map(self, index: int, sigma: float) -> np.ndarray:
        """Blur `fixation_map` by a Gaussian of `sigma` pixels; float32 [H, W], sums to 1."""
        return density_map(self.of(index), self.sizes[index], sigma)


def fixation_map(points: ArrayLike, size: Sequence[int]) -> np.ndarray:
    """Count points [n, 2] (x, y), all inside `size` (H, W), at each pixel; int32 [H, W]."""
    points = np.asarray(points, np.float64).reshape(-1, 2)
    height, width = (int(s) for s in size)
    pixels = points[:, 1].astype(np.int64) * width + points[:, 0].astype(np.int64)
    counts = np.bincount(pixels, minlength=height * width)
    return counts.astype(np.int32).reshape(height, width)


def density_map(points: ArrayLike, size: Sequence[int], sigma: float) -> np.ndarray:
    """Return the density float32 [H, W] of points [n, 2] (x, y); sums to 1, zeros without points.

    The Gaussian is not cut off, so the blurred map is the matrix product of the fixations' row
    profiles and column profiles. Mass outside the stimulus is lost before the normalisation.
    """
    points = np.asarray(points, np.float64).reshape(-1, 2)
    height, width = (int(s) for s in size)
    if len(points) == 0:
        return np.zeros((height, width), np.float32)
    require(sigma > 0, f"sigma must be above 0 pixels, not {sigma}")
    import tensorflow as tf  # here: fixations are read without it

    rows, columns = (gaussians(length, centers, sigma).astype(np.float32)
                     for length, centers in ((height, points[:, 1]), (width, points[:, 0])))
    # NumPy's product depends on the number of threads, in the last digit
    density = tf.matmul(rows, columns, transpose_b=True).numpy()
    return density / density.sum(dtype=np.float64).astype(np.float32)


def gaussians(length: int, centers: np.ndarray, sigma: float) -> np.ndarray:
    """Return a Gaussian around the pixel of each of n centers, float64 [length, n]."""
    distance = np.arange(length)[:, None] - np.floor(centers)[None, :]
    return np.exp(-0.5 * (distance / sigma) ** 2)


def describe_dropped(fixations: Optional[Fixations], names: Sequence[str]) -> str:
    """Return a sentence on the fixations left out, naming up to five stimuli; "" if none."""
    if fixations is None:
        return ""
    parts = []
    for counts, what in ((fixations.dropped - fixations.blank, "outside their image"),
                         (fixations.blank, "without coordinates (blank or NaN)")):
        if counts.any():
            where = [f"{names[i]} ({counts[i]})" for i in np.flatnonzero(counts)]
            parts.append(f"{int(counts.sum())} fixations {what} were left out: {list_some(where)}")
    return "; ".join(parts)
