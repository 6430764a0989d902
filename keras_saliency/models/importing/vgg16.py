"""VGG16's 13 convolutions, for `encoder_weights`, from the authors' Caffe model.

Pictures in BGR minus (103.939, 116.779, 123.68), which is our "caffe".
"""
import keras

from keras_saliency.files import InputError
from keras_saliency.models.backbones import VGG16_BLOCKS, VGG16_CITATION
from keras_saliency.models.backbones import vgg16 as encoder
from keras_saliency.models.importing.entries import CHANNELS_FIRST, pairs

FORMATS = ("caffemodel",)
REMEDY = ("VGG16 comes with this package as weights/vgg16_imagenet.h5 (encoder_weights: imagenet); "
          "or give the authors' VGG_ILSVRC_16_layers.caffemodel")
# (block, number in the block) of the 13 convolutions
CONVOLUTIONS = [(block, number) for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
                for number in range(1, count + 1)]


def build(width_multiplier=1.0, **unknown):
    """The encoder alone, whose shapes a file must have."""
    if unknown:
        raise InputError(f"vgg16 has no option {next(iter(unknown))!r}; it has width_multiplier")
    image = keras.Input((None, None, 3), name="image")
    taps = encoder(image, pool_strides=(2, 2, 2, 2, None), width_multiplier=width_multiplier)
    return keras.Model(image, taps["block5_conv3"], name="vgg16")


def convolutions(pattern="conv{}_{}", prefix="") -> list:
    """(our layer, the author's) of the 13 convolutions."""
    return [(f"{prefix}block{block}_conv{number}", pattern.format(block, number))
            for block, number in CONVOLUTIONS]


def entries(arrays: dict, kind: str) -> list:
    """By name."""
    return [entry for ours, theirs in convolutions()
            for entry in pairs(ours, f"{theirs}/0", f"{theirs}/1", CHANNELS_FIRST)]


def about(path, kind: str, options: dict) -> dict:
    """Attributes of the encoder's file."""
    return {"encoder": "vgg16", "preprocessing": "caffe",
            "training_data": "ImageNet (ILSVRC-2012)",
            "source": "https://gist.github.com/ksimonyan/211839e770f7b538e2d8",
            "licence": "CC BY 4.0 (Simonyan and Zisserman)", "citation": VGG16_CITATION}
