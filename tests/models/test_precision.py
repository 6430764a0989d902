"""Networks in bfloat16: the same weights, nearly the same maps, single maps in float32."""
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.models import facts_of, precision
from keras_saliency.models.precision import at_precision, choose_precision

TINY = {"width_multiplier": 0.05}
NETWORKS = ks.list_models(classical=False)


def quiet(line):
    pass


def build(name):
    """With no weight that starts at 0, as OpenSALICON's readout does."""
    keras.utils.set_random_seed(1)
    model, rng = ks.build_model(name, **TINY), np.random.default_rng(0)
    model.set_weights([w if w.any() else rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("name", NETWORKS)
def test_the_maps_are_nearly_the_same(name):
    model = build(name)
    copy = at_precision(model, "bfloat16")
    size = (96, 96) if name == "salnet_shallow" else (64, 96)
    images = np.random.default_rng(0).uniform(0, 255, (2, *size, 3)).astype(np.float32)
    expected, found = (np.asarray(m(images, training=False)) for m in (model, copy))
    assert found.dtype == np.float32 and found.shape == expected.shape
    assert 0 < np.abs(found - expected).max() <= 0.06 * max(np.ptp(expected), 1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_and_single_maps_stay_float32(name):
    copy = at_precision(build(name), "bfloat16")
    for ours, theirs in zip(copy.get_weights(), build(name).get_weights()):
        assert ours.dtype == np.float32
        np.testing.assert_array_equal(ours, theirs)
    fast = {layer.name for layer in copy.layers if layer.compute_dtype == "bfloat16"}
    single = {layer.name for layer in copy.layers if layer.output.shape[-1] == 1}
    assert fast and single and not fast & single


def test_what_a_model_knows_goes_with_it():
    model = build("ead")
    model = ks.facts(model, canvas=(32, 48), fit="stretch", about={"dataset": "osie"})
    model.get_layer("block1_conv1").trainable = False
    copy = at_precision(model, "bfloat16")
    assert facts_of(copy) == facts_of(model)
    assert (facts_of(copy).canvas, facts_of(copy).fit) == ((32, 48), "stretch")
    assert facts_of(copy).about == {"dataset": "osie"}
    assert not copy.get_layer("block1_conv1").trainable and copy.get_layer("saliency").trainable
    assert at_precision(model, "float32") is model
    image = np.zeros((30, 20, 3), np.uint8)
    assert ks.predict(copy, image).shape == (30, 20)


@pytest.mark.parametrize("native, wanted, chosen, said", [
    (True, "auto", "bfloat16", 0), (True, "bfloat16", "bfloat16", 0),
    (True, "float32", "float32", 0),
    (False, "auto", "float32", 0), (False, "bfloat16", "float32", 1),
    (False, "float32", "float32", 0)])
def test_the_machine_is_heeded_and_said(monkeypatch, native, wanted, chosen, said):
    monkeypatch.setattr(precision, "native_bfloat16", lambda: native)
    lines = []
    assert choose_precision(wanted, lines.append) == chosen
    assert len(lines) == said


def test_a_wrong_word_lists_the_valid_ones():
    with pytest.raises(InputError, match="'float16'; choose float32, bfloat16, auto"):
        choose_precision("float16")


@pytest.mark.parametrize("text, native", [
    ("flags\t\t: fpu avx2 avx512_bf16 amx_tile\n", True), ("Features\t: fp asimd bf16\n", True),
    ("flags\t\t: fpu avx2 avx512f\nmodel name\t: a bf16 machine\n", False)])
def test_processors_say_what_they_have(monkeypatch, text, native):
    monkeypatch.setattr(precision.Path, "read_text", lambda self, **kwargs: text)
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda kind: [])
    assert precision.native_bfloat16() is native
