"""NMM of units on pop-out arrays: their response at the target.

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 7: NMM (eq. 4), Tables 4 to 6.
"""
from typing import Optional, Sequence

import keras
import numpy as np

from keras_saliency.datasets import shards
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.datasets.pipeline import target_mask
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import facts_of
from keras_saliency.units.activations import dataset_activations
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.unit_nss import mask_weights, score_units

ARRAYS, SIZE = 80, (480, 640)  # the paper's number of arrays; (H, W) of those of our tables


def score_targets(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                  canvas: Optional[Sequence[int]] = None, batch: int = 4,
                  convention: str = "half_pixel",
                  label: Optional[str] = "scoring targets") -> dict[str, Moments]:
    """Return {layer: Moments [U]} of the NMM of every unit over pop-out arrays.

    Args:
        dataset: with target masks, such as `popout`. Otherwise as `score_dataset`.

    Raises:
        LayerError: no such layer. DatasetError: no target masks.
    """
    require(dataset.target_masks is not None, f"{dataset.name} has no target masks; NMM needs a "
                                              "set of pop-out arrays")
    canvas, totals = tuple(canvas or facts_of(model).require_canvas()), {}
    for chosen, maps in dataset_activations(model, layers, dataset, canvas, None, batch, label):
        for row, index in enumerate(chosen):
            size, mask = dataset.sizes[index], target_mask(dataset, index) > 0
            for layer in layers:
                plan = canvas_resampling(size, maps[layer].shape[1:3], canvas, convention,
                                         fit=facts_of(model).fit)
                nmm, _ = score_units(maps[layer][row], plan, mask_weights(plan, mask)[np.newaxis])
                totals = shards.merge(totals, {layer: Moments.of(nmm)})
    return totals
