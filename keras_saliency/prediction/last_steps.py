"""The last steps of the networks in NumPy: from a map on the canvas to the one that is published.

Each is the `postprocess` of a model or what others have in its place (`models.postprocess_of`);
tests/engines/test_exported.py compares the two. All take a canvas map float32 [h, w, 1], the
picture's size (H, W) and the fit, and give float32 [H, W, 1].
"""
import numpy as np

from keras_saliency.maps.arrays import blur, from_canvas

SALNET_GAUSSIAN = np.array([1, 4, 6, 4, 1]) / 16
JUNTINGNET_GAUSSIAN = np.exp(-0.5 * (np.arange(-8, 9) / 2.0) ** 2)


def density_from_canvas(canvas_map, size, fit) -> np.ndarray:
    """A density: what lies on the padding is not in the picture."""
    values = from_canvas(canvas_map, size, fit)
    return values / values.sum()


def ead(canvas_map, size, fit) -> np.ndarray:
    """EAD's: negative values are cut to 0."""
    return np.maximum(from_canvas(canvas_map, size, fit), 0)


def salnet_deep(canvas_map, size, fit) -> np.ndarray:
    """SalNet's: x 128 + 127, cut to 0..255, 5x5 Gaussian."""
    levels = np.clip(canvas_map * np.float32(128) + np.float32(127), 0, 255)
    return blur(from_canvas(levels, size, fit), SALNET_GAUSSIAN)


def salnet_shallow(canvas_map, size, fit) -> np.ndarray:
    """JuntingNet's: a Gaussian of 2 pixels."""
    return blur(from_canvas(canvas_map, size, fit), JUNTINGNET_GAUSSIAN)


LAST_STEPS = {step.__name__: step for step in (
    from_canvas, density_from_canvas, ead, salnet_deep, salnet_shallow)}
