"""VGG16's 13 convolutions, for `encoder_weights`, from three kinds of files.

`.npy` (machrisaa/tensorflow-vgg: a dict of `conv1_1` ... -> [kernel, bias]) and `.caffemodel` (the
authors' own, VGG_ILSVRC_16_layers): pictures in BGR minus (103.939, 116.779, 123.68), which is our
"caffe".

torchvision's `.pth`: pictures in RGB as (x / 255 - mean) / std. That is folded into the first
convolution, so that the file is used with "caffe" like the others: the order of the channels and
the scale go into its kernel, the difference of the means into its bias. This is exact but for the
outermost ring of pixels: the zeros around a picture stand for torchvision's means there and for
Caffe's here, which differ by less than 0.5 of 255 levels.
"""
import keras
import numpy as np

from keras_saliency.models.backbones import VGG16_BLOCKS
from keras_saliency.models.backbones import vgg16 as encoder
from keras_saliency.models.importing.entries import CHANNELS_FIRST, Entry, Layout, pairs
from keras_saliency.models.layers import CAFFE_MEANS
from keras_saliency.models.release import CITATIONS
from keras_saliency.models.weights_file import WeightsError

FORMATS = ("npy", "caffemodel", "torch")
# (block, number in the block) of the 13 convolutions
CONVOLUTIONS = [(block, number) for block, (count, _) in enumerate(VGG16_BLOCKS, start=1)
                for number in range(1, count + 1)]
# RGB; torchvision.transforms of its ImageNet weights
TORCH_MEAN = np.array((0.485, 0.456, 0.406))
TORCH_STD = np.array((0.229, 0.224, 0.225))
ORIGINS = {
    "npy": ("https://github.com/machrisaa/tensorflow-vgg", "CC BY 4.0 (Simonyan and Zisserman)"),
    "caffemodel": ("https://gist.github.com/ksimonyan/211839e770f7b538e2d8",
                   "CC BY 4.0 (Simonyan and Zisserman)"),
    "torch": ("https://download.pytorch.org/models/vgg16-397923af.pth",
              "BSD-3-Clause (torchvision)"),
}


def build(width_multiplier=1.0, **unknown):
    """The encoder alone, whose shapes a file must have."""
    if unknown:
        raise ValueError(f"vgg16 has no option {next(iter(unknown))!r}; it has width_multiplier")
    image = keras.Input((None, None, 3), name="image")
    taps = encoder(image, pool_strides=(2, 2, 2, 2, None), width_multiplier=width_multiplier)
    return keras.Model(image, taps["block5_conv3"], name="vgg16")


def convolutions(pattern="conv{}_{}", prefix="") -> list:
    """(our layer, the author's) of the 13 convolutions."""
    return [(f"{prefix}block{block}_conv{number}", pattern.format(block, number))
            for block, number in CONVOLUTIONS]


def entries(arrays: dict, kind: str) -> list:
    """By name; torchvision's layers are numbered, ReLU and pools counted."""
    if kind == "torch":
        return _torch_entries(arrays)
    layout = {"layout": CHANNELS_FIRST} if kind == "caffemodel" else {}
    return [entry for ours, theirs in convolutions()
            for entry in pairs(ours, f"{theirs}/0", f"{theirs}/1", **layout)]


def _torch_entries(arrays) -> list:
    prefix = "features." if any(key.startswith("features.") for key in arrays) else ""
    number, found = 0, []
    for block, conv in CONVOLUTIONS:
        if conv == 1 and block > 1:
            number += 1  # the pool
        found += pairs(f"block{block}_conv{conv}", f"{prefix}{number}.weight",
                       f"{prefix}{number}.bias", CHANNELS_FIRST)
        number += 2  # the convolution and its ReLU
    if f"{prefix}1.running_mean" in arrays:
        raise WeightsError("it is vgg16_bn: its batch normalisation has no place here; take vgg16")
    kernel, bias = found[:2]
    first = arrays.get(kernel.key)
    if first is None or first.ndim != 4 or first.shape[1] != 3:
        return found  # named as missing or unfit by the check
    shifted = Layout(tuple, lambda array: array + _shift(first))
    return [kernel._replace(layout=Layout(CHANNELS_FIRST.shape, _folded)),
            Entry(bias.layer, "bias", bias.key, shifted), *found[2:]]


def _folded(kernel) -> np.ndarray:
    """[out, RGB, h, w] on torchvision's range -> [h, w, BGR, out] on levels of 0..255."""
    scaled = kernel / (255 * TORCH_STD)[:, None, None]
    return CHANNELS_FIRST.convert(scaled[:, ::-1])


def _shift(kernel) -> np.ndarray:
    """[out]: what the kernel makes of the difference between Caffe's means and torchvision's."""
    difference = (np.array(CAFFE_MEANS[::-1]) / 255 - TORCH_MEAN) / TORCH_STD
    return np.einsum("oihw,i->o", kernel.astype(np.float64), difference)


def about(path, kind: str, options: dict) -> dict:
    """Attributes of the encoder's file."""
    source, licence = ORIGINS[kind]
    return {"encoder": "vgg16", "preprocessing": "caffe",
            "training_data": "ImageNet (ILSVRC-2012)", "source": source, "licence": licence,
            "citation": CITATIONS["vgg16"],
            **({"note": "torchvision's normalisation is folded into block1_conv1; exact but for "
                        "the outermost ring of pixels"} if kind == "torch" else {})}
