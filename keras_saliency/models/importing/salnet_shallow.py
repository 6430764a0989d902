"""JuntingNet from an `.npz` of its parameters, in the order of nolearn's `get_all_params`.

Three things differ from Keras (imatge-upc/saliency-2016-cvpr, shallow/train.py, and Lasagne):
- `layers.Conv2DLayer` is Theano's convolution: filters are turned by 180 degrees. The authors do
  not use the cuDNN layers, which could leave them as they are.
- `FeaturePoolLayer` takes the larger of neighbours 2j and 2j + 1, our Maxout of j and j + n: the
  columns of the first dense layer are sorted accordingly.
- dense layers see the maps as (channels, rows, columns); so does our `channels_first`.
"""
import numpy as np

from keras_saliency.models.importing.entries import CHANNELS_FIRST_FLIPPED, SAME, Entry, Layout
from keras_saliency.models.importing.salnet_deep import CITATION, SOURCE
from keras_saliency.models.weights_file import WeightsError

FORMATS = ("npz",)
REMEDY = (
    "The authors' file is a whole nolearn network with its classes. On a machine with Python 2, "
    "Theano 0.7 and the Lasagne and nolearn of their requirements.txt, and only if you trust the "
    "file, write its arrays alone: net = cPickle.load(open('JuntingNet_SALICON.pickle', 'rb')); "
    "numpy.savez('juntingnet.npz', *[p.get_value() for p in net.get_all_params()]); then import "
    "juntingnet.npz")


def _halves(array):
    """Columns 0, 2, 4, ... before 1, 3, 5, ..."""
    return np.concatenate([array[..., 0::2], array[..., 1::2]], axis=-1)


PAIRED = Layout(tuple, _halves)
LAYERS = (("conv1", CHANNELS_FIRST_FLIPPED, SAME), ("conv2", CHANNELS_FIRST_FLIPPED, SAME),
          ("conv3", CHANNELS_FIRST_FLIPPED, SAME), ("dense1", PAIRED, PAIRED),
          ("dense2", SAME, SAME))


def _parameters(arrays: dict) -> list:
    """(key of the kernel, key of the bias) of the five layers, from the first on.

    Old versions of Lasagne and nolearn list the layers from the last on, and the bias before the
    kernel; the number of axes tells.
    """
    keys = list(arrays)
    if len(keys) != 2 * len(LAYERS):
        raise WeightsError(f"it has {len(keys)} arrays, JuntingNet {2 * len(LAYERS)}: kernel and "
                           "bias of three convolutions and two dense layers")
    couples = [sorted(keys[n:n + 2], key=lambda key: -arrays[key].ndim)
               for n in range(0, len(keys), 2)]
    return couples[::-1] if arrays[couples[0][0]].ndim == 2 else couples


def infer(arrays: dict, width_multiplier=1.0, **options) -> dict:
    """{"filters": of the third convolution}: 64 if it is so, as for iSUN, else 128 (SALICON)."""
    third = arrays[_parameters(arrays)[2][0]]
    return {"filters": 64 if third.shape[:1] == (round(64 * width_multiplier),) else 128}


def entries(arrays: dict, kind: str) -> list:
    """By order."""
    return [entry for (layer, kernel, bias), (first, second) in zip(LAYERS, _parameters(arrays))
            for entry in (Entry(layer, "kernel", first, kernel),
                          Entry(layer, "bias", second, bias))]


def about(path, kind: str, options: dict) -> dict:
    """Attributes; the training data by the file's name, else by the number of filters."""
    by_filters = "isun" if options.get("filters") == 64 else "salicon"
    dataset = next((name for name in ("isun", "salicon") if name in path.name.lower()), by_filters)
    return {"preprocessing": "unit", "canvas": (96, 96), "fit": "stretch",
            "dataset": dataset, "source": SOURCE, "licence": "MIT", "citation": CITATION}
