"""OpenSALICON from `salicon_osie.caffemodel` (CLT29/OpenSALICON, salicon.prototxt).

The fine scale is `conv1_1` ..., the coarse one `sec_conv1_1` ... Their concatenation has the coarse
maps first, ours the fine ones, so the halves of the readout change places.
"""
import numpy as np

from keras_saliency.models.importing.entries import CHANNELS_FIRST, Layout, pairs
from keras_saliency.models.importing.vgg16 import convolutions

FORMATS = ("caffemodel",)
SCALES = {"fine_": "conv{}_{}", "coarse_": "sec_conv{}_{}"}


def _fine_first(kernel):
    """[1, coarse and fine, 1, 1] -> [1, 1, fine and coarse, 1]."""
    coarse, fine = np.split(kernel, 2, axis=1)
    return CHANNELS_FIRST.convert(np.concatenate([fine, coarse], axis=1))


def entries(arrays: dict, kind: str) -> list:
    """By name."""
    encoders = [entry for prefix, pattern in SCALES.items()
                for ours, theirs in convolutions(pattern, prefix)
                for entry in pairs(ours, f"{theirs}/0", f"{theirs}/1", CHANNELS_FIRST)]
    return encoders + pairs("saliency", "saliency_map/0", "saliency_map/1",
                            Layout(CHANNELS_FIRST.shape, _fine_first))


def about(path, kind: str, options: dict) -> dict:
    """Attributes; the canvas is the published one, which the strides divide."""
    return {"preprocessing": "opensalicon", "canvas": (1152, 1600), "dataset": "osie",
            "source": "https://github.com/CLT29/OpenSALICON",
            "licence": "not stated in the repository",
            "citation": "Thomas (2016), OpenSalicon: An open source implementation of the Salicon "
                        "saliency model, TR-2016-02, University of Pittsburgh"}
