"""Facts that the papers state about their networks, and functions that read them off."""
from typing import NamedTuple, Optional

import keras

from papers.published import PAPERS, numbers

RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.RNN)


class Network(NamedTuple):
    """A network that was built.

    Attributes:
        model: keras.Model. costs: {layer: `LayerCost`} at `size`. total: its `Cost`.
        size: (h, w) of the image. loss: {name: factor} of its recipe or None.
    """

    model: keras.Model
    costs: dict
    total: object
    size: tuple
    loss: Optional[dict]


def times(shape) -> str:
    """Return 15x20x512 for (15, 20, 512)."""
    return "x".join(map(str, shape))


def stated(value):
    """Return a fact as text or number."""
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _parameters(network):
    return network.total.parameters


def _millions(network):
    return f"{network.total.parameters / 1e6:.1f} million"


def _output(name):
    return lambda network: times(network.costs[name].shape)


def _maps(*names):
    return lambda network: [network.costs[name].shape[-1] for name in names]


def _rates(*names):
    return lambda network: [network.model.get_layer(name).dilation_rate[0] for name in names]


def _count(kind):
    return lambda network: sum(isinstance(layer, kind) for layer in network.model.layers)


def _weight_layers(network):
    return sum(cost.parameters > 0 for cost in network.costs.values())


def _result(network):
    *size, _ = list(network.costs.values())[-1].shape
    return times(size)


def _convolutions(network):
    return sum("_conv" in name for name in network.costs if name.startswith("block"))


def _kernel(name):
    return lambda network: times(network.model.get_layer(name).kernel_size)


def _loss(network):
    return list(network.loss)


def _pools(network):
    return sum(name.startswith("block") and name.endswith("_pool") for name in network.costs)


def _scales(network):
    return sum(name.endswith("block1_conv1") for name in network.costs)


def _center_bias(network):
    return "yes" if "center_bias" in network.costs else "no"


def _lstm(network):
    return "yes" if _count(RECURRENT)(network) else "no"


def _combined(network):
    return sum(network.model.get_layer(name).kernel.shape[-2] for name in network.costs
               if name.endswith("_readout"))


def _downsampling(network):
    return network.size[0] // network.costs["halve"].shape[0]


def _smallest(network):
    return times(min((cost.shape for cost in network.costs.values()), key=lambda s: s[0])[:2])


_TABLE_1 = {"LSTM": _lstm, "CB": _center_bias}

# network -> {fact: function of a `Network`}
READ = {
    "msi_net": {
        "trainable parameters": _parameters,
        "encoder output at 1/8 of 240x320": _output("block5_pool"),
        "rate of the last encoder block": _rates("block5_conv1", "block5_conv2", "block5_conv3"),
        "concatenated maps": _maps("encoder_features"),
        "filters of the five branches": _maps(*(f"aspp_conv1_{index}" for index in range(1, 6))),
        "dilation rates": _rates("aspp_conv1_2", "aspp_conv1_3", "aspp_conv1_4"),
        "maps of the ASPP module": _maps("aspp_features"),
        "maps after its 1x1 convolution": _maps("aspp_conv2"),
        "maps of the decoder": _maps("decoder_conv1", "decoder_conv2", "decoder_conv3"),
        "last convolution": _kernel("decoder_conv4"),
        "output": _result,
        "loss": _loss},
    "ead": {
        "feature tensor": _output("block5_conv3"),
        "pools kept": _pools,
        "blocks of the decoder": _count(keras.layers.Conv2DTranspose),
        "sums in them": _count(keras.layers.Add),
        "kernel of a convolution": _kernel("decoder1_reduce"),
        "kernel of a deconvolution": _kernel("decoder1_up"),
        "maps before the last convolution": _maps("decoder4_up"),
        "output": _result,
        "inputs": _scales, **_TABLE_1, "loss": _loss},
    "vgg_linear": {
        "convolutions of VGG-16": _convolutions,
        "convolution on top": _kernel("readout"),
        "loss": _loss},
    "deepgaze1": {
        "downsampling of the image": _downsampling,
        "responses at a location, all layers": _combined,
        "fully connected layers": _count(keras.layers.Dense),
        "prior distribution added": _center_bias},
    "salnet_deep": {
        "parameters": _millions,
        "layers with weights": _weight_layers,
        "smallest map, a quarter of 240x320": _smallest,
        "output": _result, **_TABLE_1},
    "salnet_shallow": {
        "parameters": _millions,
        "layers with weights": _weight_layers,
        "output of the last pool": _output("pool3"),
        "units before the maxout": _maps("dense1"),
        "units after it": _maps("maxout"),
        "saliency map": _output("map"),
        "loss": _loss},
    "salnet_shallow_isun": {
        "filters of the third convolution": _maps("conv3"),
        "output of the last pool": _output("pool3")},
    "scene_classifier": {
        "convolutions of VGG": _convolutions,
        "fully connected layers": _count(keras.layers.Dense)},
    "salgan": {
        "inputs": _scales, "convolutions of VGG": _convolutions, **_TABLE_1, "loss": _loss},
    "opensalicon": {"resolutions of the input": _scales, **_TABLE_1},
}


def _stated(network, fact):
    """Return the value that a paper states; two papers state facts of `salnet_deep`."""
    return next(facts[network][fact] for facts in (numbers(p, "architectures") for p in PAPERS)
                if fact in facts.get(network, ()))


# network -> [(fact, the paper's value, function of a `Network`)]
FACTS = {network: [(fact, _stated(network, fact), read) for fact, read in facts.items()]
         for network, facts in READ.items()}
