"""Evaluation at each stimulus' own size."""
import csv

import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import evaluation, losses, maps, metrics
from keras_saliency.datasets import pipeline, popout
from keras_saliency.datasets.dataset import DatasetError

METRICS = ["nss", "cc", "sim", "kld", "auc_judd"]


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=6, size=(96, 128))


def stream(dataset, canvas=(48, 64)):
    return pipeline.canvas_stream(dataset, pipeline.CanvasSpec(canvas, 6.0), 4)


def test_scores_are_those_of_the_metrics_on_the_maps(dataset):
    def forward(images):
        return tf.reduce_mean(images, -1, keepdims=True)

    result = evaluation.evaluate(forward, stream(dataset), dataset, 6.0, METRICS, losses.kld)
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


def test_the_density_itself_scores_best(dataset):
    density = [maps.to_canvas(dataset.fixations.density_map(i, 6.0)[..., None], (96, 128))
               for i in range(len(dataset))]
    made = iter([tf.stack(density[:4]), tf.stack(density[4:])])
    result = evaluation.evaluate(lambda _: next(made), stream(dataset, (96, 128)), dataset, 6.0,
                                 METRICS)
    means = result.means()
    assert means["cc"] == pytest.approx(1, abs=1e-6)
    assert means["sim"] == pytest.approx(1, abs=1e-4)
    assert means["kld"] == pytest.approx(0, abs=1e-6)
    assert means["nss"] > 2 and means["auc_judd"] > 0.9


def test_stimuli_without_fixations_are_skipped_and_counted(dataset):
    from dataclasses import replace
    empty = replace(dataset, fixations=dataset.fixations.where(dataset.fixations.image != 2))
    result = evaluation.evaluate(lambda images: images[..., :1], stream(empty), empty, 6.0,
                                 METRICS)
    assert np.isnan(result.scores["nss"][2]) and np.isfinite(result.means()["nss"])
    assert result.skipped() == {name: 1 for name in METRICS}
    assert "could not be scored: nss: 1" in result.describe()


def test_negative_values_of_a_linear_output_count_as_nothing(dataset):
    image = np.random.default_rng(0).normal(size=(96, 128))
    ours = evaluation.score_map(image, dataset, 0, 6.0, METRICS)
    clipped = evaluation.score_map(np.maximum(image, 0), dataset, 0, 6.0, METRICS)
    assert ours == clipped and np.isfinite(list(ours.values())).all()


def test_csv_has_a_row_per_stimulus(dataset, tmp_path):
    result = evaluation.evaluate(lambda images: images[..., :1], stream(dataset), dataset, 6.0,
                                 ["nss", "cc"])
    result.write_csv(tmp_path / "scores.csv")
    with open(tmp_path / "scores.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["stimulus"] for row in rows] == list(dataset.names)
    assert float(rows[3]["cc"]) == pytest.approx(result.scores["cc"][3], abs=1e-6)


def test_metrics_that_cannot_be_computed_are_named(dataset):
    from dataclasses import replace
    with pytest.raises(ValueError, match="no metric 'ncc' here; choose from .*auc_judd"):
        evaluation.check_metrics(["ncc"], dataset)
    maps_only = replace(dataset, fixations=None, density_files=["x.png"] * 6)
    with pytest.raises(DatasetError, match="no fixations: nss cannot"):
        evaluation.check_metrics(["nss"], maps_only)
    evaluation.check_metrics(["cc"], maps_only)
    with pytest.raises(DatasetError, match="x.png: not a readable picture"):
        evaluation.density_of(maps_only, 0, 6.0)
