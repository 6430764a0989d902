"""OpenSALICON from `salicon_osie.caffemodel` (CLT29/OpenSALICON, salicon.prototxt).

The fine scale is `conv1_1` ..., the coarse one `sec_conv1_1` ... Their concatenation puts the
coarse maps first, ours the fine ones, so the halves of the readout are swapped.
"""
import numpy as np

from keras_saliency.models.importing.encoders import vgg16_convolutions
from keras_saliency.models.importing.entries import (
    CHANNELS_FIRST,
    Converter,
    Layout,
    caffe_convolutions,
    pairs,
)


def _fine_first(kernel):
    """[1, coarse and fine, 1, 1] -> [1, 1, fine and coarse, 1]."""
    coarse, fine = np.split(kernel, 2, axis=1)
    return CHANNELS_FIRST.convert(np.concatenate([fine, coarse], axis=1))


def _entries(arrays: dict, kind: str) -> list:
    encoders = [*vgg16_convolutions(prefix="fine_"),
                *vgg16_convolutions("sec_conv{}_{}", "coarse_")]
    return caffe_convolutions(encoders) + pairs(
        "saliency", "saliency_map/0", "saliency_map/1", Layout(CHANNELS_FIRST.shape, _fine_first))


CONVERTER = Converter(("caffemodel",), _entries)
