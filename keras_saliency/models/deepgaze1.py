"""DeepGaze I: Kuemmerer, Theis and Bethge, "DeepGaze I: Boosting Saliency Prediction with Feature
Maps Trained on ImageNet" (ICLR workshop 2015).

Input: RGB float32 0..255 [B, H, W, 3] of any size; the picture is halved before the backbone. If
twice the stride of a layer does not divide the size, the cells are stretched over the remainder,
and the density shifts by up to a cell. Output: density float32 [B, H, W, 1], sums to 1; the layer
`log_density` holds its logarithm in nats. Trained parameters: one per unit of the chosen layers
(256 of AlexNet's conv5, 1,536 of VGG16's block 5), the width of the blur, the weight of the
center_bias. Units of a layer are combined before they are enlarged: the same sum in less memory.

Departures: the blur is in cells of the finest chosen layer, and its weights are renormalised at the
border. The paper pads convolutions to "full". Here only AlexNet's first is, which Caffe does not
pad; the others keep Caffe's padding, so that their cells stay aligned with the picture. VGG16's are
all padded to "same". The center_bias is the kernel density or the histogram of section 1.1
(`data.center_bias`); `evaluate --prior uniform` leaves it out, as section 2.2 does for shuffled
AUC.
"""
import re
from functools import partial
from typing import Iterable, Optional, Sequence, Union

import keras
from keras import layers

from keras_saliency.config import is_whole
from keras_saliency.files import InputError, require
from keras_saliency.maps.finish import DENSITY
from keras_saliency.models import density_layers
from keras_saliency.models.backbones import ALEXNET, VGG16_BLOCKS, alexnet, vgg16
from keras_saliency.models.layers import Preprocess, ResizeLike
from keras_saliency.models.spec import ModelSpec

# backbone -> (preprocessing, builder of its taps)
BACKBONES = {"alexnet": ("alexnet", alexnet), "vgg16": ("caffe", partial(vgg16, relu_layers=True))}
HALVED = 2  # the backbone sees the picture halved
SUBSET_KEYS = ("from", "to", "of", "type")
_NAME = re.compile(r"(?:block|alexnet_(?:conv|relu|pool|norm))(\d+)")
_TYPE = re.compile(r"_(conv|relu|pool|norm)\d*$")


def deepgaze1(input_shape: tuple = (None, None, 3), backbone: str = "vgg16",
              layer_subset: Optional[Union[str, Sequence, dict]] = None,
              width_multiplier: float = 1.0) -> keras.Model:
    """Build DeepGaze I without weights; the module's docstring gives ranges and shapes.

    Its layers are `<layer>_readout` for each chosen layer, `blur`, `center_bias`, `log_density`.

    Args:
        backbone: "vgg16" or "alexnet".
        layer_subset: names of layers of the backbone, or a dict with any of the keys "from",
            "to", "of" (depths: the block of VGG16, the number of AlexNet's convolution) and
            "type" ("conv", the response before the rectification, "relu", "pool", "norm").
            Default: {"of": 5, "type": "conv"}, as in the paper.
    """
    require(isinstance(backbone, str) and backbone in BACKBONES,
            f"backbone {backbone!r}; choose from {', '.join(BACKBONES)}")
    image = keras.Input(input_shape, name="image")
    half = layers.AveragePooling2D(HALVED, name="halve")(image)
    mode, build_taps = BACKBONES[backbone]
    taps = build_taps(Preprocess(mode, name="preprocess")(half), width_multiplier=width_multiplier)
    chosen = choose_layers(taps, {"of": 5, "type": "conv"} if layer_subset is None
                           else layer_subset)
    combined = []
    for name in chosen:  # by depth: the first has the most cells
        x = density_layers.FeatureScale(name=f"{name}_scale")(taps[name])
        x = layers.Conv2D(1, 1, use_bias=False, name=f"{name}_readout",
                          kernel_initializer=keras.initializers.Constant(
                              1 / (len(chosen) * x.shape[-1])))(x)
        combined.append(x if not combined else
                        ResizeLike(align_corners=False, name=f"{name}_enlarge")([x, combined[0]]))
    x = layers.Add(name="combination")(combined) if len(combined) > 1 else combined[0]
    x = density_layers.GaussianBlur(name="blur")(x)
    x = ResizeLike(align_corners=False, name="enlarge")([x, image])
    x = density_layers.AddCenterBias(name="center_bias")(x)
    x = density_layers.LogSoftmax(name="log_density")(x)
    return keras.Model(image, layers.Activation("exponential", name="density")(x), name="deepgaze1")


def choose_layers(names: Iterable, subset: Union[str, Sequence, dict]) -> list:
    """Return the names that `layer_subset` of `deepgaze1` selects, in the backbone's order."""
    names = list(names)
    require(isinstance(subset, (str, list, tuple, dict)), "layer_subset must be names of layers, "
            f"or {', '.join(SUBSET_KEYS)} with their values, not {subset!r}")
    if not isinstance(subset, dict):
        wanted = [subset] if isinstance(subset, str) else list(subset)
        unknown = [name for name in wanted if name not in names]
        require(wanted and not unknown, "layer_subset: no layer "
                f"{', '.join(map(repr, unknown)) or 'given'}; the layers are {', '.join(names)}")
        return [name for name in names if name in wanted]
    for key in subset:
        require(key in SUBSET_KEYS,
                f"layer_subset has no key {key!r}; its keys are {', '.join(SUBSET_KEYS)}")
        require(key == "type" or is_whole(subset[key]),
                f"layer_subset: {key} must be a whole number, not {subset[key]!r}")
    require("of" not in subset or not {"from", "to"} & set(subset), f"layer_subset {subset}: use "
            '"of" for one depth, or "from" and "to" for a range')
    first, last = (subset.get(key, subset.get("of", default))
                   for key, default in (("from", 1), ("to", 5)))
    found = [name for name in names
             if first <= int(_NAME.match(name).group(1)) <= last
             and subset.get("type") in (None, _TYPE.search(name).group(1))]
    require(found, f"layer_subset {subset} matches no layer; the layers are {', '.join(names)}")
    return found


def receptive_field(name: str) -> tuple:
    """Return (size, stride) of a backbone's layer, in pixels of the halved picture: cell i sees
    `size` pixels around (i + 0.5) * stride along an axis, a few off in AlexNet (see `alexnet`)."""
    if name.startswith("alexnet"):
        steps = [(f"alexnet_{kind}{depth}", size, stride)
                 for depth, (_, kernel, step, _, pooled, _) in enumerate(ALEXNET, start=1)
                 for kind, size, stride in (("conv", kernel, step), ("relu", 1, 1),
                                            *([("pool", 3, 2), ("norm", 1, 1)] if pooled else []))]
    else:
        steps = [step for block, (convolutions, _) in enumerate(VGG16_BLOCKS, start=1)
                 for step in (*((f"block{block}_{kind}{conv}", size, 1)
                                for conv in range(1, convolutions + 1)
                                for kind, size in (("conv", 3), ("relu", 1))),
                              (f"block{block}_pool", 2, 2))]
    seen, jump = 1, 1
    for layer, size, stride in steps:
        seen, jump = seen + (size - 1) * jump, jump * stride
        if layer == name:
            return seen, jump
    raise InputError(f"no backbone has a layer {name!r}")


SPEC = ModelSpec(
    deepgaze1, canvas=(480, 640),
    citation="Kuemmerer, Theis and Bethge (2015), DeepGaze I: Boosting saliency prediction with "
             "feature maps trained on ImageNet, ICLR workshop",
    density=True, finish=DENSITY,
    published="AlexNet: 3,750,913 parameters, without groups (MSI-Net paper, Table 3); ours "
              "2,338,690 with them")
