"""Mathematics of maps: the canvas, densities, the step from a network's map to the published one.

`tensors` does it in TensorFlow, `arrays` in NumPy for networks that run without TensorFlow. The
functions of `tensors` are names of this package, imported when they are first used.
"""
from keras_saliency.lazy import lazy
from keras_saliency.maps.geometry import FITS, PAD, STIMULUS_PADDING, STRETCH

__all__ = ["FITS", "PAD", "STIMULUS_PADDING", "STRETCH"]

__getattr__, __dir__ = lazy(__name__, dict.fromkeys((
    "DENSITY", "FIXATIONS", "MAP_PADDING", "blur", "canvas_offset", "density_map",
    "finished", "fitted_size", "fixation_map", "from_canvas", "min_max", "peak_normalize",
    "points_to_canvas", "resize", "to_canvas"), "keras_saliency.maps.tensors"))
