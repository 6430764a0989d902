"""Pop-out arrays: do units, and the output, stand out at the target?

Source: He, Tavakoli, Borji, Mi and Pugeault (CVPR 2019), section 7: NMM (eq. 4), Tables 4 to 6.
"""
import numpy as np
from tqdm import tqdm

from keras_saliency.analysis.activations import activation_model, forward_function
from keras_saliency.analysis.interpolation import canvas_span, resampling
from keras_saliency.analysis.unit_nss import mask_weights, score_units
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.datasets.pipeline import decode_stimulus, stimulus_stream
from keras_saliency.metrics.streaming import Moments
from keras_saliency.prediction import canvas_of

TOP_UNITS = 10


def score_targets(model, layers, dataset: SaliencyDataset, canvas=None, batch=4,
                  convention="half_pixel", label="scoring targets") -> dict:
    """NMM of every unit of the named layers over pop-out arrays.

    Args:
        dataset: with target masks, such as `popout`. Otherwise as `score_dataset`.

    Returns:
        {layer: Moments [U] of NMM over the arrays}.

    Raises:
        LayerError: no such layer. DatasetError: no target masks.
    """
    require(dataset.target_masks is not None, f"{dataset.name} has no target masks; NMM needs a "
                                              "set of pop-out arrays")
    forward = forward_function(activation_model(model, layers))
    canvas = tuple(canvas or canvas_of(model))
    indices = np.arange(len(dataset))
    totals = {}
    with tqdm(total=len(indices), desc=label, unit="image") as bar:
        for start, images in zip(range(0, len(indices), batch),
                                 stimulus_stream(dataset, canvas, indices, batch)):
            maps = {layer: values.numpy() for layer, values in forward(images).items()}
            for row, index in enumerate(indices[start:start + batch]):
                size = tuple(int(s) for s in dataset.sizes[index])
                mask = decode_stimulus(dataset.target_masks[index])[..., 0].numpy() > 0
                for layer in layers:
                    plan = resampling(size, tuple(maps[layer].shape[1:3]), convention,
                                      canvas_span(size, canvas))
                    nmm, _ = score_units(maps[layer][row], plan,
                                         mask_weights(plan, mask)[np.newaxis])
                    one = Moments.of(nmm)
                    totals[layer] = totals[layer].merge(one) if layer in totals else one
            bar.update(len(images))
    return totals


def mean_of_top(moments: Moments, top=TOP_UNITS) -> float:
    """Mean of the `top` highest mean NMM among the units (Tables 5 and 6); NaN without any."""
    known = np.sort(moments.mean[moments.count > 0])[::-1]
    return float(known[:top].mean()) if len(known) else np.nan
