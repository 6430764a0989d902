"""Where shuffled AUC takes its nonfixations from, and how EMD reduces the maps."""
import json

import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency import evaluation, metrics
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.evaluation.scores import of_baseline, score


def ten_stimuli():
    """One fixation each, at x = the stimulus' number; the last one has none."""
    return Fixations.build(np.arange(9.0), np.zeros(9), np.arange(9), [(1, 10)] * 10)


def test_other_map_of_some_others():
    fixations = ten_stimuli()
    drawn = [fixations.other_map(4, 3, seed=[0, s])[0] for s in range(200)]
    for counts in drawn:
        assert counts.sum() == 3 and counts.max() == 1 and counts[4] == counts[9] == 0
    times = np.sum(drawn, axis=0)[[0, 1, 2, 3, 5, 6, 7, 8]]
    assert times.sum() == 600 and times.min() > 45 and times.max() < 105  # each about 75 times
    assert np.array_equal(fixations.other_map(4, 3, seed=[0, 7])[0], drawn[7])
    for others in (None, 8, 50):  # as many as there are
        assert fixations.other_map(4, others)[0].tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1, 0]
    assert fixations.where(fixations.image == 4).other_map(4, 3).sum() == 0


def test_shuffled_auc_of_some_others(make_dataset):
    dataset = make_dataset(8, 3, 4)
    image = np.random.default_rng(0).random(dataset.sizes[2])
    some = evaluation.Scorer(dataset, 3.0, ["auc_shuffled"], seed=5, shuffled_others=2)
    score = some.score(2, image)["auc_shuffled"]
    counts = dataset.fixations.fixation_map(2)
    # recomputed from the map of two stimuli, found by trying all pairs
    pairs = [(a, b) for a in range(8) for b in range(a) if 2 not in (a, b)]
    maps = [dataset.fixations.select([2, a, b]).other_map(0) for a, b in pairs]
    assert score in [metrics.auc_shuffled(image, counts, m, seed=7) for m in maps]
    assert evaluation.Scorer(dataset, 3.0, ["auc_shuffled"], seed=5).score(2, image) == {
        "auc_shuffled": metrics.auc_shuffled(image, counts, dataset.fixations.other_map(2), seed=7)}
    others = [some.references(i)["other_map"].sum() for i in range(8)]
    assert others == [24] * 8  # two stimuli of 12 fixations
    assert some.about()["shuffled_others"] == 2


def test_emd_reduction_of_a_scorer(make_dataset):
    dataset = make_dataset(2, 3, 4)
    image = np.random.default_rng(0).random(dataset.sizes[0]) ** 4
    density = dataset.fixations.density_map(0, 3.0)
    for reduction in ("area", "matlab"):
        scorer = evaluation.Scorer(dataset, 3.0, ["emd", "cc"], emd_reduction=reduction)
        assert scorer.score(0, image)["emd"] == metrics.emd(image, density, reduction)
        assert scorer.about()["emd_reduction"] == reduction


def test_evaluate_takes_both_from_the_config(tmp_path):
    settings = ["data.options.count=12", "evaluation.metrics=[auc_shuffled, emd]",
                "evaluation.shuffled_others=1", "evaluation.emd_reduction=matlab"]
    score(configs.load(None, settings), of_baseline("center_bias"), "all", tmp_path / "some.csv")
    score(configs.load(None, settings[:2]), of_baseline("center_bias"), "all",
          tmp_path / "all.csv")
    some, everything = (json.loads((tmp_path / f"{name}.json").read_text())
                        for name in ("some", "all"))
    assert (some["shuffled_others"], some["emd_reduction"]) == (1, "matlab")
    assert (everything["shuffled_others"], everything["emd_reduction"]) == (None, "area")
    for metric in ("auc_shuffled", "emd"):
        assert some["metrics"][metric]["mean"] != everything["metrics"][metric]["mean"]


@pytest.mark.parametrize("setting, message", [
    ("evaluation.shuffled_others=0", "shuffled_others must be at least 1, not 0"),
    ("evaluation.emd_reduction=bicubic", "emd_reduction 'bicubic'; choose area or matlab")])
def test_settings_that_are_refused(setting, message):
    with pytest.raises(configs.ConfigError, match=message):
        configs.load(None, [setting])
