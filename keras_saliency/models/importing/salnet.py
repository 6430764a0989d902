"""SalNet and JuntingNet, the deep and the shallow network of imatge-upc/saliency-2016-cvpr.

SalNet comes as `deep_net_model.caffemodel`; its layers have the names of the authors'
deploy.prototxt, which are ours. Caffe correlates, as TensorFlow does.

JuntingNet comes as an `.npz` of its parameters in the order of nolearn's `get_all_params`. Three
things differ from Keras (shallow/train.py, and Lasagne):
- `layers.Conv2DLayer` is Theano's convolution: filters are turned by 180 degrees. The authors do
  not use the cuDNN layers, which may leave them unturned.
- `FeaturePoolLayer` takes the larger of neighbours 2j and 2j + 1, our Maxout that of j and j + n:
  the columns of the first dense layer are reordered.
- dense layers see the maps as (channels, rows, columns), as our `channels_first` does.
"""
import numpy as np

from keras_saliency.models.importing.entries import (
    CHANNELS_FIRST,
    CHANNELS_FIRST_FLIPPED,
    SAME,
    Converter,
    Entry,
    Layout,
    caffe_convolutions,
)
from keras_saliency.models.salnet_deep import CONVOLUTIONS
from keras_saliency.models.weights_file import WeightsError


def _deep_entries(arrays: dict, kind: str) -> list:
    names = [f"conv{number}" for number in range(1, len(CONVOLUTIONS) + 1)]
    return [*caffe_convolutions(zip(names, names)),
            Entry("deconv1", "kernel", "deconv1/0", CHANNELS_FIRST)]


DEEP = Converter(("caffemodel",), _deep_entries)


def _halves(array):
    """Put columns 0, 2, 4, ... before 1, 3, 5, ..."""
    return np.concatenate([array[..., 0::2], array[..., 1::2]], axis=-1)


PAIRED = Layout(tuple, _halves)
LAYERS = (("conv1", CHANNELS_FIRST_FLIPPED, SAME), ("conv2", CHANNELS_FIRST_FLIPPED, SAME),
          ("conv3", CHANNELS_FIRST_FLIPPED, SAME), ("dense1", PAIRED, PAIRED),
          ("dense2", SAME, SAME))


def _parameters(arrays: dict) -> list:
    """Return [(key of the kernel, key of the bias)] of the five layers, the first first."""
    # Old versions of Lasagne and nolearn list the layers backwards, and the bias before the kernel.
    keys = list(arrays)
    if len(keys) != 2 * len(LAYERS):
        raise WeightsError(f"it has {len(keys)} arrays, JuntingNet {2 * len(LAYERS)}: kernel and "
                           "bias of three convolutions and two dense layers")
    couples = [sorted(keys[n:n + 2], key=lambda key: -arrays[key].ndim)
               for n in range(0, len(keys), 2)]
    return couples[::-1] if arrays[couples[0][0]].ndim == 2 else couples


def _infer(arrays: dict, width_multiplier=1.0, **options) -> dict:
    """Return the number of filters of the third convolution: 64 for iSUN, 128 for SALICON."""
    third = arrays[_parameters(arrays)[2][0]]
    return {"filters": 64 if third.shape[:1] == (round(64 * width_multiplier),) else 128}


def _shallow_entries(arrays: dict, kind: str) -> list:
    return [entry for (layer, kernel, bias), (first, second) in zip(LAYERS, _parameters(arrays))
            for entry in (Entry(layer, "kernel", first, kernel),
                          Entry(layer, "bias", second, bias))]


def _about_shallow(path, kind: str, options: dict) -> dict:
    """Take the training data from the file's name, else from the number of filters."""
    by_filters = "isun" if options.get("filters") == 64 else "salicon"
    return {"dataset": next((name for name in ("isun", "salicon") if name in path.name.lower()),
                            by_filters)}


SHALLOW = Converter(("npz",), _shallow_entries, _about_shallow, infer=_infer)
