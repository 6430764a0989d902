"""Evaluation at each stimulus' own size."""
import csv
import json
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import evaluation, losses, maps, metrics
from keras_saliency.datasets import pipeline, popout
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.evaluation import scoring
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.densities import uniform
from keras_saliency.files import InputError
from keras_saliency.maps.facts import Facts

FACTS = Facts("toy")
METRICS = ["nss", "cc", "sim", "kld", "auc_judd"]


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=6, size=(96, 128))


def scorer(dataset, names=METRICS, training=None, densities=False, seed=0):
    return evaluation.Scorer(dataset, 6.0, names, training, densities, seed)


def stream(dataset, canvas=(48, 64)):
    return pipeline.canvas_stream(dataset, pipeline.CanvasSpec(canvas, 6.0), 4)


def test_scores_are_those_of_the_metrics_on_the_maps(dataset):
    def forward(images):
        return tf.reduce_mean(images, -1, keepdims=True)

    result = evaluation.evaluate(forward, stream(dataset), scorer(dataset), FACTS, losses.kld)
    for index, (images, _) in enumerate(stream(dataset).unbatch()):
        full = maps.from_canvas(forward(images), (96, 128)).numpy()[..., 0]
        counts = dataset.fixations.fixation_map(index)
        density = dataset.fixations.density_map(index, 6.0)
        assert result.scores["nss"][index] == pytest.approx(metrics.nss(full, counts))
        assert result.scores["auc_judd"][index] == pytest.approx(metrics.auc_judd(full, counts))
        assert result.scores["kld"][index] == pytest.approx(metrics.kld(full, density))
    assert result.means()["nss"] == pytest.approx(np.mean(result.scores["nss"]))
    expected = np.mean([float(losses.kld(t[None], forward(i)[None]))
                        for i, t in stream(dataset).unbatch()])
    assert result.loss == pytest.approx(expected, rel=1e-5)


def without(dataset, *indices):
    """The same stimuli, some of them without fixations."""
    return replace(dataset, fixations=dataset.fixations.where(
        ~np.isin(dataset.fixations.image, indices)))


@pytest.mark.parametrize("targets", [("fixation_density_map",),
                                     ("fixation_density_map", "fixation_map")])
def test_stimuli_without_a_fixation_have_no_loss(dataset, targets):
    def forward(images):
        return tf.reduce_mean(images, -1, keepdims=True)

    def loss(target, found):
        return losses.kld(target[..., :1], found) + losses.neg_nss(target[..., -1:], found)

    def evaluated(data):
        spec = pipeline.CanvasSpec((48, 64), 6.0, targets)
        return evaluation.evaluate(forward, pipeline.canvas_stream(data, spec, 4), scorer(data),
                                   FACTS, loss)

    alone = [evaluated(dataset.select([index])).loss for index in (0, 3, 5)]
    some = evaluated(without(dataset, 1, 2, 4))
    assert some.loss == pytest.approx(np.mean(alone), rel=1e-5) and some.loss_count == 3
    assert len(some.names) == 6 and np.isnan(some.scores["nss"][[1, 2, 4]]).all()
    # of several datasets, of which one has no target, or all
    none, more = replace(some, loss=np.nan, loss_count=0), evaluated(dataset.select([1]))
    joined = evaluation.Evaluation.joined([none, some, more])
    assert joined.loss == pytest.approx(np.mean([*alone, more.loss]), rel=1e-5)
    assert joined.loss_count == 4
    assert np.isnan(evaluation.Evaluation.joined([none, none]).loss)


def test_the_density_itself_scores_best(dataset):
    density = [maps.to_canvas(dataset.fixations.density_map(i, 6.0)[..., None], (96, 128))
               for i in range(len(dataset))]
    made = iter([tf.stack(density[:4]), tf.stack(density[4:])])
    result = evaluation.evaluate(lambda _: next(made), stream(dataset, (96, 128)),
                                 scorer(dataset), FACTS)
    means = result.means()
    assert means["cc"] == pytest.approx(1, abs=1e-6)
    assert means["sim"] == pytest.approx(1, abs=1e-4)
    assert means["kld"] == pytest.approx(0, abs=1e-6)
    assert means["nss"] > 2 and means["auc_judd"] > 0.9


def test_stimuli_without_fixations_are_skipped_and_counted(dataset):
    empty = replace(dataset, fixations=dataset.fixations.where(dataset.fixations.image != 2))
    result = evaluation.evaluate(lambda images: images[..., :1], stream(empty), scorer(empty),
                                 FACTS)
    assert np.isnan(result.scores["nss"][2]) and np.isfinite(result.means()["nss"])
    assert all(np.isnan(values).sum() == 1 for values in result.scores.values())
    assert result.reasons == {empty.names[2]: "nss, cc, sim, kld, auc_judd: no fixations"}
    assert f"not scored: {empty.names[2]}: nss" in result.table() and not result.missing


@pytest.mark.filterwarnings("ignore:kld. saliency_map holds negative values")
def test_a_linear_map_is_scored_as_it_is(dataset):
    """No metric clips: kld alone has no answer for values of both signs."""
    image = np.random.default_rng(0).normal(size=(96, 128))
    scores = scorer(dataset).score(0, image)
    assert scores["nss"] == metrics.nss(image, dataset.fixations.fixation_map(0))
    shifted = scorer(dataset).score(0, image - image.min())
    for metric in ("nss", "cc", "auc_judd", "sim"):
        assert scores[metric] == pytest.approx(shifted[metric])
    assert np.isnan(scores["kld"]) and np.isfinite(shifted["kld"])


def test_references_of_the_other_metrics(dataset):
    training = popout.load(count=30, size=(96, 128)).select(range(10, 30))
    image = np.random.default_rng(0).random((96, 128))
    names = ["information_gain", "auc_shuffled", "auc_borji", "nmm"]
    result = scorer(dataset, names, training, seed=7).score(3, image)
    fixations = dataset.fixations
    others = sum(fixations.fixation_map(i) for i in range(6) if i != 3)
    mask = cv2.imdecode(np.frombuffer(dataset.target_masks[3], np.uint8), cv2.IMREAD_GRAYSCALE)
    counts = fixations.fixation_map(3)
    assert result == {
        "information_gain": metrics.information_gain(
            image, counts, center_bias(training)(dataset, 3).saliency_map),
        "auc_shuffled": metrics.auc_shuffled(image, counts, others, seed=10),
        "auc_borji": metrics.auc_borji(image, counts, seed=10),
        "nmm": metrics.nmm(image, mask)}


def test_stored_scores_of_a_density_include_likelihoods(dataset):
    predictions = [uniform(size) for size in dataset.sizes]
    ours = scorer(dataset, ["log_likelihood", "information_gain_density", "nss"], dataset, True)
    result = evaluation.score_predictions(predictions, ours)
    np.testing.assert_allclose(result.scores["log_likelihood"], -np.log(96 * 128), rtol=1e-6)
    assert result.means()["nss"] == 0 and result.means()["information_gain_density"] < 0


def test_a_part_without_maps_is_skipped_and_named(dataset):
    predictions = [np.random.default_rng(i).random((96, 128)) for i in range(6)]
    predictions[4] = evaluation.Skipped("not a readable picture")
    result = evaluation.score_predictions(predictions, scorer(dataset))
    assert result.missing == [dataset.names[4]] and np.isnan(result.scores["cc"][4])
    assert result.reasons == {dataset.names[4]: "not a readable picture"}
    for wrong in (predictions[:5], predictions + predictions[:1]):
        with pytest.raises(ValueError, match=f"{len(wrong)} maps for 6 stimuli"):
            evaluation.score_predictions(wrong, scorer(dataset))


def test_seconds_tell_prediction_from_scoring(dataset):
    def slow():
        for size in dataset.sizes:
            time.sleep(0.05)
            yield np.ones(size)

    seconds = evaluation.score_predictions(slow(), scorer(dataset, ["nss"])).seconds
    assert seconds["prediction"] >= 0.3 > seconds["scoring"]


def test_table_and_summary_files(dataset, tmp_path):
    predictions = [np.random.default_rng(i).random((96, 128)) for i in range(6)]
    result = evaluation.score_predictions(predictions, scorer(dataset, ["nss", "kld"]))
    summary = result.write(tmp_path / "new" / "scores.csv", {
        "prediction": "noise", **scorer(dataset, ["nss", "kld"]).about()})
    with open(tmp_path / "new" / "scores.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["stimulus"] for row in rows] == list(dataset.names)
    assert float(rows[3]["kld"]) == pytest.approx(result.scores["kld"][3], abs=1e-6)
    content = json.loads(summary.read_text())
    assert summary == tmp_path / "new" / "scores.json"
    assert content["prediction"] == "noise" and content["dataset"] == "popout"
    assert content["seed"] == 0 and content["edition"] == dataset.edition
    low, high = content["metrics"]["nss"]["interval_95"]
    assert low < content["metrics"]["nss"]["mean"] < high
    assert content["metrics"]["nss"]["scored"] == content["stimuli"] == 6
    with pytest.raises(ValueError, match="scores.txt: the table must end in .csv or .parquet"):
        result.write(tmp_path / "scores.txt")


@pytest.mark.parametrize("densities", [False, True])
def test_a_network_that_gives_nan_is_one_error(dataset, densities):
    def forward(images):
        return tf.where(images[..., :1] > 100, np.nan, 1.0)

    ours = scorer(dataset, ["nss"], dataset, densities)
    with pytest.raises(FloatingPointError, match=f"the map of {dataset.names[0]} has NaN or inf"):
        evaluation.evaluate(forward, stream(dataset), ours, FACTS)


def test_a_map_of_another_size_names_its_stimulus(dataset):
    predictions = [np.ones((96, 128)), np.ones((96, 127)), np.zeros((0, 0))]
    for index in (1, 2):
        with pytest.raises(InputError, match=rf"the map of {dataset.names[index]} is \[.*96x128"):
            scorer(dataset).score(index, predictions[index])


def test_a_published_density_that_cannot_be_read_is_named(dataset, tmp_path, bomb):
    path = tmp_path / "x.png"
    published = replace(dataset, density_files=[path] * 6)
    cv2.imwrite(str(path), np.zeros((96, 127), np.uint8))
    with pytest.raises(DatasetError, match="x.png: not a readable picture of 96x128"):
        scoring.density_of(published, 0, 6.0)
    for contents, message in ((bomb(), "x.png: 30000x30000 are 900000000 pixels"),
                              (bomb((96, 128)), "x.png: not a readable picture of 96x128"),
                              (b"text", "x.png: not a picture of a known type")):
        path.write_bytes(contents)
        with pytest.raises(DatasetError, match=message):
            scoring.density_of(published, 0, 6.0)


def test_without_a_single_fixation_there_is_nothing_to_score(dataset):
    empty = replace(dataset, fixations=dataset.fixations.where(np.zeros(len(dataset.fixations))),
                    target_masks=None)
    with pytest.raises(DatasetError, match="popout has no fixations on the 6 .*: nss cannot be"):
        scoring.choose_metrics(["nss"], empty)
    with pytest.raises(DatasetError, match="neither fixations nor densities .*: no metric can"):
        scoring.choose_metrics(["all"], empty)
    published = replace(empty, density_files=["x.png"] * 6)
    assert scoring.choose_metrics(["all"], published) == ["cc", "sim", "kld"]


def test_metrics_that_cannot_be_computed_are_named(dataset):
    with pytest.raises(ValueError, match="no metric 'ncc'; choose from all, auc_judd"):
        scoring.choose_metrics(["ncc"], dataset)
    with pytest.raises(ValueError, match="information_gain needs .*baseline_map, and not all of"):
        scoring.choose_metrics(["information_gain"], dataset)
    with pytest.raises(ValueError, match="log_likelihood needs log_density"):
        scoring.choose_metrics(["log_likelihood"], dataset, dataset)
    maps_only = replace(dataset, fixations=None, density_files=["x.png"] * 6)
    with pytest.raises(DatasetError, match="no fixations on the 6 .*: nss cannot"):
        scoring.choose_metrics(["nss"], maps_only)
    with pytest.raises(DatasetError, match="x.png: No such file"):
        scoring.density_of(maps_only, 0, 6.0)


def test_all_means_what_can_be_computed_but_emd(dataset):
    everything = scoring.choose_metrics(["all"], dataset, dataset, densities=True)
    assert set(everything) == set(metrics.METRICS) - {"emd"}
    maps_only = replace(dataset, fixations=None, target_masks=None, density_files=["x.png"] * 6)
    assert scoring.choose_metrics(["cc", "all", "emd"], maps_only) == [
        "cc", "sim", "kld", "emd"]
    alone = dataset.select([0])
    assert "auc_shuffled" not in scoring.choose_metrics(["all"], alone)
