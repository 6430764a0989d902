"""AlexNet's five convolutions, for `encoder_weights` of DeepGaze I, from a Caffe model.

The one that DeepGaze I reads is Caffe's reference network (`bvlc_reference_caffenet`), which pools
before it normalises; pictures in BGR minus the mean of ImageNet, our "alexnet".
"""
import keras

from keras_saliency.files import InputError
from keras_saliency.models.backbones import ALEXNET
from keras_saliency.models.backbones import alexnet as encoder
from keras_saliency.models.importing.entries import CHANNELS_FIRST, pairs

FORMATS = ("caffemodel",)


def build(width_multiplier=1.0, **unknown):
    """The encoder alone, whose shapes a file must have."""
    if unknown:
        raise InputError(f"alexnet has no option {next(iter(unknown))!r}; it has width_multiplier")
    image = keras.Input((None, None, 3), name="image")
    taps = encoder(image, width_multiplier=width_multiplier)
    return keras.Model(image, taps["alexnet_conv5"], name="alexnet")


def entries(arrays: dict, kind: str) -> list:
    """By name. The filters of a group see its own channels alone, in Caffe as here."""
    return [entry for depth in range(1, len(ALEXNET) + 1)
            for entry in pairs(f"alexnet_conv{depth}", f"conv{depth}/0", f"conv{depth}/1",
                               CHANNELS_FIRST)]


def about(path, kind: str, options: dict) -> dict:
    """Attributes of the encoder's file."""
    return {"encoder": "alexnet", "preprocessing": "alexnet",
            "training_data": "ImageNet (ILSVRC-2012)",
            "source": "https://github.com/BVLC/caffe/tree/master/models/bvlc_reference_caffenet",
            "licence": "unrestricted use, as its page states",
            "citation": "Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with "
                        "deep convolutional neural networks"}
