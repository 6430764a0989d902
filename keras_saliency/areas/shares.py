"""Shares of the attention to a picture that its areas get."""
from dataclasses import dataclass
from typing import Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.areas.masks import area_masks
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.files import InputError


@dataclass(frozen=True)
class AttentionShare:
    """Shares of A areas of one picture; `sum(share) - repeated + rest` is 1.

    Attributes:
        names: of the areas, in the order of all arrays.
        share: float64 [A], share of the density in the area, 0..1.
        size: float64 [A], share of the picture's pixels in the area, 0..1.
        ratio: float64 [A], share / size: the mean density of the area over that of the picture; 1
            for a uniform density.
        rank: int64 [A], 1 for the largest share; areas of equal share have the better rank.
        overlap: float64 [A], the part of `share` that lies in another area as well.
        rest, rest_size: share and size of the picture outside all areas.
        repeated: the share that `sum(share)` counts more than once, 0 where no areas overlap.
        fixated: float64 [A, 3], measured share of the fixations with the ends of its 95 % interval;
            None without fixations.
    """

    names: tuple
    share: np.ndarray
    size: np.ndarray
    ratio: np.ndarray
    rank: np.ndarray
    overlap: np.ndarray
    rest: float
    rest_size: float
    repeated: float
    fixated: Optional[np.ndarray] = None


def attention_share(density: ArrayLike, areas: Union[dict, ArrayLike],
                    fixations: Optional[ArrayLike] = None, observers: Optional[Sequence] = None,
                    seed: int = 0) -> AttentionShare:
    """Return the share of attention that each area gets from a predicted or measured density.

    Where areas overlap, each has the whole share of its own pixels. `overlap`, `repeated` and
    `rest` tell how the shares add up.

    Args:
        density: [H, W], 0 or more, of any positive sum: a model's density (that of
            `msi_net_density`, or of a model that `ks.calibrate` made), or a fixation_density_map.
        areas: {name: box, polygon or mask}, or labels [H, W]; see `area_masks`.
        fixations: [F, 2] (x, y) pixels of the same picture; those outside it are left out.
        observers: [F], the observer of each fixation. The measured share is then the mean of the
            observers' shares, and its percentile bootstrap interval is over observers. Without
            observers, or with one, the interval is over fixations.
        seed: of the bootstrap.

    Raises:
        InputError: a density that is negative, not finite or 0 everywhere; no fixation inside the
            picture; another number of observers than fixations; bad areas, see `area_masks`.
    """
    density = np.asarray(density, np.float64)
    if density.ndim != 2 or not np.isfinite(density).all() or (density < 0).any() or not (
            density.any()):
        raise InputError("attention shares need a density [H, W] that is finite, 0 or more and "
                         "not 0 everywhere; ks.calibrate turns a model's maps into densities")
    masks = area_masks(areas, density.shape)
    stack = np.stack(list(masks.values()))
    density = density / density.sum()
    times = stack.sum(axis=0)
    share, size = _inside(stack, density), stack.mean(axis=(1, 2))
    rest = float(density[times == 0].sum())
    return AttentionShare(
        tuple(masks), share, size, share / size,
        1 + np.searchsorted(np.sort(-share), -share),
        _inside(stack, np.where(times > 1, density, 0)), rest, float((times == 0).mean()),
        float((density * np.maximum(times - 1, 0)).sum()),
        None if fixations is None else _fixated(stack, fixations, observers, seed))


def _inside(stack, density) -> np.ndarray:
    """float64 [A]: the sum of a density over each mask of bool [A, H, W]."""
    return np.array([density[mask].sum() for mask in stack])


def _fixated(stack, fixations, observers, seed) -> np.ndarray:
    """float64 [A, 3]: measured share, low and high end of its interval."""
    points = np.asarray(fixations, np.float64).reshape(-1, 2)
    height, width = stack.shape[1:]
    with np.errstate(invalid="ignore"):  # NaN compares false: outside
        kept = ((points >= 0) & (points < (width, height))).all(axis=1)
    if not kept.any():
        raise InputError("no fixation lies inside the picture")
    x, y = points[kept].astype(np.int64).T
    hits = stack[:, y, x].T.astype(np.float64)
    if observers is not None:
        observers = np.asarray(observers).ravel()
        if len(observers) != len(points):
            raise InputError(f"{len(observers)} observers of {len(points)} fixations")
        who = np.unique(observers[kept], return_inverse=True)[1]
        if who.max() > 0:
            of_each = np.stack([np.bincount(who, hit) for hit in hits.T], axis=1)
            hits = of_each / np.bincount(who)[:, np.newaxis]
    return np.column_stack([hits.mean(axis=0), bootstrap_intervals(hits, seed=seed)])
