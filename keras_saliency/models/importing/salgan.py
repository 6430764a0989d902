"""SalGAN's generator from `gen_modelWeights0090.npz`.

The file holds the parameters in the order of Lasagne's `get_all_param_values`: kernel and bias of
the 13 convolutions of VGG16, then of `uconv5_3` ... `uconv1_1` and `output` (imatge-upc/salgan,
scripts/models/generator.py). The encoder's layers have `flip_filters=False` (vgg16.py), since their
first weights came from Caffe; the decoder's have Lasagne's default and are turned by 180 degrees.
"""
from keras_saliency.models.importing.encoders import vgg16_convolutions
from keras_saliency.models.importing.entries import (
    CHANNELS_FIRST,
    CHANNELS_FIRST_FLIPPED,
    Converter,
    pairs,
)
from keras_saliency.models.salgan import DECODER
from keras_saliency.models.weights_file import WeightsError

UPWARDS = [f"uconv{block}_{number}" for block, count, _ in DECODER
           for number in range(count, 0, -1)] + ["output"]


def _entries(arrays: dict, kind: str) -> list:
    """By order: arr_0 and arr_1 are the first convolution."""
    layers = ([(ours, CHANNELS_FIRST) for ours, _ in vgg16_convolutions()]
              + [(name, CHANNELS_FIRST_FLIPPED) for name in UPWARDS])
    if len(arrays) != 2 * len(layers):
        raise WeightsError(f"it has {len(arrays)} arrays, SalGAN's generator {2 * len(layers)}; "
                           "the discriminator and other networks are not read")
    return [entry for index, (layer, layout) in enumerate(layers)
            for entry in pairs(layer, f"arr_{2 * index}", f"arr_{2 * index + 1}", layout)]


CONVERTER = Converter(("npz",), _entries)
