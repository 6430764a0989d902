"""SalNet, the deep network: Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor, "Shallow and deep
convolutional networks for saliency prediction" (CVPR 2016), section 4.

Input: RGB float32 0..255 [B, H, W, 3], any size from 11x11; 240x320 in the paper. Output: raw
saliency_map float32 [B, 4 ceil(ceil(H / 2) / 2), ...], linear, about -1..1; its finish,
`PUBLISHED`, turns it into the published map. Parameters: 25,806,209 (paper: 25.8 million).

Departures from the published Caffe network: none. As in the prototxt, ReLU follows each convolution
but the last, normalisation the first, and pooling the first two. Caffe rounds the sizes of pools
up. Scores use the published map, because metrics such as KLD need one without negative values.

Departures in training (configs/salnet_deep_salicon.yaml): all weights start as in He et al. (2015).
In the paper only those after the third convolution do; the first three come from VGG_CNN_M, which
is not available. Targets lie in -1..1, as the paper says, so that `PUBLISHED` inverts them
(`losses.l2_centered`). The authors' training prototxt (issues 3 and 9 of their repository) has
(255 density - 31) 2/255 instead: -0.24..1.76, of which x128 + 127 clips the part above 1.
"""
import keras
from keras import layers

from keras_saliency.maps.finish import Finish
from keras_saliency.models.dilated import conv2d, scaled
from keras_saliency.models.layers import CeilMaxPooling, LocalResponseNormalization, Preprocess
from keras_saliency.models.spec import ModelSpec

CONVOLUTIONS = ((96, 7), (256, 5), (512, 3), (512, 5), (512, 5), (256, 7), (128, 11), (32, 11),
                (1, 13))


def salnet_deep(input_shape: tuple = (None, None, 3), width_multiplier: float = 1.0) -> keras.Model:
    """Build SalNet without weights, with layers `conv1` ... `conv9` and `deconv1`."""
    image = keras.Input(input_shape, name="image")
    x = Preprocess("salnet", name="preprocess")(image)
    for number, (filters, size) in enumerate(CONVOLUTIONS, start=1):
        last = number == len(CONVOLUTIONS)
        filters = 1 if last else scaled(filters, width_multiplier)
        x = conv2d(filters, size, activation=None if last else "relu", name=f"conv{number}",
                   kernel_initializer=keras.initializers.HeNormal())(x)
        if number == 1:
            x = LocalResponseNormalization(name="norm1")(x)
        if number < 3:
            x = CeilMaxPooling(3, 2, name=f"pool{number}")(x)
    saliency = layers.Conv2DTranspose(1, 8, strides=4, padding="same", use_bias=False,
                                      kernel_initializer=keras.initializers.HeNormal(),
                                      name="deconv1")(x)
    return keras.Model(image, saliency, name="salnet_deep")


# x 128 + 127, cut to 0..255, cubic resize, OpenCV's Gaussian for 5 pixels and no deviation named
PUBLISHED = Finish(scale=128.0, shift=127.0, clip=(0.0, 255.0),
                   blur=(1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16))

SPEC = ModelSpec(
    salnet_deep, canvas=(240, 320), finish=PUBLISHED,
    citation="Pan, Sayrol, Giro-i-Nieto, McGuinness and O'Connor (2016), Shallow and deep "
             "convolutional networks for saliency prediction, CVPR",
    published="98.4 MiB of parameters, 123.7 of outputs (SalNet paper, Table 1)")
