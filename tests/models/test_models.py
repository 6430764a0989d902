"""Properties of every registered model."""
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.models import MODELS, check_canvas, facts_of
from keras_saliency.models.pretrained import encoder_layers
from keras_saliency.training.features import freeze_through

SMALL = dict(width_multiplier=0.03)


@pytest.fixture(params=sorted(name for name, spec in MODELS.items() if not spec.classical))
def name(request):
    return request.param


# (h, w) that the strides divide, where 32x48 will not do
SIZES = {"deepgaze1": (64, 96), "opensalicon": (64, 128), "salnet_shallow": (96, 96)}
LOSSES = {"deepgaze1": "kld"}  # l2 compares with numbers far above a density's


def image(name, batch=1, seed=0):
    size = SIZES.get(name, (32, 48))
    return np.random.default_rng(seed).uniform(0, 255, (batch, *size, 3)).astype(np.float32)


def small_model(name):
    model = ks.build_model(name, **SMALL)
    if name == "deepgaze1":  # uniform until it is measured, so its weight has no effect
        prior = model.get_layer("center_bias").log_density
        prior.assign(np.random.default_rng(2).random(prior.shape))
    return model


def test_save_and_load_give_the_same_map(name, tmp_path):
    model = small_model(name)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(model(image(name)), loaded(image(name)), atol=1e-6)


def test_gradient_reaches_every_variable_and_a_step_lowers_the_loss(name):
    keras.utils.set_random_seed(0)
    model = small_model(name)
    inputs = image(name, 2)
    target = np.random.default_rng(1).random((*inputs.shape[:3], 1)).astype(np.float32)
    loss = ks.losses.LOSSES[LOSSES.get(name, "l2")].function
    with tf.GradientTape() as tape:
        before = loss(target, model(inputs))
    gradients = tape.gradient(before, model.trainable_variables)
    assert all(g is not None and np.isfinite(g).all() for g in gradients)
    norm = tf.linalg.global_norm(gradients)
    for variable, gradient in zip(model.trainable_variables, gradients):
        variable.assign(variable - 1e-3 * gradient / norm)
    assert float(loss(target, model(inputs))) < float(before)


@pytest.mark.usefixtures("op_by_op")
def test_frozen_layers_stay_and_the_others_move(name):
    model = small_model(name)
    if encoder_layers(model):
        frozen = [model.get_layer(layer) for layer in freeze_through(model, "block1")]
    else:
        frozen = [next(layer for layer in model.layers if layer.trainable_weights)]
        frozen[0].trainable = False
    moving = [layer for layer in model.layers if layer.trainable_weights]
    assert frozen and moving and not set(map(id, frozen)) & set(map(id, moving))
    before = [[w.numpy() for w in layer.weights] for layer in [*frozen, *moving]]
    model.compile(keras.optimizers.Adam(1e-2), ks.losses.LOSSES[LOSSES.get(name, "l2")].function)
    inputs = image(name, 2)
    target = np.random.default_rng(1).random((*inputs.shape[:3], 1))
    model.fit(inputs, target, epochs=2, verbose=0)  # opensalicon's readout begins at 0
    changed = [any((w.numpy() != old).any() for w, old in zip(layer.weights, theirs))
               for layer, theirs in zip([*frozen, *moving], before)]
    assert changed == [False] * len(frozen) + [True] * len(moving)


def test_canvas_is_known(name):
    model = ks.build_model(name, **SMALL)
    assert len(facts_of(model).canvas) == 2
    size = SIZES.get(name, (64, 32))
    fixed = facts_of(ks.build_model(name, input_shape=(*size, 3), **SMALL))
    assert fixed.canvas == size and not fixed.turns
    check_canvas(model, facts_of(model).canvas)


def test_unknown_names_and_options_list_the_valid_ones(name):
    with pytest.raises(ValueError, match="no model 'mis_net'; the models are .*ead, .*msi_net"):
        ks.build_model("mis_net")
    with pytest.raises(ValueError, match=f"{name} has no option 'asp'; its options are .*width"):
        ks.build_model(name, asp=True)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_the_map_has_the_size_of_the_image(name, factor):
    if name == "salnet_shallow":
        pytest.skip("its dense layers take one size, which test_salnet.py checks")
    model = ks.build_model(name, **SMALL)
    height, width = SIZES.get(name, (32, 48))
    size = (height * factor, width * (4 - factor))
    assert model(np.zeros((2, *size, 3), np.float32)).shape == (2, *size, 1)
