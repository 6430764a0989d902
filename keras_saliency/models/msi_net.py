"""MSI-Net: Kroner, Senden, Driessens and Goebel, "Contextual encoder-decoder network for visual
saliency prediction", Neural Networks 129 (2020).

Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 8. Output: saliency_map float32
[B, H, W, 1], min-max normalised to 0..1. Parameters: 24,934,209.

Follows the authors' TensorFlow graph where the paper is silent or differs: the channel means
are subtracted in RGB order although they are those of BGR (`preprocessing="msi_net"`, what the
released weights expect; use "caffe" with Keras' ImageNet VGG16), bilinear interpolation is
TensorFlow 1's, Adam runs at 1e-5 (paper: 1e-6).

Departure: the authors' encoder has learned ImageNet and Places2 (their `vgg16_hybrid`); the weights
that come with this package are those of ImageNet alone. `python scripts/import_weights.py
vgg16_hybrid vgg16_hybrid.ckpt.index` converts theirs to vgg16_hybrid.h5 for `encoder_weights`, with
`preprocessing="msi_net"`, which removes the departure.
"""
import keras
from keras import layers

from keras_saliency.models.backbones import vgg16
from keras_saliency.models.dilated import conv2d
from keras_saliency.models.layers import (
    BilinearUpsample,
    BroadcastTo,
    MapDropout,
    MinMax,
    Preprocess,
)
from keras_saliency.models.spec import ModelSpec


def msi_net(input_shape=(None, None, 3), aspp=True, multi_level=True, preprocessing="msi_net",
            dropout=0.0, width_multiplier=1.0):
    """Build MSI-Net without weights; see the module's docstring for ranges and shapes.

    Args:
        input_shape: (H, W, 3); None for any size.
        aspp: False for the paper's ablation (Table 6): one 3x3 convolution to 1280 maps in
            place of the five parallel ones.
        multi_level: False for the ablation of Table A.8: block5_pool alone feeds the ASPP.
        preprocessing: "msi_net" or "caffe".
        dropout: probability with which a map of the encoder's features or of the ASPP's is
            silenced in training. Not the authors'; for small datasets.
        width_multiplier: factor on all numbers of filters; for tests.

    Returns:
        keras.Model named `msi_net`.
    """
    def filters(count):
        return max(1, round(count * width_multiplier))

    def conv(x, count, size, name, dilation=1, activation="relu"):
        return conv2d(filters(count), size, dilation, activation=activation, name=name)(x)

    image = keras.Input(input_shape, name="image")
    taps = vgg16(Preprocess(preprocessing, name="preprocess")(image),
                 pool_strides=(2, 2, 2, 1, 1), dilation_rates=(1, 1, 1, 1, 2),
                 width_multiplier=width_multiplier)
    features = taps["block5_pool"]
    if multi_level:
        features = layers.Concatenate(name="encoder_features")(
            [taps["block3_pool"], taps["block4_pool"], features])

    if dropout:
        features = MapDropout(dropout, seed=1, name="encoder_dropout")(features)

    if aspp:
        branches = [conv(features, 256, 1, "aspp_conv1_1")]
        for index, rate in enumerate((4, 8, 12), start=2):
            branches.append(conv(features, 256, 3, f"aspp_conv1_{index}", dilation=rate))
        scene = layers.GlobalAveragePooling2D(keepdims=True, name="aspp_mean")(features)
        scene = conv(scene, 256, 1, "aspp_conv1_5")
        branches.append(BroadcastTo(name="aspp_broadcast")([scene, features]))
        x = layers.Concatenate(name="aspp_features")(branches)
    else:
        x = conv(features, 1280, 3, "aspp_conv1")
    if dropout:
        x = MapDropout(dropout, seed=2, name="aspp_dropout")(x)
    x = conv(x, 256, 1, "aspp_conv2")

    for index, count in enumerate((128, 64, 32), start=1):
        x = BilinearUpsample(2, name=f"decoder_up{index}")(x)
        x = conv(x, count, 3, f"decoder_conv{index}")
    x = layers.Conv2D(1, 3, padding="same", name="decoder_conv4")(x)
    return keras.Model(image, MinMax(name="saliency")(x), name="msi_net")


SPEC = ModelSpec(
    msi_net, canvas=(240, 320),
    citation="Kroner, Senden, Driessens and Goebel (2020), Contextual encoder-decoder network "
             "for visual saliency prediction, Neural Networks 129",
    published='24,934,209 parameters; 44 "GFLOPS" (Tables 3, 4), 75 at 360x360, where we '
              "count 76.8")
