"""MSI-Net: Kroner, Senden, Driessens and Goebel, "Contextual encoder-decoder network for visual
saliency prediction", Neural Networks 129 (2020).

Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 8. Output: saliency_map float32
[B, H, W, 1], min-max normalised to 0..1. Parameters: 24,934,209.

Where the paper is silent or differs, this follows the authors' TensorFlow graph. It subtracts BGR
means from channels in RGB order (`preprocessing="msi_net"`, which the released weights expect; use
"caffe" with Keras' ImageNet VGG16). Bilinear interpolation is TensorFlow 1's. Adam runs at 1e-5
(paper: 1e-6).

Departure: the authors' encoder was trained on ImageNet and Places2 (their `vgg16_hybrid`), the
encoder weights of this package on ImageNet only. To remove the departure, convert theirs with
`keras-saliency import-weights vgg16_hybrid vgg16_hybrid.ckpt.index` and pass vgg16_hybrid.h5 as
`encoder_weights` with `preprocessing="msi_net"`.
"""
import keras
from keras import layers

from keras_saliency.models.backbones import vgg16
from keras_saliency.models.dilated import conv2d, scaled
from keras_saliency.models.layers import (
    BilinearUpsample,
    BroadcastTo,
    MapDropout,
    MinMax,
    Preprocess,
)
from keras_saliency.models.spec import ModelSpec


def msi_net(input_shape: tuple = (None, None, 3), aspp: bool = True, multi_level: bool = True,
            preprocessing: str = "msi_net", dropout: float = 0.0,
            width_multiplier: float = 1.0) -> keras.Model:
    """Build MSI-Net without weights; the module's docstring gives ranges and shapes.

    Args:
        aspp: False for the ablation of Table 6: one 3x3 convolution to 1280 maps replaces the
            five parallel ones. preprocessing: "msi_net" or "caffe".
        multi_level: False for the ablation of Table A.8: only block5_pool feeds the ASPP.
        dropout: probability of silencing a map of the encoder or of the ASPP in training, which
            helps on small datasets. The authors have none.
    """
    def conv(x, count, size, name, dilation=1):
        filters = scaled(count, width_multiplier)
        return conv2d(filters, size, dilation, activation="relu", name=name)(x)

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
        branches += [conv(features, 256, 3, f"aspp_conv1_{index}", dilation=rate)
                     for index, rate in enumerate((4, 8, 12), start=2)]
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
