"""Areas of a picture as masks: boxes, polygons, labelled pixels."""
from typing import Sequence, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import InputError


def area_masks(areas: Union[dict, ArrayLike], size: Tuple[int, int]) -> dict[str, np.ndarray]:
    """Return {name: bool [H, W]} of areas, each with at least one pixel.

    A pixel belongs to a box or polygon if its center (half a pixel right of and below its corner)
    lies inside. Pixels along a shared edge belong to exactly one of the two areas, so areas that
    tile a picture have each pixel once. Parts outside the picture are left out.

    Args:
        areas: {name: area}, or a sequence of areas, which get the names "1", "2" ...; or integers
            [H, W], where each label above 0 is an area, named by the label. An area is a box
            (left, top, right, bottom), a polygon [n, 2] of (x, y), filled by the even-odd rule
            where it crosses itself, or a mask, bool [H, W]; pixels, origin top left.
        size: (H, W) of the picture.

    Raises:
        InputError: an area of another kind or without a pixel inside the picture; no areas.
    """
    size = tuple(int(length) for length in size)
    if isinstance(areas, np.ndarray) and areas.ndim == 2 and areas.shape == size:
        areas = _labelled(areas)
    elif not isinstance(areas, dict):
        areas = {str(number): area for number, area in enumerate(areas, 1)}
    if not areas:
        raise InputError("no areas")
    return {name: _mask(area, size, f"area {name!r}") for name, area in areas.items()}


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


def box_corners(box: Sequence[float]) -> np.ndarray:
    """float64 [4, 2]: the polygon of a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def _labelled(labels) -> dict:
    """{label: mask} of the labels above 0."""
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels of areas are integers [H, W], not {labels.dtype}")
    return {str(label): labels == label for label in np.unique(labels) if label > 0}


def _mask(area, size, name) -> np.ndarray:
    area = np.asarray(area)
    if area.dtype == bool:
        if area.shape != size:
            raise InputError(f"{name}: its mask is {list(area.shape)}, the picture {list(size)}")
        mask = area
    else:
        mask = polygon_mask(_corners(area, name), size)
    if not mask.any():
        raise InputError(f"{name} has no pixel inside the picture of {size[0]}x{size[1]} "
                         "(height x width)")
    return mask


def _corners(area, name) -> np.ndarray:
    """The corners of a box or polygon."""
    try:
        area = area.astype(np.float64)
    except (TypeError, ValueError):
        area = np.empty(0)
    if area.shape == (4,):
        left, top, right, bottom = area
        if not (left < right and top < bottom):
            raise InputError(f"{name}: a box is left, top, right, bottom with left < right and "
                             f"top < bottom, not {area.tolist()}")
        area = box_corners(area)
    if area.ndim != 2 or area.shape[1] != 2 or len(area) < 3 or not np.isfinite(area).all():
        raise InputError(f"{name} is neither a box (left, top, right, bottom) nor a polygon of "
                         "three or more corners (x, y) nor a mask, bool [H, W]")
    return area
