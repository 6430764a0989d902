"""Predictions from stored maps, SavedModels and baselines."""
import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import build_model, export, metrics, predict
from keras_saliency.datasets import pipeline, popout
from keras_saliency.evaluation.scoring import Scorer, Skipped, score_predictions
from keras_saliency.evaluation.sources import (
    BASELINES,
    find_saved_model,
    picture_predictions,
    saved_model_predictions,
)

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
    assert maps[1] == Skipped(f"{stems[1]}_density.png: not a readable picture")
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
    assert "unreadable" in maps[0].reason and "unreadable" in maps[2].reason
    assert "finite" in maps[1].reason and "not a map" in maps[3].reason


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
    for index, values in enumerate(saved_model_predictions(folder, dataset)):
        expected = predict(model, load(index).numpy())
        expected = (expected - expected.min()) / (expected.max() - expected.min())
        np.testing.assert_allclose(values, expected, atol=1e-4)


def test_other_saved_models_are_refused(dataset, tmp_path):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[
        tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(tmp_path), signatures={"double": module.double})
    assert find_saved_model(tmp_path / "none") is None
    with pytest.raises(ValueError, match="no signature serving_default .*it has double"):
        saved_model_predictions(tmp_path, dataset)


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
