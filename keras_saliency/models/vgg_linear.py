"""VGG readout: He, Tavakoli, Borji, Mi and Pugeault, "Understanding and Visualizing Deep Visual
Saliency Models" (CVPR 2019), section 4.2.

Input: RGB float32 0..255 [B, H, W, 3], H and W multiples of 16 (224x224 in the paper). Output:
saliency_map float32 [B, H, W, 1], min-max normalised to 0..1. Parameters: 14,715,200, of which the
readout has 512.

Departures: the map is enlarged to the canvas, where the loss compares it with the fixations; the
authors enlarge it to 480x640, the size of SALICON's stimuli.

The paper states only the loss and the input size. configs/vgg_linear_salicon_setup1.yaml has the
rest from the authors' TensorFlow script (by their README the paper's model), whose decay of the
rate by 0.8 an epoch has no effect, and from their PyTorch script, where it has. The configs for
OSIE were measured with the decay.
"""
import keras
from keras import layers

from keras_saliency import maps
from keras_saliency.models.backbones import vgg16
from keras_saliency.models.layers import BilinearUpsample, MinMax, Preprocess
from keras_saliency.models.spec import ModelSpec


def vgg_linear(input_shape: tuple = (None, None, 3), width_multiplier: float = 1.0) -> keras.Model:
    """Build the VGG readout without weights; its 1x1 convolution, `readout`, is all ones.

    Setup I of the paper trains only the readout, Setup II also the last k convolutions:
    `train.finetune_layers` in a config.
    """
    image = keras.Input(input_shape, name="image")
    x = vgg16(Preprocess("caffe", name="preprocess")(image),
              width_multiplier=width_multiplier)["block5_conv3"]
    x = layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", name="readout")(x)
    x = BilinearUpsample(16, name="enlarge")(MinMax(name="min_max")(x))
    return keras.Model(image, MinMax(name="saliency")(x), name="vgg_linear")


SPEC = ModelSpec(
    vgg_linear, canvas=(224, 224), fit=maps.STRETCH,
    citation="He, Tavakoli, Borji, Mi and Pugeault (2019), Understanding and visualizing deep "
             "visual saliency models, CVPR")
