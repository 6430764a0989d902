"""Files for `weights/`: small, checked, and described."""
import json

import h5py
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError
from keras_saliency.models import calibration, facts_of, pretrained, weights_file
from keras_saliency.models.weights_file import WeightsError

SMALL = dict(width_multiplier=0.03)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A weights folder with a base (an encoder in float16) and a model trained on top of it."""
    weights = tmp_path / "weights"
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", weights)
    keras.utils.set_random_seed(5)
    encoder = {layer: {name: np.asarray(v).astype(np.float16) for name, v in variables.items()}
               for layer, variables in weights_file.layer_variables(
                   ks.build_model("ead", **SMALL)).items() if layer.startswith("block")}
    weights_file.write(encoder, weights / "base.h5", dtype="float16")
    model = ks.build_model("ead", **SMALL)
    frozen = {layer: arrays for layer, arrays in encoder.items() if not layer.startswith("block5")}
    weights_file.assign(model, frozen, "base", {layer: layer for layer in frozen})
    weights_file.save(model, tmp_path / "run" / "best.h5", {
        "model": "ead", "options": SMALL, "canvas": [48, 64], "dataset": "popout (1)",
        "training_stimuli": 7})
    return tmp_path


def test_released_file_leaves_out_the_base_and_loads_the_same(folder):
    path = pretrained.release(folder / "run", "ead_made", base="base.h5")
    stored = weights_file.read(path)
    assert "block5_conv1" in stored and "saliency" in stored and "block4_conv3" not in stored
    original, loaded = ks.load_pretrained(folder / "run"), ks.load_pretrained("ead_made")
    for a, b in zip(original.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a.astype(np.float16), b.astype(np.float16))
    facts = facts_of(loaded)
    assert facts.about["base"] == "base.h5" and facts.about["training_stimuli"] == 7
    assert facts.canvas == (48, 64)
    again = pretrained.release(path, "again", base=None)  # a released file can be released whole
    assert "block4_conv3" in weights_file.read(again)
    assert "base" not in weights_file.read_attributes(again)


def test_a_calibration_is_a_small_file_on_top_of_its_network(folder):
    pretrained.release(folder / "run", "ead_made", base="base.h5")
    model = calibration.add_calibration(ks.load_pretrained("ead_made"))
    calibration.write_parameters(model, calibration.Parameters(
        np.full(10, 1.5), 2.0, 0.5, 0.25, np.random.default_rng(0).normal(0, 1, (64, 64))))
    own = weights_file.save(model, folder / "mine.h5", {
        "model": "ead", "options": SMALL, "canvas": [48, 64], "calibration": {"stimuli": 9}})
    path = pretrained.release(own, "ead_mine", base="ead_made.h5")
    assert all(layer.startswith("calibrated_") for layer in weights_file.read(path))
    loaded = ks.load_pretrained("ead_mine")
    assert loaded.name == "calibrated_ead"
    assert facts_of(loaded).about["calibration"] == {"stimuli": 9}
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a.astype(np.float16), b.astype(np.float16))


def test_files_do_not_build_on_each_other_without_end(folder):
    path = pretrained.release(folder / "run", "ead_made", base="base.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["base"] = "ead_made.h5"
    with pytest.raises(WeightsError, match="builds on ead_made.h5, and others on it: at most 2"):
        ks.load_pretrained(path)


def test_manifest_gives_aliases_and_guards_the_files(folder):
    pretrained.release(folder / "run", "ead_made", base="base.h5")
    entry = pretrained.describe("ead_made", ["ead"], minutes=3.5, scores={"nss": 1.5})
    assert pretrained.read_manifest() == {"ead_made": entry}
    assert entry["model"] == "ead" and entry["training_data"] == "popout (1)"
    assert "He, Borji" in entry["citation"] and len(entry["sha256"]) == 64
    assert ks.load_pretrained("ead").name == "ead"
    assert {"ead", "ead_made"} <= set(pretrained.list_pretrained())
    path = pretrained.WEIGHTS_FOLDER / "ead_made.h5"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="ead_made.h5 is not the file that manifest.yaml"):
        ks.load_pretrained("ead")


def test_the_manifest_has_means_and_what_they_are_of():
    summary = {"dataset": "osie", "stimuli": 3, "part": "validation", "sigma_pixels": 16.0,
               "metrics": {"nss": {"mean": 1.23456, "interval_95": [1, 2]}}, "seconds": 4}
    assert pretrained.scores(summary) == {"stimuli": 3, "part": "validation", "sigma_pixels": 16.0,
                                       "nss": 1.2346}


def test_an_encoder_is_entered_without_scores(folder):
    path = pretrained.WEIGHTS_FOLDER / "vgg.h5"
    weights_file.write({"block1_conv1": {"kernel": np.ones((3, 3, 3, 2))}}, path,
                       {"encoder": "vgg16", "training_data": "ImageNet", "licence": "CC BY 4.0"})
    entry = pretrained.describe("vgg")
    assert entry["encoder"] == "vgg16" and entry["training_data"] == "ImageNet"
    assert "Simonyan" in entry["citation"] and "model" not in entry
    assert pretrained.read_manifest()["vgg"]["bytes"] == path.stat().st_size


def test_a_missing_or_changed_base_is_named(folder):
    path = pretrained.release(folder / "run", "ead_made", base="base.h5")
    (pretrained.WEIGHTS_FOLDER / "base.h5").unlink()
    with pytest.raises(WeightsError, match="ead_made.h5 builds on 'base.h5', which is no file"):
        ks.load_pretrained(path)


def test_what_cannot_be_released_is_named(folder, monkeypatch):
    model = ks.load_pretrained(folder / "run")
    with monkeypatch.context() as small:
        small.setattr(pretrained, "LARGEST", 100)
        with pytest.raises(WeightsError, match="made would have 0 MB; layers that equal those of"):
            pretrained.release(folder / "run", "made", base="base.h5")
    kernel, bias = model.get_layer("saliency").get_weights()
    model.get_layer("saliency").set_weights([kernel + 1e6, bias])
    path = weights_file.save(model, folder / "huge.h5", {"model": "ead", "options": SMALL})
    with pytest.raises(WeightsError, match="saliency.kernel has weights beyond float16"):
        pretrained.release(path, "huge", base="base.h5")
    path = weights_file.save(model, folder / "anonymous.h5")
    with pytest.raises(WeightsError, match="does not say which model"):
        pretrained.release(path, "x")
    assert not (pretrained.WEIGHTS_FOLDER / "huge.h5").exists()


@pytest.mark.parametrize("name", ["../mine", "a/b", "..", "", ".hidden", "a\\b", "/tmp/x", "a\nb"])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder, name):
    before = sorted(folder.rglob("*"))
    for use in (lambda: pretrained.release(folder / "run", name, base="base.h5"),
                lambda: pretrained.release(folder / "run", "good", base=f"{name}.h5"),
                lambda: pretrained.describe(name)):
        with pytest.raises(InputError, match="no name of a pretrained model: letters, digits"):
            use()
    assert sorted(folder.rglob("*")) == before


GOOD = {"dataset": "osie", "stimuli": 3, "part": "validation", "sigma_pixels": None,
        "metrics": {"nss": {"mean": 1.0}, "kld": {"mean": None}}}


@pytest.mark.parametrize("change", [
    {"metrics": [1]}, {"metrics": {"nss": 1}}, {"metrics": {"nss": {}}}, {"stimuli": "many"},
    {"sigma_pixels": [1]}, {"dataset": 4}, {"metrics": {"nss": {"mean": "x"}}}, {"part": ...}])
def test_damaged_scores_are_named(change, tmp_path):
    damaged = {key: value for key, value in {**GOOD, **change}.items() if value is not ...}
    for summary in (damaged, [damaged], None):
        with pytest.raises(InputError, match="osie.json"):
            pretrained.scores(summary, "osie.json")
    assert pretrained.scores(GOOD) == {"stimuli": 3, "part": "validation", "sigma_pixels": None,
                                       "nss": 1.0}


def test_the_command_names_a_damaged_summary(folder, run):
    for text, message in ((json.dumps(GOOD)[:-9], "not JSON"), ("[1]", "no summary of evaluate"),
                          ("[" * 9999, "not JSON"), ("", "not JSON")):
        (folder / "osie.json").write_text(text)
        code, said = run("release", "ead_made", "--scores", folder / "osie.json")
        assert code == 2 and message in said and said.count("\n") == 1, said
    (folder / "osie.json").write_text(json.dumps(GOOD))
    (folder / "two.json").write_text(json.dumps(GOOD))
    code, said = run("release", "ead", "--scores", folder / "osie.json", folder / "two.json")
    assert code == 2 and "two summaries are of one dataset: osie, osie" in said
