"""Costs of networks against published figures and hand counts."""
import keras
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.models.complexity import layer_costs, total
from keras_saliency.report import tables


def test_a_hand_counted_network():
    image = keras.Input((8, 6, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="conv")(image)     # 4x3
    x = layers.Conv2DTranspose(2, 2, strides=2, use_bias=False, name="up")(x)  # 8x6
    x = layers.Dense(5, name="dense")(layers.Flatten(name="flat")(x))
    costs = {cost.name: cost for cost in layer_costs(keras.Model(image, x), (8, 6))}
    assert costs["conv"][2:] == ((4, 3, 4), 3 * 3 * 3 * 4 + 4, 4 * 3 * 108, 4 * 48)
    assert costs["up"][2:] == ((8, 6, 2), 2 * 2 * 2 * 4, 4 * 3 * 32, 4 * 96)
    assert costs["dense"][2:] == ((5,), 96 * 5 + 5, 480, 20)
    assert costs["flat"][3:5] == (0, 0)
    assert total(costs.values()).multiply_adds == 4 * 3 * 108 + 4 * 3 * 32 + 480


def test_vgg16_costs_what_is_known():
    """15.3 billion multiply-adds for its convolutions at 224x224."""
    costs = layer_costs(ks.build_model("vgg_linear"), (224, 224))
    encoder = total([cost for cost in costs if cost.name.startswith("block")])
    assert (encoder.parameters, encoder.multiply_adds) == (14714688, 15346630656)


def test_msi_net_costs_about_what_its_authors_say():
    """Table 4: 44 and 75 "GFLOPS", which are multiply-adds."""
    for size, published in (((240, 320), 44), ((360, 360), 75)):
        costs = layer_costs(ks.build_model("msi_net"), size)
        assert total(costs).multiply_adds / 1e9 == pytest.approx(published, rel=0.04)


def test_tables_name_every_layer_and_every_model():
    costs = layer_costs(ks.build_model("salgan", width_multiplier=0.03), (32, 64))
    table = tables.layer_table(costs, total(costs))
    assert "uconv5_3" in table and table.splitlines()[-1].startswith("total")
    table = tables.model_table([("toy", ks.models.MODELS["ead"], total(costs))])
    assert "| `toy` | 240x320 |" in table
