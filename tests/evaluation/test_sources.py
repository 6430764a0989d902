"""Predictions from stored maps, SavedModels and baselines."""
import csv
import os
import re

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import build_model, export, facts, metrics, predict, predictor
from keras_saliency import config as configs
from keras_saliency.compat import tensorflow_variables
from keras_saliency.datasets import pipeline, popout
from keras_saliency.evaluation.scores import of_predictor, score
from keras_saliency.evaluation.scoring import Scorer, Skipped, score_predictions
from keras_saliency.evaluation.sources import BASELINES, predictions
from keras_saliency.evaluation.stored_maps import picture_predictions
from keras_saliency.files import InputError
from keras_saliency.maps.finish import Finish
from keras_saliency.prediction.saved_model import SavedModelPredictor, find_saved_model

SIZE = (96, 128)


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=16, size=SIZE).select(range(4))


@pytest.fixture(scope="module")
def training():
    return popout.load(count=16, size=SIZE).select(range(4, 16))


def noise(index, size=SIZE):
    return np.random.default_rng(index).integers(0, 255, size, np.uint8)


def store(folder, dataset, suffix="_density.png", size=SIZE):
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(dataset.names):
        cv2.imwrite(str(folder / (name.rsplit(".", 1)[0] + suffix)), noise(index, size))
    return folder


@pytest.mark.parametrize("suffix", [".png", "_density.png", "_saliency.bmp"])
def test_stored_pictures_are_found_by_name(dataset, tmp_path, suffix):
    stored = picture_predictions(store(tmp_path, dataset, suffix), dataset)
    for index, values in enumerate(stored):
        np.testing.assert_array_equal(values, noise(index))


def test_maps_keep_16_bits_and_arrays_their_values(dataset, tmp_path):
    store(tmp_path, dataset)
    stems = [name.rsplit(".", 1)[0] for name in dataset.names]
    (tmp_path / f"{stems[0]}_density.png").unlink()
    fine = (noise(0).astype(np.uint16) << 8) + 7
    cv2.imwrite(str(tmp_path / f"{stems[0]}.png"), fine)
    np.save(tmp_path / f"{stems[1]}.npy", noise(1) / 3 - 20)  # as predict.py --raw leaves it
    maps = list(picture_predictions(tmp_path, dataset))
    np.testing.assert_array_equal(maps[0], fine)
    np.testing.assert_allclose(maps[1], noise(1) / 3 - 20, rtol=1e-6)


def test_smaller_maps_are_resized_and_others_skipped(dataset, tmp_path):
    store(tmp_path, dataset, size=(48, 64))
    stems = [name.rsplit(".", 1)[0] for name in dataset.names]
    cv2.imwrite(str(tmp_path / f"{stems[0]}_density.png"), noise(0, (64, 64)))
    (tmp_path / f"{stems[1]}_density.png").write_text("no picture")
    (tmp_path / f"{stems[2]}_density.png").unlink()
    maps = list(picture_predictions(tmp_path, dataset))
    assert maps[0] == Skipped(f"{stems[0]}_density.png: 64x64 is not the shape of the stimulus, "
                              "96x128")
    assert maps[1].reason.startswith(f"{stems[1]}_density.png: not a picture of a known type")
    assert maps[2] == Skipped("no map in the folder")
    np.testing.assert_allclose(maps[3], cv2.resize(noise(3, (48, 64)).astype(np.float32),
                                                   (128, 96)), atol=1e-4)


def test_broken_arrays_are_skipped(dataset, tmp_path):
    stems = [name.rsplit(".", 1)[0] for name in dataset.names]
    (tmp_path / f"{stems[0]}.npy").write_bytes(b"\x93NUMPY")
    np.save(tmp_path / f"{stems[1]}.npy", np.full(SIZE, np.nan))
    np.save(tmp_path / f"{stems[2]}.npy", np.array([{}]), allow_pickle=True)
    np.save(tmp_path / f"{stems[3]}.npy", np.ones((*SIZE, 3)))
    maps = list(picture_predictions(tmp_path, dataset))
    assert all(isinstance(m, Skipped) for m in maps)
    assert "not a .npy file" in maps[0].reason and "an array of object" in maps[2].reason
    assert "finite" in maps[1].reason and "not a map" in maps[3].reason


def declare(path, shape):
    """A `.npy` file of a header alone."""
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "<f8", "fortran_order": False, "shape": shape})


def zipped(path):
    with open(path, "wb") as file:
        np.savez(file, a=np.ones(SIZE))


HOSTILE = {
    "0x0.npy": (lambda path: np.save(path, np.zeros((0, 0))), "0x0 is not the shape"),
    "archive.npy": (zipped, "not a .npy file of numbers"),
    "large.npy": (lambda path: np.save(path, np.full(SIZE, 1e300)), "that float32 can hold"),
    "infinite.npy": (lambda path: np.save(path, np.full(SIZE, -np.inf)), "finite numbers"),
    "terabytes.npy": (lambda path: declare(path, (1000000, 1000000)), "0 bytes of numbers"),
    "1x1.npy": (lambda path: np.save(path, np.ones((1, 1))), "1x1 is not the shape .* 8 pixels"),
    "6x8.npy": (lambda path: np.save(path, np.ones((6, 8))), "6x8 is not the shape .* 8 pixels"),
    "9x13.npy": (lambda path: np.save(path, np.ones((9, 14))), "the stimulus, 96x128$"),
    "complex.npy": (lambda path: np.save(path, np.ones(SIZE, complex)), "array of complex128"),
    "pipe.npy": (os.mkfifo, "not a regular file"), "pipe.png": (os.mkfifo, "not a regular file"),
    "folder.npy": (os.mkdir, "not a regular file"), "folder.png": (os.mkdir, "not a regular"),
    "device.png": (lambda path: os.symlink("/dev/zero", path), "not a regular file"),
    "empty.png": (lambda path: path.write_bytes(b""), "the file is empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_map_is_skipped_and_the_rest_is_scored(dataset, tmp_path, name):
    store(tmp_path, dataset)
    make, reason = HOSTILE[name]
    (tmp_path / f"{dataset.names[1]}_density.png").unlink()
    make(tmp_path / f"{dataset.names[1]}{name[name.index('.'):]}")
    result = score_predictions(picture_predictions(tmp_path, dataset),
                               Scorer(dataset, 6.0, ["nss"]))
    assert result.missing == [dataset.names[1]]
    assert re.search(reason, result.reasons[dataset.names[1]])
    assert str(tmp_path) not in result.reasons[dataset.names[1]]
    assert np.isfinite(result.scores["nss"][[0, 2, 3]]).all()


def test_a_map_that_claims_too_many_pixels_is_skipped(dataset, tmp_path, bomb):
    store(tmp_path, dataset)
    (tmp_path / f"{dataset.names[2]}_density.png").write_bytes(bomb())
    maps = list(picture_predictions(tmp_path, dataset))
    assert "30000x30000 are 900000000 pixels, more than the limit" in maps[2].reason


def test_small_maps_of_the_right_shape_are_resized(dataset, tmp_path):
    for index, size in enumerate([(9, 12), (9, 13), (12, 16), (960, 1280)]):
        np.save(tmp_path / f"{dataset.names[index]}.NPY"[:-4], np.ones(size))
    maps = list(picture_predictions(tmp_path, dataset))
    assert [m.shape for m in maps] == [SIZE] * 4  # 9x13: 12.8 of 96 / 10.0 rows


def test_mutated_maps_are_maps_or_skipped(dataset, tmp_path):
    """A seeded fuzz: whatever is changed in a file, there is a finite map or a reason."""
    rng, kinds = np.random.default_rng(5), set()
    one = dataset.select([0])
    np.save(tmp_path / "a.npy", noise(0, (24, 32)) / 255)
    cv2.imwrite(str(tmp_path / "a.png"), noise(0, (24, 32)))
    cv2.imwrite(str(tmp_path / "a.bmp"), noise(0, (24, 32)))
    originals = {suffix: (tmp_path / f"a{suffix}").read_bytes()
                 for suffix in (".npy", ".png", ".bmp")}
    for round_ in range(240):
        suffix = list(originals)[round_ % 3]
        data = bytearray(originals[suffix])
        head = len(data) if rng.random() < 0.3 else 140
        for place in rng.integers(0, head, rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        if rng.random() < 0.3:
            data = data[:rng.integers(0, len(data))]
        if rng.random() < 0.2:
            place = rng.integers(0, head)
            data[place:place] = data[place:place + rng.integers(1, 60)]
        folder = tmp_path / str(round_)
        folder.mkdir()
        (folder / f"{one.names[0]}{suffix}").write_bytes(data)
        found, = picture_predictions(folder, one)
        if isinstance(found, Skipped):
            assert found.reason.startswith(one.names[0])
        else:
            assert found.shape == SIZE and found.dtype == np.float32 and np.isfinite(found).all()
        kinds.add((suffix, isinstance(found, Skipped)))
    assert kinds >= {(".npy", True), (".npy", False), (".png", True), (".bmp", False)}


def test_folders_that_cannot_be_right(dataset, tmp_path):
    with pytest.raises(ValueError, match="nowhere: no such folder"):
        picture_predictions(tmp_path / "nowhere", dataset)
    with pytest.raises(ValueError, match="no map of any stimulus .*it holds no pictures"):
        picture_predictions(tmp_path, dataset)
    store(tmp_path, dataset)
    store(tmp_path, dataset, ".png")
    with pytest.raises(ValueError, match="more than one map of"):
        picture_predictions(tmp_path, dataset)


def test_saved_model_predicts_what_the_model_in_memory_does(dataset, tmp_path):
    model = build_model("ead", input_shape=(48, 64, 3), width_multiplier=0.05)
    export.save(model, tmp_path / "m", version=2)
    folder = find_saved_model(tmp_path / "m")
    assert folder == find_saved_model(folder) == tmp_path / "m" / "2"
    load = pipeline.stimulus_loader(dataset)
    for index, values in enumerate(predictions(SavedModelPredictor(folder), dataset)):
        expected = predict(model, load(index).numpy())
        expected = (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(values, expected, atol=1e-4)


@pytest.mark.parametrize("batch", [None, pytest.param(1, marks=pytest.mark.one_stack)])
def test_a_plain_saved_model_is_evaluated_on_its_canvas(tmp_path, batch):
    """As Keras' `model.export` writes one: float32 images of one size in, one map out."""
    model = build_model("ead", input_shape=(48, 64, 3), width_multiplier=0.05)
    module = tf.Module()
    module.weights = tensorflow_variables(model)
    serve = tf.function(lambda x: model(x, training=False), input_signature=[
        tf.TensorSpec([batch, 48, 64, 3], tf.float32, name="pictures")])
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": serve})
    config = configs.load(None, ["data.options={count: 6, size: [96, 130]}", "data.upright=false",
                                 "evaluation.metrics=[nss]", "evaluation.batch=4"])
    its = predictor(tmp_path / "m")
    assert its.facts.canvas == (48, 64) and not its.facts.turns
    image = np.random.default_rng(0).integers(0, 256, (90, 130, 3), np.uint8)
    plain = facts(model, finish=Finish())  # a SavedModel knows nothing of EAD's lower bound
    np.testing.assert_allclose(predict(its, image), predict(plain, image), atol=1e-4)
    for name, model_of in (("ours", predictor(plain)), ("theirs", its)):
        assert score(config, of_predictor(model_of), "all", tmp_path / f"{name}.csv") == 0
    with open(tmp_path / "ours.csv") as ours, open(tmp_path / "theirs.csv") as theirs:
        for a, b in zip(csv.DictReader(ours), csv.DictReader(theirs)):
            assert float(a["nss"]) == pytest.approx(float(b["nss"]), abs=1e-3)
    with pytest.raises(InputError, match="takes a canvas of .48, 64. alone"):
        predict(its, image, (96, 128))


def test_other_saved_models_are_refused(dataset, tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[
        tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(tmp_path), signatures={"double": module.double})
    assert find_saved_model(tmp_path / "none") is None
    with pytest.raises(ValueError, match="no signature serving_default .*it has double"):
        SavedModelPredictor(tmp_path)


def saved(folder, function):
    """A SavedModel of `function`, uint8 [B, H, W, 3] -> `saliency`."""
    module = tf.Module()
    module.serve = tf.function(lambda images: {"saliency": function(images)}, input_signature=[
        tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})
    return folder


@pytest.mark.parametrize("function, error, message", [
    (lambda images: tf.cast(images, tf.float32)[..., :1] / 0 * 0, FloatingPointError,
     "the map of popout_0000_color has NaN or infinite values; a model that makes"),
    (lambda images: tf.cast(images, tf.float32)[:, 1:, :, :1], InputError,
     r"the map of popout_0000_color is \[95, 128\], the stimulus 96x128"),
    (lambda images: tf.cast(images, tf.float32)[:, 0, 0, 0], InputError,
     r"popout_0000_color: .*`saliency` must be \[B, H, W, 1\]; it is \[1\]"),
    (lambda images: tf.ensure_shape(tf.cast(images, tf.float32), [5, None, None, 3]), InputError,
     "popout_0000_color: .* fails: ")])
def test_what_a_model_cannot_do_is_one_error(dataset, tmp_path, function, error, message):
    made = predictions(SavedModelPredictor(saved(tmp_path, function)), dataset)
    with pytest.raises(error, match=message) as caught:
        score_predictions(made, Scorer(dataset, 6.0, ["nss"]))
    assert "\n" not in str(caught.value)


def test_damaged_saved_models_are_named(dataset, tmp_path):
    saved(tmp_path, lambda images: tf.cast(images, tf.float32)[..., :1])
    for path in (tmp_path / "variables").iterdir():
        path.unlink()
    with pytest.raises(InputError, match="cannot load this SavedModel"):
        SavedModelPredictor(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(InputError, match="not a SavedModel"):
        SavedModelPredictor(tmp_path)


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_scored_like_models(dataset, training, name):
    scorer = Scorer(dataset, 6.0, ["all"], training, densities=True)
    result = score_predictions(BASELINES[name](scorer), scorer)
    assert set(result.scores) == set(scorer.metrics) and not result.missing
    means = result.means()
    if name == "uniform":
        assert means["nss"] == means["cc"] == 0 and means["auc_judd"] == 0.5
        assert means["information_gain_density"] < 0
    if name == "center_bias":
        assert means["information_gain_density"] == pytest.approx(0, abs=1e-12)
        assert means["information_gain"] == pytest.approx(0, abs=1e-12)
    if name == "gold_standard":
        assert means["nss"] > 1 and means["information_gain_density"] > 0


def test_the_gold_standard_is_the_mean_over_observers(dataset, training):
    scorer = Scorer(dataset, 6.0, ["nss", "auc_shuffled"], training)
    row = next(iter(BASELINES["gold_standard"](scorer)))
    from keras_saliency.evaluation.center_bias import center_bias
    from keras_saliency.evaluation.gold_standard import fit_gold_standard
    gold = fit_gold_standard(training, center=center_bias(training))
    scores = [metrics.nss(prediction.saliency_map, _counts(points))
              for _, prediction, points in gold.leave_one_out(dataset, 0)]
    assert len(scores) > 1 and row["nss"] == pytest.approx(np.mean(scores))


def _counts(points):
    counts = np.zeros(SIZE, int)
    np.add.at(counts, (points[:, 1].astype(int), points[:, 0].astype(int)), 1)
    return counts
