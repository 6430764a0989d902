"""Networks arrive as they were, and the same things have the same name."""
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import build_model, list_models
from keras_saliency.cluster import packing
from keras_saliency.models import ClassicalModel, facts_of


@pytest.mark.parametrize("name", list_models(classical=False))
def test_a_network_comes_out_as_it_went_in(name):
    keras.utils.set_random_seed(1)
    model = build_model(name, width_multiplier=0.03)
    model = ks.facts(model, canvas=(96, 96), fit="stretch")
    packed = packing.pack({"model": model, "layers": ["a"]})
    assert packing.pack({"model": model, "layers": ["a"]}) == packed
    found = packing.unpack(packed)
    image = np.random.default_rng(0).uniform(0, 255, (1, 96, 96, 3)).astype(np.float32)
    np.testing.assert_array_equal(found["model"](image), model(image))
    assert found["layers"] == ["a"] and found["model"].name == name
    assert facts_of(found["model"]) == facts_of(model)
    assert [layer.name for layer in found["model"].layers] == [x.name for x in model.layers]


def test_other_weights_have_another_name():
    first, second = (build_model("vgg_linear", width_multiplier=0.03) for _ in range(2))
    digests = {packing.digest(packing.pack(model)) for model in (first, second)}
    assert len(digests) == 2
    second.set_weights(first.get_weights())
    assert packing.pack(first) == packing.pack(second)


def test_a_classical_model_is_sent_by_name():
    assert packing.unpack(packing.pack(ClassicalModel("itti"))) == ClassicalModel("itti")
