"""Weights files and where weights are looked for."""
import h5py
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.models import facts_of, pretrained, weights_file
from keras_saliency.models.weights_file import WeightsError

SMALL = dict(width_multiplier=0.03)


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    return ks.build_model("msi_net", aspp=False, **SMALL)


def attributes(model, **options):
    return {"model": model.name, "options": {**SMALL, **options}, "canvas": [48, 64]}


def same_weights(a, b, **tolerance):
    for x, y in zip(a.get_weights(), b.get_weights()):
        np.testing.assert_allclose(x, y, **tolerance)


def test_file_round_trip(model, tmp_path):
    path = weights_file.save(model, tmp_path / "w.h5", attributes(model, aspp=False))
    loaded = ks.load_pretrained(path)
    same_weights(model, loaded, atol=0)
    assert facts_of(loaded).canvas == (48, 64) and loaded.name == "msi_net"
    with h5py.File(path) as file:
        assert file["block1_conv1/kernel"].shape == (3, 3, 3, 2)
        assert file["block1_conv1/bias"].dtype == np.float32


def test_float16_is_half_the_size_and_close(model, tmp_path):
    path = weights_file.save(model, tmp_path / "w.h5", attributes(model, aspp=False), "float16")
    with h5py.File(path) as file:
        assert file["block1_conv1/kernel"].dtype == np.float16
    same_weights(model, ks.load_pretrained(path), rtol=1e-3, atol=1e-6)


def test_run_folder_and_name_are_found(model, tmp_path, monkeypatch):
    weights_file.save(model, tmp_path / "run" / "best.h5", attributes(model, aspp=False))
    weights_file.save(model, tmp_path / "mine.h5", attributes(model, aspp=False))
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    same_weights(model, ks.load_pretrained(tmp_path / "run"))
    same_weights(model, ks.load_pretrained("mine"))
    assert pretrained.list_pretrained() == ["mine"]
    with pytest.raises(WeightsError, match="no weights 'yours'.*mine"):
        ks.load_pretrained("yours")


def test_what_does_not_fit_is_named_and_nothing_is_set(model, tmp_path):
    other = ks.build_model("ead", **SMALL)
    path = weights_file.save(other, tmp_path / "w.h5", attributes(model, aspp=False))
    with pytest.raises(WeightsError, match="w.h5 has no layer 'aspp_conv1'"):
        ks.load_pretrained(path)
    before = model.get_weights()
    wide = ks.build_model("msi_net", aspp=False, width_multiplier=0.06)
    with pytest.raises(WeightsError, match=r"src: block1_conv1/kernel has shape \(3, 3, 3, 4\)"):
        weights_file.assign(model, _arrays(wide), "src")
    for x, y in zip(before, model.get_weights()):
        np.testing.assert_array_equal(x, y)


def _arrays(model):
    return {layer: {name: np.asarray(v) for name, v in variables.items()}
            for layer, variables in weights_file.layer_variables(model).items()}


def test_bad_files_are_named(model, tmp_path):
    with pytest.raises(WeightsError, match="none.h5: no such weights file$"):
        ks.load_pretrained(tmp_path / "none.h5")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match="empty: a folder without best.h5"):
        ks.load_pretrained(tmp_path / "empty")
    text = tmp_path / "text.h5"
    text.write_text("not HDF5")
    with pytest.raises(WeightsError, match="text.h5 is no HDF5 file, whatever .* by another"):
        ks.load_pretrained(text)
    path = weights_file.save(model, tmp_path / "anonymous.h5")
    with pytest.raises(WeightsError, match="does not say which model"):
        ks.load_pretrained(path)
    cut = tmp_path / "cut.h5"
    cut.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="cut.h5"):
        ks.load_pretrained(cut)


def test_a_failed_write_leaves_the_old_file(model, tmp_path):
    path = weights_file.save(model, tmp_path / "w.h5", {"model": "first"})
    with pytest.raises(TypeError):
        weights_file.save(model, path, {"model": object()})
    assert weights_file.read_attributes(path) == {"model": "first"}
    assert [p.name for p in tmp_path.iterdir()] == ["w.h5"]


def test_extra_groups_are_kept_apart(model, tmp_path):
    path = weights_file.save(model, tmp_path / "w.h5",
                             extra={"_optimizer": {"0": np.arange(3)}})
    assert "_optimizer" not in weights_file.read(path)
    np.testing.assert_array_equal(weights_file.read_group(path, "_optimizer")["0"], [0, 1, 2])
    assert weights_file.read_group(path, "_other") == {}


def keras_own_file(path, layers):
    """Write {layer: {kernel, bias}} as keras.applications publishes VGG16 (Keras 1's layout)."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array(list(layers), "S")
        for layer, arrays in layers.items():
            names = [f"{layer}_{letter}_1" for letter in "Wb"]
            group = file.create_group(layer)
            group.attrs["weight_names"] = np.array([f"{name}:0" for name in names], "S")
            for name, kind in zip(names, ("kernel", "bias")):
                group[f"{name}:0"] = np.float32(arrays[kind])
    return path


def test_encoder_from_keras_own_file(vgg16_file, tmp_path):
    path = keras_own_file(tmp_path / "vgg16_notop.h5", weights_file.read(vgg16_file))
    model = ks.build_model("ead", encoder_weights=path)
    reference = keras.applications.VGG16(include_top=False, weights=str(path))
    np.testing.assert_array_equal(model.get_layer("block1_conv1").get_weights()[0],
                                  weights_file.read(vgg16_file)["block1_conv1"]["kernel"])
    rgb = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype(np.float32)
    theirs = reference
    for name in ("block1_conv1", "block5_conv3"):
        for a, b in zip(model.get_layer(name).get_weights(),
                        theirs.get_layer(name).get_weights()):
            np.testing.assert_array_equal(a, b)
    # Same responses, our preprocessing included.
    ours = keras.Model(model.input, model.get_layer("block5_conv3").output)(rgb)
    prepared = keras.applications.vgg16.preprocess_input(rgb.copy())
    expected = keras.Model(theirs.input, theirs.get_layer("block5_conv3").output)(prepared)
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-2)


def test_imagenet_ships_with_the_repository():
    model = ks.build_model("ead", encoder_weights="imagenet")
    kernel = model.get_layer("block1_conv1").get_weights()[0]
    assert kernel.shape == (3, 3, 3, 64) and 0.1 < kernel.std() < 0.3


def test_imagenet_without_file_and_network_says_what_to_do(tmp_path, monkeypatch):
    def no_network(**_):
        raise OSError("no route to host")

    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setattr(keras.applications, "VGG16", no_network)
    with pytest.raises(WeightsError, match="no route to host.*Put vgg16_imagenet.h5 into weights"):
        ks.build_model("ead", encoder_weights="imagenet")


def test_imagenet_falls_back_to_keras_applications(tmp_path, monkeypatch):
    original = keras.applications.VGG16
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", tmp_path)
    monkeypatch.setattr(keras.applications, "VGG16",
                        lambda include_top, weights: original(include_top=include_top,
                                                              weights=None))
    assert ks.build_model("ead", encoder_weights="imagenet").name == "ead"


def test_wrong_encoder_sources_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"'places': no such file.*imagenet"):
        ks.build_model("ead", encoder_weights="places")
    with pytest.raises(WeightsError, match=r"block1_conv1/kernel has shape \(3, 3, 3, 64\)"):
        ks.build_model("ead", encoder_weights="imagenet", **SMALL)
