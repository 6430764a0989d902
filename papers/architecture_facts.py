"""What the papers state of their networks, and where it can be read off a network."""
from typing import NamedTuple, Optional

import keras

RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.RNN)


class Network(NamedTuple):
    """A network that was built.

    Attributes:
        model: keras.Model. costs: {layer: `LayerCost`} at `size`. total: its `Cost`.
        size: (h, w) of the image. loss: {name: factor} of its recipe, or None.
    """

    model: keras.Model
    costs: dict
    total: object
    size: tuple
    loss: Optional[dict]


def times(shape) -> str:
    """15x20x512 of (15, 20, 512)."""
    return "x".join(map(str, shape))


def stated(value):
    """A fact as text or number."""
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


_TABLE_1 = [("LSTM", "no", _lstm), ("CB", "no", _center_bias)]

# network -> [(fact, the paper's, function of a `Network`)]
FACTS = {
    "msi_net": [
        ("trainable parameters", 24934209, _parameters),
        ("encoder output at 1/8 of 240x320", "30x40x512", _output("block5_pool")),
        ("rate of the last encoder block", "2, 2, 2",
         _rates("block5_conv1", "block5_conv2", "block5_conv3")),
        ("concatenated maps", "1280", _maps("encoder_features")),
        ("filters of the five branches", "256, 256, 256, 256, 256",
         _maps(*(f"aspp_conv1_{index}" for index in range(1, 6)))),
        ("dilation rates", "4, 8, 12", _rates("aspp_conv1_2", "aspp_conv1_3", "aspp_conv1_4")),
        ("maps of the ASPP module", "1280", _maps("aspp_features")),
        ("maps after its 1x1 convolution", "256", _maps("aspp_conv2")),
        ("maps of the decoder", "128, 64, 32",
         _maps("decoder_conv1", "decoder_conv2", "decoder_conv3")),
        ("last convolution", "3x3", _kernel("decoder_conv4")),
        ("output", "240x320", _result),
        ("loss", "kld", _loss)],
    "ead": [
        ("feature tensor", "15x20x512", _output("block5_conv3")),
        ("pools kept", 4, _pools),
        ("blocks of the decoder", 4, _count(keras.layers.Conv2DTranspose)),
        ("sums in them", 4, _count(keras.layers.Add)),
        ("kernel of a convolution", "3x3", _kernel("decoder1_reduce")),
        ("kernel of a deconvolution", "2x2", _kernel("decoder1_up")),
        ("maps before the last convolution", "64", _maps("decoder4_up")),
        ("output", "240x320", _result),
        ("inputs", 1, _scales), *_TABLE_1, ("loss", "ead", _loss)],
    "vgg_linear": [
        ("convolutions of VGG-16", 13, _convolutions),
        ("convolution on top", "1x1", _kernel("readout")),
        ("loss", "neg_nss", _loss)],
    "deepgaze1": [
        ("downsampling of the image", 2, _downsampling),
        ("responses at a location, all layers", 3712, _combined),
        ("fully connected layers", 0, _count(keras.layers.Dense)),
        ("prior distribution added", "yes", _center_bias)],
    "salnet_deep": [
        ("parameters", "25.8 million", _millions),
        ("layers with weights", 10, _weight_layers),
        ("smallest map, a quarter of 240x320", "60x80", _smallest),
        ("output", "240x320", _result), *_TABLE_1],
    "salnet_shallow": [
        ("parameters", "64.4 million", _millions),
        ("layers with weights", 5, _weight_layers),
        ("output of the last pool", "10x10x128", _output("pool3")),
        ("units before the maxout", "4608", _maps("dense1")),
        ("units after it", "2304", _maps("maxout")),
        ("saliency map", "48x48x1", _output("map")),
        ("loss", "mse", _loss)],
    "salnet_shallow_isun": [
        ("filters of the third convolution", "64", _maps("conv3")),
        ("output of the last pool", "10x10x64", _output("pool3"))],
    "scene_classifier": [
        ("convolutions of VGG", 13, _convolutions),
        ("fully connected layers", 3, _count(keras.layers.Dense))],
    "salgan": [
        ("inputs", 1, _scales), ("convolutions of VGG", 13, _convolutions), *_TABLE_1,
        ("loss", "bce_pooled", _loss)],
    "opensalicon": [("resolutions of the input", 2, _scales), *_TABLE_1],
}
