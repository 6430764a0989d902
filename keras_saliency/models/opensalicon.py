"""OpenSALICON: Thomas, "OpenSalicon: An Open Source Implementation of the Salicon Saliency Model"
(2016), after Huang, Shen, Boix and Zhao (ICCV 2015).

Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 64 (1200x1600 is reduced to 1152x1600;
published at 1200x1600 and 600x800). Output: saliency_map float32 [B, H, W, 1] in 0..1, the sigmoid
of a linear combination. Parameters: 29,430,401.

Departures: the coarse picture is the fine one averaged 2x2; the authors read two files. The map of
the last pools, 1/32 of the picture, is enlarged to the canvas inside the network.
"""
import keras
from keras import layers

from keras_saliency.models.backbones import vgg16
from keras_saliency.models.layers import BilinearUpsample, Preprocess, ResizeLike
from keras_saliency.models.spec import ModelSpec


def opensalicon(input_shape: tuple = (None, None, 3), width_multiplier: float = 1.0) -> keras.Model:
    """Build OpenSALICON without weights and with a readout of zeros, `saliency`.

    The encoders' layers are `fine_block1_conv1` ... and `coarse_block1_conv1` ...
    """
    image = keras.Input(input_shape, name="image")
    small = layers.AveragePooling2D(2, name="halve")(image)
    taps = {}
    for scale, picture in (("fine", image), ("coarse", small)):
        x = Preprocess("opensalicon", name=f"{scale}_preprocess")(picture)
        taps[scale] = vgg16(x, width_multiplier=width_multiplier, prefix=f"{scale}_")["block5_pool"]
    coarse = ResizeLike(name="coarse_enlarged")([taps["coarse"], taps["fine"]])
    x = layers.Concatenate(name="scales")([taps["fine"], coarse])
    x = layers.Conv2D(1, 1, kernel_initializer="zeros", activation="sigmoid", name="saliency")(x)
    return keras.Model(image, BilinearUpsample(32, name="enlarge")(x), name="opensalicon")


SPEC = ModelSpec(
    opensalicon, canvas=(576, 768),
    citation="Thomas (2016), OpenSalicon: An open source implementation of the Salicon saliency "
             "model, TR-2016-02, University of Pittsburgh",
    published="SALICON: 29,429,889 parameters (MSI-Net paper, Table 3)")
