"""Rules that turn the arrays of an author's file into our variables: one `Converter` per model."""
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, NamedTuple, Optional

import keras
import numpy as np

from keras_saliency.files import require
from keras_saliency.models.backbones import ALEXNET, VGG16_BLOCKS, alexnet, vgg16
from keras_saliency.models.salgan import DECODER
from keras_saliency.models.salnet_deep import CONVOLUTIONS


@dataclass(frozen=True)
class Converter:
    """Rules to read the weights that the authors of one model published."""

    formats: tuple  # kinds of files to read, keys of `formats.READERS`
    entries: Callable  # (arrays, kind) -> list of `Entry`
    # (path, kind, options) -> attributes of our weights file that sources.yaml does not have
    about: Callable = lambda path, kind, options: {}
    build: Optional[Callable] = None  # (**options) -> keras.Model of an encoder
    infer: Optional[Callable] = None  # (arrays, **options) -> {option: value} that arrays imply


class Layout(NamedTuple):
    """Layout of an array in the author's file."""

    shape: Callable  # our variable's shape -> the author's
    convert: Callable  # the author's array -> ours


def _channels_last(array):
    return array.transpose(2, 3, 1, 0)


def _channels_first(shape):
    return tuple(shape[axis] for axis in (3, 2, 0, 1)) if len(shape) == 4 else tuple(shape)


SAME = Layout(tuple, np.asarray)
# [out, in, h, w] of Caffe and Theano. A transposed convolution is [in, out, h, w] in Caffe and
# [h, w, out, in] in Keras, so that the same transposition applies.
CHANNELS_FIRST = Layout(_channels_first, _channels_last)
# Theano convolves: it slides the filter turned by 180 degrees, TensorFlow as it is.
CHANNELS_FIRST_FLIPPED = Layout(_channels_first, lambda a: _channels_last(a)[::-1, ::-1])


class Entry(NamedTuple):
    """`layer`/`variable` of our model is `key` of the file, in `layout`."""

    layer: str
    variable: str
    key: str
    layout: Layout = SAME


def _pairs(rows: Iterable) -> list:
    """Return two entries for each (layer, key of its kernel, key of its bias, their layouts)."""
    return [entry for layer, kernel, bias, *layouts in rows
            for entry in (Entry(layer, "kernel", kernel, *layouts[:1]),
                          Entry(layer, "bias", bias, *layouts[1:]))]


def _vgg16_convolutions(pattern: str = "conv{}_{}", prefix: str = "") -> list:
    """Return [(our layer, the author's)] of VGG16's 13 convolutions."""
    return [(f"{prefix}block{block}_conv{number}", pattern.format(block, number))
            for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
            for number in range(1, count + 1)]


def _caffe_convolutions(layers: Iterable) -> list:
    """Return the entries of a Caffe model's convolutions, from [(our layer, the author's)]."""
    return _pairs((ours, f"{theirs}/0", f"{theirs}/1", CHANNELS_FIRST) for ours, theirs in layers)


def _dataset(path: Path, names: Iterable, default: str) -> str:
    """Return the dataset that a file's name mentions, else `default`."""
    return next((name for name in names if name in path.name.lower()), default)


# Encoders for `encoder_weights`

def _encoder(name: str, taps: Callable, last: str) -> Callable:
    """Return a builder of an encoder's convolutions, whose shapes a file must have."""
    def build(width_multiplier: float = 1.0) -> keras.Model:
        image = keras.Input((None, None, 3), name="image")
        return keras.Model(image, taps(image, width_multiplier=width_multiplier)[last], name=name)

    return build


def _vgg16_entries(arrays: dict, kind: str) -> list:
    """By name; the checkpoint has `conv1_1/weights`, `conv1_1/biases`, kernels [h, w, in, out]."""
    if kind == "caffemodel":
        return _caffe_convolutions(_vgg16_convolutions())
    return _pairs((ours, f"{theirs}/weights", f"{theirs}/biases")
                  for ours, theirs in _vgg16_convolutions())


def _about_hybrid(path: Path, kind: str, options: dict) -> dict:
    caffe = kind == "caffemodel"
    return {"preprocessing": "caffe" if caffe else "msi_net", "source": "https://github.com/" + (
        "CSAILVision/places365" if caffe else "alexanderkroner/saliency")}


def _alexnet_entries(arrays: dict, kind: str) -> list:
    """By name; a group's filters see only the group's channels, in Caffe as here."""
    return _caffe_convolutions((f"alexnet_conv{depth}", f"conv{depth}")
                               for depth in range(1, len(ALEXNET) + 1))


# MSI-Net. Names are those of `tf.layers` in github.com/alexanderkroner/saliency, model.py. The
# SavedModel at huggingface.co/alexanderkroner/MSI-Net holds them as constants inside a function.
# Kernels are [h, w, in, out], in the graphs for GPU as well.

# names of the authors' files are model_<dataset>_<device>; (h, w) as in their config.py
CANVASES = {"salicon": (240, 320), "osie": (240, 320), "mit1003": (360, 360),
            "dutomron": (360, 360), "pascals": (360, 360), "cat2000": (216, 384),
            "fiwi": (216, 384)}
HEAD = ([(f"aspp_conv1_{n}", f"aspp/conv1_{n}") for n in range(1, 6)]
        + [("aspp_conv2", "aspp/conv2")]
        + [(f"decoder_conv{n}", f"decoder/conv{n}") for n in range(1, 5)])


def _msi_net_entries(arrays: dict, kind: str) -> list:
    """By name, without leading scopes (`import/`) and the endings that TensorFlow adds."""
    plain = {}
    for key in arrays:
        name = key.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE").removesuffix("/read")
        plain.setdefault(name.split(":")[0], key)
    return _pairs((ours, *(_find(plain, arrays, f"{theirs}/{name}") for name in ("kernel", "bias")))
                  for ours, theirs in _vgg16_convolutions("conv{0}/conv{0}_{1}") + HEAD)


def _find(plain: dict, arrays: dict, wanted: str) -> str:
    """Return the key that ends in `wanted`, or `wanted` itself if no key does."""
    keys = [key for name, key in plain.items() if f"/{name}".endswith(f"/{wanted}")]
    require(all(np.array_equal(arrays[keys[0]], arrays[key]) for key in keys[1:]),
            f"{' and '.join(keys)} differ: either could be {wanted}")
    return keys[0] if keys else wanted


def _about_msi_net(path: Path, kind: str, options: dict) -> dict:
    dataset = _dataset(path, CANVASES, "salicon")
    return {"canvas": CANVASES[dataset], "dataset": dataset}


# OpenSALICON (CLT29/OpenSALICON, salicon.prototxt). The fine scale is `conv1_1` ..., the coarse one
# `sec_conv1_1` ... Their concatenation puts the coarse maps first, ours the fine ones, so the
# halves of the readout are swapped.

def _fine_first(kernel: np.ndarray) -> np.ndarray:
    """[1, coarse and fine, 1, 1] -> [1, 1, fine and coarse, 1]."""
    coarse, fine = np.split(kernel, 2, axis=1)
    return CHANNELS_FIRST.convert(np.concatenate([fine, coarse], axis=1))


def _opensalicon_entries(arrays: dict, kind: str) -> list:
    encoders = [*_vgg16_convolutions(prefix="fine_"),
                *_vgg16_convolutions("sec_conv{}_{}", "coarse_")]
    readout = Layout(CHANNELS_FIRST.shape, _fine_first)
    return _caffe_convolutions(encoders) + _pairs(
        [("saliency", "saliency_map/0", "saliency_map/1", readout)])


# SalGAN's generator. The file holds the parameters in the order of Lasagne's
# `get_all_param_values`: kernel and bias of the 13 convolutions of VGG16, then of `uconv5_3` ...
# `uconv1_1` and `output` (imatge-upc/salgan, scripts/models/generator.py). The encoder's layers
# have `flip_filters=False` (vgg16.py), since their first weights came from Caffe; the decoder's
# have Lasagne's default and are turned by 180 degrees.

UPWARDS = [f"uconv{block}_{number}" for block, count, _ in DECODER
           for number in range(count, 0, -1)] + ["output"]


def _salgan_entries(arrays: dict, kind: str) -> list:
    """By order: arr_0 and arr_1 are the first convolution."""
    layers = ([(ours, CHANNELS_FIRST) for ours, _ in _vgg16_convolutions()]
              + [(name, CHANNELS_FIRST_FLIPPED) for name in UPWARDS])
    require(len(arrays) == 2 * len(layers), f"it has {len(arrays)} arrays, SalGAN's generator "
            f"{2 * len(layers)}; the discriminator and other networks are not read")
    return _pairs((layer, f"arr_{2 * index}", f"arr_{2 * index + 1}", layout)
                  for index, (layer, layout) in enumerate(layers))


# SalNet and JuntingNet, the deep and the shallow network of imatge-upc/saliency-2016-cvpr. SalNet's
# layers have the names of the authors' deploy.prototxt, which are ours. JuntingNet's parameters
# have the order of nolearn's `get_all_params`. Three things differ from Keras (shallow/train.py,
# and Lasagne):
# - `layers.Conv2DLayer` is Theano's convolution: filters are turned by 180 degrees. The authors do
#   not use the cuDNN layers, which may leave them unturned.
# - `FeaturePoolLayer` takes the larger of neighbours 2j and 2j + 1, our Maxout that of j and j + n:
#   the columns of the first dense layer are reordered.
# - dense layers see the maps as (channels, rows, columns), as our `channels_first` does.

def _salnet_entries(arrays: dict, kind: str) -> list:
    names = [f"conv{number}" for number in range(1, len(CONVOLUTIONS) + 1)]
    return [*_caffe_convolutions(zip(names, names)),
            Entry("deconv1", "kernel", "deconv1/0", CHANNELS_FIRST)]


def _halves(array: np.ndarray) -> np.ndarray:
    """Put columns 0, 2, 4, ... before 1, 3, 5, ..."""
    return np.concatenate([array[..., 0::2], array[..., 1::2]], axis=-1)


PAIRED = Layout(tuple, _halves)
JUNTINGNET = (("conv1", CHANNELS_FIRST_FLIPPED, SAME), ("conv2", CHANNELS_FIRST_FLIPPED, SAME),
              ("conv3", CHANNELS_FIRST_FLIPPED, SAME), ("dense1", PAIRED, PAIRED),
              ("dense2", SAME, SAME))


def _parameters(arrays: dict) -> list:
    """Return [(key of the kernel, key of the bias)] of the five layers, the first first."""
    # Old versions of Lasagne and nolearn list the layers backwards, and the bias before the kernel.
    keys = list(arrays)
    require(len(keys) == 2 * len(JUNTINGNET), f"it has {len(keys)} arrays, JuntingNet "
            f"{2 * len(JUNTINGNET)}: kernel and bias of three convolutions and two dense layers")
    couples = [sorted(keys[n:n + 2], key=lambda key: -arrays[key].ndim)
               for n in range(0, len(keys), 2)]
    return couples[::-1] if arrays[couples[0][0]].ndim == 2 else couples


def _infer(arrays: dict, width_multiplier: float = 1.0, **options) -> dict:
    """Return the number of filters of the third convolution: 64 for iSUN, 128 for SALICON."""
    third = arrays[_parameters(arrays)[2][0]]
    return {"filters": 64 if third.shape[:1] == (round(64 * width_multiplier),) else 128}


def _juntingnet_entries(arrays: dict, kind: str) -> list:
    return _pairs((layer, *keys, *layouts)
                  for (layer, *layouts), keys in zip(JUNTINGNET, _parameters(arrays)))


def _about_juntingnet(path: Path, kind: str, options: dict) -> dict:
    by_filters = "isun" if options.get("filters") == 64 else "salicon"
    return {"dataset": _dataset(path, ("isun", "salicon"), by_filters)}


_build_vgg16 = _encoder("vgg16", vgg16, "block5_conv3")

CONVERTERS = {
    # Caffe's reference network (`bvlc_reference_caffenet`) of DeepGaze I, which pools before it
    # normalises and takes BGR minus the mean of ImageNet, our "alexnet".
    "alexnet": Converter(("caffemodel",), _alexnet_entries,
                         build=_encoder("alexnet", alexnet, "alexnet_conv5")),
    "msi_net": Converter(("graph", "checkpoint", "saved_model"), _msi_net_entries, _about_msi_net),
    "opensalicon": Converter(("caffemodel",), _opensalicon_entries),
    "salgan": Converter(("npz",), _salgan_entries),
    "salnet_deep": Converter(("caffemodel",), _salnet_entries),
    "salnet_shallow": Converter(("npz",), _juntingnet_entries, _about_juntingnet, infer=_infer),
    # The authors' Caffe model: BGR minus (103.939, 116.779, 123.68), our "caffe".
    "vgg16": Converter(("caffemodel",), _vgg16_entries, build=_build_vgg16),
    # The start of MSI-Net: its authors' checkpoint `vgg16_hybrid.ckpt`, which takes RGB minus
    # (103.939, 116.779, 123.68), our "msi_net"; or the Caffe model `vgg16_hybrid1365` of
    # Places365's authors, which takes BGR, our "caffe", minus a mean of Places365 that its page
    # does not give in numbers.
    "vgg16_hybrid": Converter(("checkpoint", "caffemodel"), _vgg16_entries, _about_hybrid,
                              _build_vgg16),
}
