"""Encoders for `encoder_weights`: VGG16 of ImageNet, of ImageNet and Places365, and AlexNet."""
import keras

from keras_saliency.models.backbones import ALEXNET, VGG16_BLOCKS, alexnet, vgg16
from keras_saliency.models.importing.entries import Converter, caffe_convolutions, pairs


def vgg16_convolutions(pattern: str = "conv{}_{}", prefix: str = "") -> list:
    """Return [(our layer, the author's)] of VGG16's 13 convolutions."""
    return [(f"{prefix}block{block}_conv{number}", pattern.format(block, number))
            for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
            for number in range(1, count + 1)]


def build_vgg16(width_multiplier: float = 1.0) -> keras.Model:
    """Build VGG16's convolutions, whose shapes a file must have."""
    image = keras.Input((None, None, 3), name="image")
    taps = vgg16(image, pool_strides=(2, 2, 2, 2, None), width_multiplier=width_multiplier)
    return keras.Model(image, taps["block5_conv3"], name="vgg16")


def build_alexnet(width_multiplier: float = 1.0) -> keras.Model:
    """Build AlexNet's convolutions, whose shapes a file must have."""
    image = keras.Input((None, None, 3), name="image")
    taps = alexnet(image, width_multiplier=width_multiplier)
    return keras.Model(image, taps["alexnet_conv5"], name="alexnet")


def _vgg16_entries(arrays: dict, kind: str) -> list:
    """By name; the checkpoint has `conv1_1/weights`, `conv1_1/biases`, kernels [h, w, in, out]."""
    if kind == "caffemodel":
        return caffe_convolutions(vgg16_convolutions())
    return [entry for ours, theirs in vgg16_convolutions()
            for entry in pairs(ours, f"{theirs}/weights", f"{theirs}/biases")]


def _about_hybrid(path, kind: str, options: dict) -> dict:
    caffe = kind == "caffemodel"
    return {"preprocessing": "caffe" if caffe else "msi_net", "source": "https://github.com/" + (
        "CSAILVision/places365" if caffe else "alexanderkroner/saliency")}


def _alexnet_entries(arrays: dict, kind: str) -> list:
    """By name; a group's filters see only the group's channels, in Caffe as here."""
    return caffe_convolutions((f"alexnet_conv{depth}", f"conv{depth}")
                              for depth in range(1, len(ALEXNET) + 1))


# The authors' Caffe model: BGR minus (103.939, 116.779, 123.68), our "caffe".
VGG16 = Converter(("caffemodel",), _vgg16_entries, build=build_vgg16)

# The start of MSI-Net: its authors' checkpoint `vgg16_hybrid.ckpt`, which takes RGB minus (103.939,
# 116.779, 123.68), our "msi_net"; or the Caffe model `vgg16_hybrid1365` of Places365's authors,
# which takes BGR, our "caffe", minus a mean of Places365 that its page does not give in numbers.
VGG16_HYBRID = Converter(("checkpoint", "caffemodel"), _vgg16_entries, _about_hybrid, build_vgg16)

# DeepGaze I uses Caffe's reference network (`bvlc_reference_caffenet`), which pools before it
# normalises and takes BGR minus the mean of ImageNet, our "alexnet".
ALEXNET_REFERENCE = Converter(("caffemodel",), _alexnet_entries, build=build_alexnet)
