"""Areas of a picture as masks (boxes, polygons, labelled pixels), and their shares of attention."""
from dataclasses import dataclass
from typing import Iterator, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.datasets.coordinates import check_points, to_pixels
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.files import require


@dataclass(frozen=True)
class AttentionShare:
    """Shares of A areas of one picture; `sum(share) - repeated + rest` is 1.

    Attributes:
        names: of the areas, in the order of all arrays.
        share, size: float64 [A], share of the density and of the pixels in the area, 0..1.
        ratio: float64 [A], share / size; 1 for a uniform density.
        rank: int64 [A], 1 for the largest share; areas of equal share have the better rank.
        overlap: float64 [A], the part of `share` that lies in another area as well.
        rest, rest_size: share and size of the picture outside all areas.
        repeated: the share that `sum(share)` counts more than once, 0 where no areas overlap.
        fixated: float64 [A, 3], measured share of the fixations with the ends of its 95 % interval.
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
                    seed: int = 0, coordinates: Optional[str] = None) -> AttentionShare:
    """Return each area's share of attention by a predicted or measured density.

    Where areas overlap, each has the whole share of its own pixels. `overlap`, `repeated` and
    `rest` tell how the shares add up.

    Args:
        density: [H, W], 0 or more, of any positive sum: a model's density (that of
            `msi_net_density`, or of a model that `ks.calibrate` made), or a fixation_density_map.
        areas: as for `area_masks`.
        fixations: [F, 2] (x, y) pixels of the same picture; NaN and those outside it are left out.
        observers: [F], the observer of each fixation. The measured share is then the mean of
            theirs, and its bootstrap interval (percentiles) is over observers; without observers,
            or with one, it is over fixations. seed: of the bootstrap.
        coordinates: of the fixations, see `datasets.coordinates`; None for pixels from the top
            left corner, refused if they cannot be that.

    Raises:
        InputError: a density that is negative, not finite or 0 everywhere; fixations of another
            shape, or none inside the picture; another number of observers than fixations; bad
            areas, see `area_masks`.
    """
    density = np.asarray(density, np.float64)
    require(density.ndim == 2 and np.isfinite(density).all() and (density >= 0).all()
            and density.any(),
            "attention shares need a density [H, W] that is finite, 0 or more and not 0 "
            "everywhere; ks.calibrate turns a model's maps into densities")
    if fixations is not None:
        fixations = np.stack(to_pixels(*check_points(fixations).T, density.shape, coordinates),
                             axis=1)
    masks = areas if isinstance(areas, Masks) else Masks(areas, density.shape)
    density = density / density.sum()
    times = np.zeros(density.shape, np.int64)
    for mask in masks.values():
        times += mask
    share, size = _inside(masks, density), np.array([mask.mean() for mask in masks.values()])
    return AttentionShare(
        tuple(masks), share, size, share / size, 1 + np.searchsorted(np.sort(-share), -share),
        _inside(masks, np.where(times > 1, density, 0)), float(density[times == 0].sum()),
        float((times == 0).mean()), float((density * np.maximum(times - 1, 0)).sum()),
        None if fixations is None else _fixated(masks, fixations, observers, seed))


class Masks(Mapping):
    """{name: bool [H, W]} of `area_masks` that keeps a bit for each pixel; see there."""

    def __init__(self, areas: Union[dict, ArrayLike], size: Tuple[int, int]):
        self.size = tuple(int(length) for length in size)
        if isinstance(areas, np.ndarray) and areas.ndim == 2 and areas.shape == self.size:
            require(np.issubdtype(areas.dtype, np.integer),
                    f"labels of areas are integers [H, W], not {areas.dtype}")
            named = ((str(label), areas == label) for label in np.unique(areas) if label > 0)
        elif isinstance(areas, dict):
            named = areas.items()
        else:
            named = ((str(number), area) for number, area in enumerate(areas, 1))
        self._bits = {name: np.packbits(_mask(area, self.size, f"area {name!r}"))
                      for name, area in named}
        require(self._bits, "no areas")

    def __getitem__(self, name: str) -> np.ndarray:
        bits = np.unpackbits(self._bits[name], count=self.size[0] * self.size[1])
        return bits.view(bool).reshape(self.size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bits)

    def __len__(self) -> int:
        return len(self._bits)


def area_masks(areas: Union[dict, ArrayLike], size: Tuple[int, int]) -> dict[str, np.ndarray]:
    """Return {name: bool [H, W]} of areas in a picture of `size`, each with at least one pixel.

    A pixel belongs to a box or polygon if its center (half a pixel right of and below its corner)
    lies inside. Pixels along a shared edge belong to exactly one of the two areas, so areas that
    tile a picture have each pixel once. Parts outside the picture are left out.

    Args:
        areas: {name: area}, or a sequence of areas, which get the names "1", "2" ...; or integers
            [H, W], where each label above 0 is an area, named by the label. An area is a box
            (left, top, right, bottom), a polygon [n, 2] of (x, y), filled by the even-odd rule
            where it crosses itself, or a mask, bool [H, W]; pixels, origin top left.

    Raises:
        InputError: an area of another kind or without a pixel inside the picture; no areas.
    """
    return dict(Masks(areas, size))


def polygon_mask(corners: ArrayLike, size: Tuple[int, int]) -> np.ndarray:
    """bool [H, W]: the pixels whose centers lie inside a polygon [n, 2] of (x, y) in pixels."""
    height, width = size
    centers = np.arange(height) + 0.5
    flips = np.zeros((height, width + 1), bool)
    corners = np.asarray(corners, np.float64)
    for edge in zip(corners, np.roll(corners, -1, axis=0)):
        # from the top, so that two polygons with a common edge cross it at the same numbers
        (x, y), (end_x, end_y) = sorted(edge, key=lambda corner: corner[1])
        rows = np.flatnonzero((y <= centers) & (centers < end_y))
        crossing = x + (centers[rows] - y) * ((end_x - x) / (end_y - y or 1))
        first = np.ceil(np.clip(crossing - 0.5, 0, width)).astype(int)
        flips[rows, first] ^= True
    return np.logical_xor.accumulate(flips, axis=1)[:, :width]


def _mask(area, size, name) -> np.ndarray:
    try:
        area = np.asarray(area)
    except (ValueError, OverflowError, RecursionError):  # corners of several lengths, or deep lists
        area = np.empty(0)
    if area.dtype == bool:
        require(area.shape == size,
                f"{name}: its mask is {list(area.shape)}, the picture {list(size)}")
        mask = area
    else:
        mask = polygon_mask(_corners(area, name), size)
    require(mask.any(), f"{name} has no pixel inside the picture of {size[0]}x{size[1]} "
                        "(height x width)")
    return mask


def _corners(area, name) -> np.ndarray:
    """The corners of a box or polygon."""
    try:
        area = area.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        area = np.empty(0)
    if area.shape == (4,):
        left, top, right, bottom = area
        require(left < right and top < bottom,
                f"{name}: a box is left, top, right, bottom with left < right and top < bottom, "
                f"not {area.tolist()}")
        area = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    require(area.ndim == 2 and area.shape[1] == 2 and len(area) > 2 and np.isfinite(area).all(),
            f"{name} is neither a box (left, top, right, bottom) nor a polygon of three or more "
            "corners (x, y) nor a mask, bool [H, W]")
    return area


def _inside(masks, density) -> np.ndarray:
    """float64 [A]: the sum of a density over each mask."""
    return np.array([density[mask].sum() for mask in masks.values()])


def _fixated(masks, points, observers, seed) -> np.ndarray:
    """float64 [A, 3]: measured share, low and high end of its interval."""
    height, width = masks.size
    with np.errstate(invalid="ignore"):  # NaN compares false: outside
        kept = ((points >= 0) & (points < (width, height))).all(axis=1)
    require(kept.any(), "no fixation lies inside the picture")
    x, y = points[kept].astype(np.int64).T
    hits = np.stack([mask[y, x] for mask in masks.values()], axis=1).astype(np.float64)
    if observers is not None:
        observers = np.asarray(observers).ravel()
        require(len(observers) == len(points),
                f"{len(observers)} observers of {len(points)} fixations")
        who = np.unique(observers[kept], return_inverse=True)[1]
        if who.max() > 0:
            of_each = np.stack([np.bincount(who, hit) for hit in hits.T], axis=1)
            hits = of_each / np.bincount(who)[:, np.newaxis]
    return np.column_stack([hits.mean(axis=0), bootstrap_intervals(hits, seed=seed)])
