"""Networks whose units a result studies."""
from pathlib import Path
from typing import NamedTuple

import keras

from keras_saliency.maps import PAD, STRETCH
from keras_saliency.models import build_model, facts_of, load_pretrained, with_facts
from keras_saliency.models.facts_layer import output_layer
from keras_saliency.models.pretrained import encoder_layers
from keras_saliency.units.activations import LayerError, members
from keras_saliency.units.detectors import BEST_IMAGES, Detectors, fixation_detectors
from keras_saliency.units.unit_scores import UnitScores, score_dataset
from keras_saliency.units.unit_study import output_nss
from papers.making.setting import QUICK_CANVAS

# VGG16 with ImageNet weights below a readout of ones: its output is the mean of its units
UNTRAINED = "imagenet"
CANVAS = (240, 320), PAD              # size and fit of EAD
READOUT_CANVAS = (224, 224), STRETCH  # size and fit of the VGG readouts of He et al. 2019
# Networks without VGG16 or AlexNet. He, Borji, Mi and Pugeault (2018, section 5) count the first
# five convolutions of the deep network as its encoder, and all of the shallow network's.
ENCODER_OUTPUTS = {"salnet_deep": "conv5", "salnet_shallow": "conv3"}


def model_of(setting, name: str, canvas=CANVAS):
    """Load a network by the name of its weights or `UNTRAINED`; with `setting.quick` build a tiny
    random one.

    Args:
        canvas: ((H, W), fit) of `UNTRAINED`; trained networks have their own.
    """
    if setting.quick:
        keras.utils.set_random_seed(1 + (name == UNTRAINED))
        model = build_model("vgg_linear" if name == UNTRAINED else name, width_multiplier=0.03)
        return with_facts(model, facts_of(model).changed(canvas=QUICK_CANVAS))
    if name != UNTRAINED:
        return load_pretrained(name)
    model = build_model("vgg_linear", encoder_weights=UNTRAINED)
    size, fit = canvas
    return with_facts(model, facts_of(model).changed(canvas=size, fit=fit))


def short(name: str) -> str:
    """Return the name of weights in a table; that of a run is the last part of its folder."""
    path = Path(str(name))
    return path.parent.name if path.name == "best.h5" else path.name


class EncoderUnits(NamedTuple):
    """Units of the encoder's last layer on a dataset.

    Attributes:
        layer: its name, "a+b" for two encoders. units: {member: number of units}.
        scores: `UnitScores` of all units. detectors: the positive fixation detectors among them.
        nss: NSS of the network's saliency_map.
    """

    layer: str
    units: dict
    scores: UnitScores
    detectors: Detectors
    nss: float


def score_encoder(network, dataset, model: str) -> EncoderUnits:
    """Score a network's encoder units and output in one pass; model: name in the progress bar."""
    layer, output = encoder_output(network), output_layer(network)
    canvas = facts_of(network).require_canvas()
    parts = members(layer)
    scores = score_dataset(network, [*parts, output], dataset, canvas, keep=BEST_IMAGES,
                           label=f"{short(model)}: scoring units")
    joined = UnitScores.joined([scores[name] for name in parts])
    return EncoderUnits(layer, {name: len(scores[name].alive) for name in parts}, joined,
                        fixation_detectors(joined),
                        output_nss(network, scores[output], dataset, canvas))


def encoder_output(model) -> str:
    """Return the layer whose activation_maps the decoder gets: the encoder's last convolution.

    For several encoders, such as OpenSALICON's, it is the group "a+b" of their last ones.

    Raises:
        LayerError: the model has no encoder known here.
    """
    if model.name in ENCODER_OUTPUTS:
        return ENCODER_OUTPUTS[model.name]
    last = {}
    for layer, name in sorted(encoder_layers(model).items(), key=lambda pair: pair[1]):
        last[layer[:-len(name)]] = layer  # by the prefix of its encoder
    if not last:
        raise LayerError(f"{model.name} has no encoder that is known here")
    return "+".join(last.values())
