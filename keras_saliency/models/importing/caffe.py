"""Weights of a `.caffemodel` without Caffe, from the few fields of `caffe.proto` that hold them.

Names are read as bytes, since a damaged one need not be UTF-8.
"""
import math
from pathlib import Path

import numpy as np

from keras_saliency.files.protobuf_messages import message_classes, read_message
from keras_saliency.models.weights_file import WeightsError

NetParameter = message_classes("caffe", {
    "NetParameter": {"layers": (2, ["V1LayerParameter"]), "layer": (100, ["LayerParameter"])},
    "V1LayerParameter": {"name": (4, "bytes"), "blobs": (6, ["BlobProto"])},  # until 2013
    "LayerParameter": {"name": (1, "bytes"), "blobs": (7, ["BlobProto"])},
    "BlobProto": {"num": (1, "int32"), "channels": (2, "int32"), "height": (3, "int32"),
                  "width": (4, "int32"), "data": (5, ["float"]), "shape": (7, "BlobShape"),
                  "double_data": (8, ["double"])},
    "BlobShape": {"dim": (1, ["int64"])},
})["NetParameter"]


def read_caffemodel(path: Path) -> dict:
    """Return {"<layer>/<number of the blob>": float array} of all layers with blobs."""
    net, arrays = read_message(path, NetParameter), {}
    for layer in (*net.layers, *net.layer):
        for index, blob in enumerate(layer.blobs):
            key = f"{layer.name.decode('utf-8', 'replace')}/{index}"
            arrays[key] = _array(blob, key)
    if not arrays:
        raise WeightsError("no layer has weights")
    return arrays


def _array(blob, key) -> np.ndarray:
    if blob.HasField("shape"):
        shape = tuple(blob.shape.dim)
    else:
        shape = (blob.num, blob.channels, blob.height, blob.width)
        if shape[:3] == (1, 1, 1):  # old files write a bias so
            shape = shape[3:]
    values, dtype = (blob.data, "f4") if blob.data else (blob.double_data, "f8")
    if not values or min(shape, default=1) < 1 or math.prod(shape) != len(values):
        raise WeightsError(f"{key} has the shape {shape} and {len(values)} numbers")
    # number by number: np.array would make a list of Python numbers first
    return np.fromiter(values, dtype, len(values)).reshape(shape)
