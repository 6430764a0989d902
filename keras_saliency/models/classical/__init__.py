"""Classical saliency models: no training, no TensorFlow, one function each.

Each takes an image [H, W, 3] RGB (uint8, or float within 0..255) of any size from 1x1 and gives
its saliency_map, float32 [H, W] within 0..1; the published parameters are keyword options.
"""
from keras_saliency.models.classical.bms import bms
from keras_saliency.models.classical.center_bias import center_bias
from keras_saliency.models.classical.gbvs import gbvs
from keras_saliency.models.classical.itti import itti

CLASSICAL = {
    "bms": bms,
    "center_bias": center_bias,
    "gbvs": gbvs,
    "itti": itti,
}

__all__ = ["CLASSICAL", "bms", "center_bias", "gbvs", "itti"]
