"""A center_bias, which is of places in a stimulus, as the layer takes it that adds it to maps."""
from collections import Counter

import numpy as np

from keras_saliency.evaluation.center_bias import CenterBias
from keras_saliency.models.density_layers import PRIOR_CELLS
from keras_saliency.units.interpolation import canvas_span


def canvas_prior(center: CenterBias, spans, leave_out=None) -> np.ndarray:
    """float64 [64, 64]: the center_bias as `AddCenterBias` takes it, up to a constant.

    The center_bias is of places in a stimulus, the layer's of places on the canvas, padding
    included. A cell has the mean of the stimuli that cover it; where none does, of their border.

    Args:
        spans: what each stimulus covers of its canvas, as `interpolation.canvas_span` says.
        leave_out: index of a stimulus that the center_bias does without, or None.
    """
    fine = 5 * PRIOR_CELLS  # odd: its middle cells have the centers of ours
    density = center.predict((fine, fine), leave_out).saliency_map
    centers = (np.arange(PRIOR_CELLS) + 0.5) / PRIOR_CELLS
    total, weight = 0.0, 0.0
    for span, count in Counter(spans).items():
        places = [(centers - start) / (stop - start) for start, stop in span]
        covered = np.outer(*((p >= 0) & (p < 1) for p in places))
        cells = np.ix_(*(np.clip(p * fine, 0, fine - 1).astype(int) for p in places))
        share = count * np.where(covered, 1, 1e-9)  # counts where no stimulus covers the cell
        total, weight = total + share * density[cells], weight + share
    return np.log(total / weight)


def canvas_spans(sizes, canvas) -> list:
    """What stimuli of `sizes` [N, 2] (H, W) cover, each padded, of one canvas (h, w)."""
    return [canvas_span(tuple(size), tuple(canvas)) for size in np.asarray(sizes).tolist()]
