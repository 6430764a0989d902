"""Pictures of units: image times activation_map, outlines, and mean maps of groups of units.

Source: He, Borji, Mi and Pugeault (2018), section 5, Figures 5 to 11.
"""
from typing import Iterable, Mapping, Optional, Sequence, Union

import cv2
import keras
import numpy as np

from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.files import require
from keras_saliency.maps import min_max
from keras_saliency.units.activations import dataset_activations, image_activations, indices_of
from keras_saliency.units.interpolation import Resampling

ACTIVE = 0.5  # share of an activation_map's range above which an area counts as active
OUTLINE = (255, 220, 0)  # RGB of the line around it


def unit_maps(model: keras.Model, layers: Sequence[str],
              dataset: Union[SaliencyDataset, ConceptDataset], wanted: Mapping[str, Iterable],
              canvas: Optional[Sequence[int]] = None, batch: int = 4,
              label: Optional[str] = "fetching activation_maps") -> dict[str, dict]:
    """Return {layer: {(image, unit): activation_map, float32 [h, w]}} of chosen pairs.

    Args:
        wanted: {layer: iterable of (image index, unit)}; each image is shown once. Otherwise as
            `score_dataset`.
    """
    wanted = {layer: {(int(i), int(u)) for i, u in wanted.get(layer, ())} for layer in layers}
    images = sorted({i for pairs in wanted.values() for i, _ in pairs})
    found = {layer: {} for layer in layers}
    for image, maps in image_activations(model, layers, dataset, canvas, images, batch, label):
        for layer, pairs in wanted.items():
            found[layer].update({(image, unit): maps[layer][..., unit].copy()
                                 for i, unit in pairs if i == image})
    return found


def mean_maps(model: keras.Model, units: Mapping[str, Sequence[int]], dataset: SaliencyDataset,
              indices: Optional[Sequence[int]] = None, canvas: Optional[Sequence[int]] = None,
              batch: int = 4,
              label: Optional[str] = "averaging activation_maps") -> dict[str, np.ndarray]:
    """Return {layer: float64 [h, w]}, standardised activation_maps averaged over stimuli and units.

    For low units they show the negative center bias: below 0 in the middle (Figure 11).

    Args:
        units: {layer: unit numbers}, at least one each. indices: stimuli, None for all.
    """
    units = {layer: np.asarray(numbers, int) for layer, numbers in units.items()}
    indices = indices_of(dataset, indices)
    empty = [layer for layer, numbers in units.items() if not len(numbers)]
    require(len(indices) and not empty,
            f"a mean map needs units and stimuli; there are {len(indices)} stimuli, and no units "
            f"of {', '.join(empty) or 'no layer'}")
    totals = dict.fromkeys(units, 0.0)
    for _, responses in dataset_activations(model, units, dataset, canvas, indices, batch, label):
        for layer, numbers in units.items():
            maps = responses[layer][..., numbers].astype(np.float64)
            spread = maps.std(axis=(1, 2), keepdims=True)
            centered = maps - maps.mean(axis=(1, 2), keepdims=True)
            totals[layer] = totals[layer] + np.divide(
                centered, spread, out=np.zeros_like(maps), where=spread > 0).sum(axis=(0, 3))
    return {layer: total / (len(indices) * len(units[layer])) for layer, total in totals.items()}


def enlarge(activation_map: np.ndarray, plan: Resampling) -> np.ndarray:
    """float32 [H, W]: an activation_map [h, w] at the size of its image; plan: `Resampling`."""
    return (plan.rows @ activation_map @ plan.columns.T).astype(np.float32)


def pattern(image: np.ndarray, activation_map: np.ndarray, plan: Resampling) -> np.ndarray:
    """Return the image times its min-max activation_map, cropped to the most active area.

    The area is the smallest rectangle around the connected pixels that include the peak and are
    `ACTIVE` or more after min-max. Of two things that a unit responds to it shows the stronger.

    Args:
        image: uint8 [H, W, 3]. activation_map: [h, w]. plan: `Resampling` from cells to image.

    Returns uint8 [h', w', 3]; black and uncropped for a constant activation_map.
    """
    weight = min_max(enlarge(activation_map, plan)).numpy()
    product = np.round(image * weight[..., np.newaxis]).astype(np.uint8)
    if not weight.any():
        return product
    _, regions = cv2.connectedComponents((weight >= ACTIVE).astype(np.uint8))
    active = regions == regions.flat[weight.argmax()]
    rows, columns = (np.flatnonzero(active.any(axis=axis)) for axis in (1, 0))
    return product[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def outline(image: np.ndarray, activation_map: np.ndarray, plan: Resampling) -> np.ndarray:
    """Return the image uint8 [H, W, 3], darkened outside the active area, with a line around it."""
    weight = min_max(enlarge(activation_map, plan)).numpy()
    active = weight >= ACTIVE if weight.any() else np.zeros(weight.shape, bool)
    drawn = np.where(active[..., np.newaxis], image, image // 2).astype(np.uint8)
    contours, _ = cv2.findContours(active.astype(np.uint8), cv2.RETR_EXTERNAL,
                                   cv2.CHAIN_APPROX_NONE)
    width = max(1, round(min(image.shape[:2]) / 150))
    return cv2.drawContours(np.ascontiguousarray(drawn), contours, -1, OUTLINE, width)

