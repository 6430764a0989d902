"""Classical saliency models: no training, no TensorFlow, one function each.

Each takes an image [H, W, 3] RGB (uint8, or float within 0..255) of any size from 1x1 and returns
its saliency_map, float32 [H, W] within 0..1. The published parameters are keyword options. Another
image, or an option out of its range, is an `InputError`.
"""
