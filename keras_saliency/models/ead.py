"""EAD residual decoder: He, Borji, Mi and Pugeault, "What Catches the Eye? Visualizing and
Understanding Deep Saliency Models" (2018).

Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 16 (240x320 in the paper). Output:
saliency_map float32 [B, H, W, 1], linear, trained towards densities of peak 1. Parameters:
17,473,409 with the default widths.

Departures: the paper halves the 512 maps in each of four blocks, which leaves 32, but names 64 maps
before the last convolution. The default widths (256, 128, 64, 64) keep the 64. The paper does not
state the decoder's activations: here ReLU follows each 3x3 convolution of a block, and none follows
the transposed ones. Negative values of the linear output count as 0 (its finish). The paper
resizes every picture to 240x320: the config for MIT1003 stretches (`data.fit`); stimuli of SALICON
and OSIE have that shape already.
"""
from typing import Sequence

import keras
from keras import layers

from keras_saliency.files import require
from keras_saliency.maps.finish import Finish
from keras_saliency.models.backbones import vgg16
from keras_saliency.models.dilated import conv2d, scaled
from keras_saliency.models.layers import Preprocess
from keras_saliency.models.spec import ModelSpec


def ead(input_shape: tuple = (None, None, 3), widths: Sequence = (256, 128, 64, 64),
        preprocessing: str = "caffe", sigmoid: bool = False,
        width_multiplier: float = 1.0) -> keras.Model:
    """Build the EAD model without weights; the module's docstring gives ranges and shapes.

    Args:
        widths: number of maps of the decoder's four blocks. preprocessing: "caffe" or "msi_net".
        sigmoid: True to end in a sigmoid, which the paper's comparison with BCE needs.
    """
    require(len(widths) == 4 and min(widths) >= 1,
            f"widths must be four positive numbers, not {widths!r}")
    image = keras.Input(input_shape, name="image")
    x = vgg16(Preprocess(preprocessing, name="preprocess")(image),
              width_multiplier=width_multiplier)["block5_conv3"]
    for index, count in enumerate(widths, start=1):
        count, name = scaled(count, width_multiplier), f"decoder{index}"
        reduced = conv2d(count, 3, activation="relu", name=f"{name}_reduce")(x)
        x = conv2d(count, 3, activation="relu", name=f"{name}_conv")(reduced)
        x = layers.Add(name=f"{name}_add")([reduced, x])
        x = layers.Conv2DTranspose(count, 2, strides=2, name=f"{name}_up")(x)
    saliency = layers.Conv2D(1, 3, padding="same", name="saliency",
                             activation="sigmoid" if sigmoid else None)(x)
    return keras.Model(image, saliency, name="ead")


SPEC = ModelSpec(
    ead, canvas=(240, 320), finish=Finish(lower=0.0),
    citation="He, Borji, Mi and Pugeault (2018), What catches the eye? Visualizing and "
             "understanding deep saliency models")
