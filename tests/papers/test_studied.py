"""The layers that results study."""
import pytest

import keras_saliency as ks
from keras_saliency.units.activations import layer_names, members
from papers.shared.studied import encoder_output


@pytest.mark.parametrize("name, layer", [
    ("ead", "block5_conv3"), ("msi_net", "block5_conv3"), ("deepgaze1", "block5_conv3"),
    ("opensalicon", "fine_block5_conv3+coarse_block5_conv3"), ("salnet_deep", "conv5"),
    ("salnet_shallow", "conv3")])
def test_the_layer_that_the_decoder_gets(name, layer):
    model = ks.build_model(name, width_multiplier=0.03)
    assert encoder_output(model) == layer
    assert set(members(layer)) <= set(layer_names(model))
