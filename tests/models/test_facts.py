"""What must be known of a network goes where the network goes, seen in what it predicts."""
import copy
import pickle

import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.cluster import packing
from keras_saliency.files import InputError, NotTrusted
from keras_saliency.maps.facts import Facts
from keras_saliency.maps.finish import Finish
from keras_saliency.models import facts_of, weights_file

IMAGE = np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8)
FINISH = Finish(scale=2.0, shift=-1.0, clip=(-0.5, 3.0), blur=(0.25, 0.5, 0.25), lower=0.125)
MODULE = """
import keras
def build(input_shape=(None, None, 3), units=2):
    image = keras.Input(input_shape)
    x = keras.layers.Conv2D(units, 3, padding="same", activation="relu", name="own")(image)
    return keras.Model(image, keras.layers.Conv2D(1, 1, name="saliency")(x), name="mine")
def fails(input_shape=None):
    raise RuntimeError("no such luck")
"""


def toy(name="toy"):
    """A network of one's own, of any input size, whose map is far from constant."""
    image = keras.Input((None, None, 3), name="image")
    x = keras.layers.Conv2D(3, 3, padding="same", activation="relu", name="conv")(image)
    model = keras.Model(image, keras.layers.Conv2D(1, 1, name="saliency")(x), name=name)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0, 0.022, w.shape) for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    """With facts that differ from every default."""
    return ks.facts(toy(), canvas=(40, 56), fit="stretch", finish=FINISH,
                    about={"dataset": "mine", "scores": {"nss": 1.5}})


def cloned(model, folder):
    made = keras.models.clone_model(model)
    made.set_weights(model.get_weights())
    return made


def kept_by_keras(model, folder):
    model.save(folder / "m.keras")
    return keras.models.load_model(folder / "m.keras")


def kept(model, folder):
    return ks.load_pretrained(ks.save(model, folder / "m.keras"))


WAYS = {
    "clone_model": cloned,
    "copy": lambda model, folder: copy.copy(model),
    "deepcopy": lambda model, folder: copy.deepcopy(model),
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "keras file": kept_by_keras,
    "save": kept,
    "workers": lambda model, folder: packing.unpack(packing.pack(model)),
    "predictor": lambda model, folder: pickle.loads(pickle.dumps(ks.predictor(model))),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_network_predicts_the_same_wherever_it_went(model, way, tmp_path):
    expected = ks.predict(model, IMAGE)
    assert expected.min() >= 0.125 and np.ptp(expected) > 0.1
    assert np.abs(ks.predict(toy(), IMAGE, (40, 56)) - expected).max() > 0.1  # without its facts
    made = WAYS[way](model, tmp_path)
    np.testing.assert_array_equal(ks.predict(made, IMAGE), expected)


@pytest.mark.parametrize("name", ks.list_models(classical=False))
def test_registered_networks_keep_another_canvas(name):
    canvas = (96, 96) if name == "salnet_shallow" else (64, 128)
    built = ks.facts(ks.build_model(name, width_multiplier=0.03), canvas=canvas)
    made = pickle.loads(pickle.dumps(built))
    assert facts_of(made) == facts_of(built) and facts_of(made).canvas == canvas
    np.testing.assert_array_equal(ks.predict(made, IMAGE), ks.predict(built, IMAGE))


def test_facts_are_plain_values(model):
    facts = facts_of(model)
    assert Facts.from_dict(facts.to_dict()) == facts
    assert facts.about["scores"] == {"nss": 1.5}
    # a fixed input size is the canvas, whatever is stated
    assert facts_of(ks.build_model("ead", (64, 96, 3), width_multiplier=0.03)).canvas == (64, 96)


@pytest.mark.parametrize("changes, says", [
    ({"canvas": (0, 40)}, "a canvas is"), ({"canvas": "40x56"}, "a canvas is"),
    ({"fit": "crop"}, "fit 'crop' is not pad or stretch"), ({"finish": 3}, "must be a Finish"),
    ({"turns": "yes"}, "turns must be true or false"), ({"about": [1]}, "about")])
def test_facts_that_cannot_be_are_refused(changes, says):
    with pytest.raises(InputError, match=says):
        ks.facts(toy(), **changes)


def test_a_network_that_states_no_canvas_is_asked_for_one():
    with pytest.raises(InputError, match="'toy' takes any size and does not state its canvas"):
        ks.predict(toy(), IMAGE)
    assert ks.predict(toy(), IMAGE, (40, 56)).shape == (50, 90)
    fixed = keras.Sequential([keras.Input((24, 32, 3)), keras.layers.Conv2D(1, 1)])
    assert ks.predict(fixed, IMAGE).shape == (50, 90)
    with pytest.raises(InputError, match="takes a canvas of .24, 32. alone"):
        ks.facts(fixed, canvas=(40, 56))
    two = keras.Model(fixed.inputs[0], [fixed.outputs[0], fixed.outputs[0]])
    with pytest.raises(InputError, match="no Keras model of one picture in and one map out"):
        ks.facts(two)


def test_a_trained_network_is_kept_and_opened(tmp_path):
    built = ks.build_model("ead", width_multiplier=0.03)
    built = ks.facts(built, canvas=(48, 64))
    for ending in (".h5", ".keras"):
        loaded = ks.load_pretrained(ks.save(built, tmp_path / f"m{ending}"))
        np.testing.assert_array_equal(ks.predict(loaded, IMAGE), ks.predict(built, IMAGE))
    with pytest.raises(InputError, match="keep a network of your own in a .keras file"):
        ks.save(toy(), tmp_path / "m2.h5")
    with pytest.raises(InputError, match="ends in .keras or .h5"):
        ks.save(built, tmp_path / "m.onnx")
    broken = toy()
    broken.get_layer("saliency").bias.assign([np.nan])
    with pytest.raises(InputError, match="saliency/bias of toy is not finite"):
        ks.save(broken, tmp_path / "m3.keras")
    (tmp_path / "bad.keras").write_bytes(b"no archive")
    with pytest.raises(InputError, match="bad.keras is no .keras file that is whole: it was"):
        ks.load_pretrained(tmp_path / "bad.keras")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.keras", "m.h5", "m.keras"]


def test_a_file_that_names_code_is_opened_when_it_is_trusted(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    from keras_saliency.models.loading import build_own

    made = build_own("own_networks:build", units=3)
    path = weights_file.save(made, tmp_path / "m.h5", {
        "model": "own_networks:build", "options": {"units": 3}, "canvas": [40, 56]})
    with pytest.raises(NotTrusted, match="code outside this package builds"):
        ks.load_pretrained(path)
    loaded = ks.load_pretrained(path, trust=True)
    assert facts_of(loaded).canvas == (40, 56) and loaded.name == "mine"
    np.testing.assert_array_equal(ks.predict(loaded, IMAGE), ks.predict(made, IMAGE, (40, 56)))
    for name, says in (("nowhere:build", "no function 'build' of a module 'nowhere'"),
                       ("own_networks:none", "no function 'none'"),
                       ("own_networks:fails", "RuntimeError: no such luck")):
        with pytest.raises(InputError, match=says):
            build_own(name)
    with pytest.raises(InputError, match="has no option 'color'"):
        build_own("own_networks:build", color=1)
