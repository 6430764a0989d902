"""SalGAN: Pan, Canton Ferrer, McGuinness, O'Connor, Torres, Sayrol and Giro-i-Nieto, "SalGAN:
Visual saliency prediction with generative adversarial networks" (2017).

Generator. Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 16 (192x256 in the paper).
Output: saliency_map float32 [B, H, W, 1] in 0..1. Parameters: 31,787,009.
Discriminator. Inputs: image as above and a map in 0..1. Output: [B, 1], the probability that the
map was measured, not generated. Parameters at 192x256: 1,359,426.

Departures: none in the layers. The authors' decoder filters are turned by 180 degrees because
Theano convolves; `keras-saliency import-weights` turns them back.
"""
import keras
from keras import layers

from keras_saliency import addons
from keras_saliency.files import require
from keras_saliency.models.backbones import vgg16
from keras_saliency.models.dilated import conv2d, scaled
from keras_saliency.models.layers import NearestUpsample, Preprocess
from keras_saliency.models.spec import ModelSpec

DECODER = ((5, 3, 512), (4, 3, 512), (3, 3, 256), (2, 2, 128), (1, 2, 64))
CANVAS = (192, 256)


def salgan(input_shape: tuple = (None, None, 3), width_multiplier: float = 1.0) -> keras.Model:
    """Build the generator without weights; its decoder is `uconv5_3` ... `uconv1_1`, `output`."""
    image = keras.Input(input_shape, name="image")
    x = vgg16(Preprocess("caffe", name="preprocess")(image),
              width_multiplier=width_multiplier)["block5_conv3"]
    for block, convolutions, filters in DECODER:
        if block < 5:
            x = NearestUpsample(2, name=f"upsample{block}")(x)
        for conv in range(convolutions, 0, -1):
            x = conv2d(scaled(filters, width_multiplier), 3, activation="relu",
                       name=f"uconv{block}_{conv}")(x)
    saliency = layers.Conv2D(1, 1, activation="sigmoid", name="output")(x)
    return keras.Model(image, saliency, name="salgan")


def salgan_discriminator(input_shape: tuple = (*CANVAS, 3),
                         width_multiplier: float = 1.0) -> keras.Model:
    """Build the discriminator without weights, with the inputs `image` and `map`; its dense layers
    need a fixed `input_shape`, (H, W, 3) of multiples of 16."""
    height, width = input_shape[:2]
    require(height and width and not height % 16 and not width % 16,
            f"the discriminator needs fixed multiples of 16, not {height}x{width}")

    def conv(x, filters, name, size=3, normalized=False):
        layer = conv2d(scaled(filters, width_multiplier), size, activation="relu", name=name)
        if normalized:
            layer = addons.WeightNormalization(layer, data_init=False, name=f"{name}_normalized")
        return layer(x)

    image = keras.Input((height, width, 3), name="image")
    saliency = keras.Input((height, width, 1), name="map")
    x = layers.Concatenate(name="picture_and_map")(
        [Preprocess("unit", name="preprocess")(image), saliency])
    x = conv(conv(x, 3, "conv1_1", 1), 32, "conv1_2")
    x = layers.MaxPooling2D(4, name="pool1")(x)
    x = conv(conv(x, 64, "conv2_1"), 64, "conv2_2")
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = conv(conv(x, 64, "conv3_1", normalized=True), 64, "conv3_2", normalized=True)
    x = layers.MaxPooling2D(2, name="pool3")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(100, activation="tanh", name="dense4")(x)
    x = layers.Dense(2, activation="tanh", name="dense5")(x)
    x = layers.Dense(1, activation="sigmoid", name="dense6")(x)
    return keras.Model([image, saliency], x, name="salgan_discriminator")


SPEC = ModelSpec(
    salgan, canvas=CANVAS,
    citation="Pan, Canton Ferrer, McGuinness, O'Connor, Torres, Sayrol and Giro-i-Nieto (2017), "
             "SalGAN: Visual saliency prediction with generative adversarial networks")
