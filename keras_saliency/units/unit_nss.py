"""NSS of every unit, exactly, without enlarging its activation_map.

A unit's score on an image is the NSS of its activation_map resized to the image. Resizing is
linear, so with the matrices of `interpolation` the mean at the fixations (or inside a region) is
a weighted sum over the cells of the map, and the standard deviation a quadratic form. This costs
O(h w) per unit where enlarging costs O(H W).

Source: He, Borji, Mi and Pugeault (2018), section 3.2 (units and fixations); He, Tavakoli, Borji,
Mi and Pugeault (CVPR 2019), eq. 1 (regions) and eq. 4 (masks, NMM).
"""
from typing import Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.units.interpolation import Resampling, resampling


def unit_nss(activations: np.ndarray, fixations: Sequence[ArrayLike], image_size: Sequence,
             convention: str = "half_pixel", repeats: bool = False) -> np.ndarray:
    """Return the NSS of each unit on each image.

    Args:
        activations: [B, h, w, U], the activation_maps of a layer.
        fixations: B sequences of points (x, y) in pixels of their image, [n, 2]; those outside it
            are left out.
        image_size: (H, W) of all images, or B of them.
        convention: of the bilinear resizing, "half_pixel" (as `cv2.resize`) or "tf1".
        repeats: count a pixel as often as it was fixated, and not once as `metrics.nss` does.

    Returns:
        float64 [B, U], equal to resizing and scoring each unit; 0 for a unit that is constant on
        the image (`dead_units`), NaN for an image without fixations. Shapes that do not belong
        together raise `InputError`.
    """
    return np.stack(_score(
        activations, image_size, convention, {"lists of fixations": fixations},
        lambda plan, points: [fixation_weights(plan, points, repeats)]))[:, 0]


def unit_region_nss(activations: np.ndarray, fixations: Sequence[ArrayLike],
                    regions: Sequence[Sequence[ArrayLike]], image_size: Sequence,
                    convention: str = "half_pixel", repeats: bool = False) -> list:
    """Return the Assoc of each unit with each region: its NSS over the fixations inside.

    These are B arrays float64 [regions of the image, U], NaN for a region without fixations.

    Args:
        regions: B sequences of masks [H, W], not 0 inside. Otherwise as `unit_nss`.
    """
    return _score(
        activations, image_size, convention,
        {"lists of fixations": fixations, "lists of regions": regions},
        lambda plan, points, masks: [fixation_weights(plan, points, repeats, _mask(mask, plan))
                                     for mask in masks])


def unit_nmm(activations: np.ndarray, masks: Sequence[ArrayLike], image_size: Sequence,
             convention: str = "half_pixel") -> np.ndarray:
    """Return float64 [B, U], the mean of each standardised activation_map inside a mask (NMM).

    Args:
        masks: B masks [H, W], not 0 inside; NaN where it is empty. Otherwise as `unit_nss`.
    """
    return np.stack(_score(activations, image_size, convention, {"masks": masks},
                           lambda plan, mask: [mask_weights(plan, _mask(mask, plan))]))[:, 0]


def dead_units(activations: np.ndarray) -> np.ndarray:
    """bool [U]: units of [B, h, w, U] that are constant on every image; `unit_nss` is 0."""
    values = np.asarray(activations)
    return (values.max(axis=(1, 2)) == values.min(axis=(1, 2))).all(axis=0)


def fixation_weights(plan: Resampling, points: ArrayLike, repeats: bool = False,
                     mask: Optional[np.ndarray] = None) -> np.ndarray:
    """float64 [h, w]: weights of the cells in the mean over fixated pixels; NaN without any.

    Args:
        points: [n, 2] (x, y). mask: bool [H, W], the pixels that count.
    """
    height, width = len(plan.rows), len(plan.columns)
    x, y = np.floor(np.asarray(points, np.float64).reshape(-1, 2)).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    x, y = x[inside].astype(int), y[inside].astype(int)
    if not repeats:
        y, x = np.divmod(np.unique(y * width + x), width)
    if mask is not None:
        kept = mask[y, x]
        x, y = x[kept], y[kept]
    if not len(x):
        return np.full_like(plan.mean, np.nan)
    return plan.rows[y].T @ plan.columns[x] / len(x)


def mask_weights(plan: Resampling, mask: ArrayLike) -> np.ndarray:
    """float64 [h, w]: weights of the cells in the mean inside a mask [H, W]; NaN if it is empty."""
    mask = np.asarray(mask, bool)
    if not mask.any():
        return np.full_like(plan.mean, np.nan)
    return plan.rows.T @ mask @ plan.columns / mask.sum()


def score_units(activation_maps: np.ndarray, plan: Resampling,
                weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised weighted sums of the activation_maps of one image, in their dtype.

    Args:
        activation_maps: float32 or float64 [h, w, U]. weights: [K, h, w], of the cells.

    Returns:
        ([K, U], (sum of weights times cells - mean over pixels) / standard deviation (N - 1)
        over pixels, 0 where a unit is constant; bool [U], True where it is constant).
    """
    kind, units = activation_maps.dtype, activation_maps.shape[-1]
    flat = activation_maps.reshape(-1, units)
    mean_weights = plan.mean.ravel().astype(kind)
    # Subtracting the mean first keeps a small variance from drowning in a high level.
    flat = flat - mean_weights @ flat
    mean = mean_weights @ flat  # what rounding left
    totals = weights.reshape(-1, len(flat)).astype(kind) @ flat
    squares = np.einsum("pu,pu->u", plan.gram.astype(kind) @ flat, flat)
    variance = (squares - mean ** 2) * (plan.pixels / max(plan.pixels - 1, 1))
    # A constant unit has only the rounding of its mean, the same in every cell, and that of the
    # sums over the cells.
    constant = variance <= max(32, len(flat)) * np.finfo(kind).eps * squares
    scores = (totals - mean) / np.sqrt(np.where(constant, 1, variance))
    return np.where(constant & np.isfinite(scores), 0, scores), constant


def _score(activations, image_size, convention, parts, weights_of) -> list:
    """B float64 [K, U]: scores with `weights_of(plan, *parts of the image)`, K [h, w]."""
    require(len(activations.shape) == 4, "activations must be [B, h, w, U], not of shape "
                                         f"{tuple(activations.shape)}")
    count, sizes, found = len(activations), np.asarray(image_size, int), []
    require(sizes.shape in ((2,), (count, 2)), "image_size must be (H, W) or one for each of the "
                                               f"{count} images, not of shape {sizes.shape}")
    for what, part in parts.items():
        require(len(part) == count, f"{count} activation_maps, but {len(part)} {what}")
    for image, size, *own in zip(activations, np.broadcast_to(sizes, (count, 2)).tolist(),
                                 *parts.values()):
        plan = resampling(tuple(size), tuple(image.shape[:2]), convention)
        weights = np.reshape(weights_of(plan, *own), (-1, *plan.mean.shape))  # K may be 0
        found.append(score_units(np.asarray(image, np.float64), plan, weights)[0])
    return found


def _mask(mask, plan) -> np.ndarray:
    mask, size = np.asarray(mask, bool), (len(plan.rows), len(plan.columns))
    require(mask.shape == size, f"a mask of {mask.shape[0:2]} for an image of {size}")
    return mask
