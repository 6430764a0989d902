"""The table of losses: all runs, resumable, with the paper's numbers."""
import json
from pathlib import Path

import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.reproduce import ead_losses

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_table_trains_each_loss_once_and_continues(tmp_path, monkeypatch):
    config = configs.from_dict({
        "name": "table", "output": str(tmp_path),
        "model": {"name": "ead", "options": {"width_multiplier": 0.03}},
        "data": {"name": "popout", "canvas": [32, 48], "sigma_pixels": 6,
                 "options": {"count": 16, "size": [96, 128]}},
        "train": {"epochs": 1, "batch": 4, "learning_rate": 1e-3}})
    two = {loss: ead_losses.PAPER[loss] for loss in ("bce", "ead")}
    monkeypatch.setattr(ead_losses, "PAPER", two)
    trained = []
    original = ead_losses.fit.train

    def train(config, **options):
        trained.append((config.train.loss, config.train.seed, config.model.options["sigmoid"]))
        return original(config, **options)

    monkeypatch.setattr(ead_losses.fit, "train", train)
    scores = ead_losses.run(config, seeds=(1, 2), log=lambda line: None)
    assert trained == [({loss: 1.0}, seed, loss == "bce")
                       for loss in ("bce", "ead") for seed in (1, 2)]
    assert json.loads((tmp_path / "table" / "loss_table.json").read_text()) == scores
    stored = json.loads((tmp_path / "table" / "ead_2" / "scores.json").read_text())
    assert scores["ead"]["nss"][1] == stored["metrics"]["nss"]["mean"]
    assert np.ptp(scores["ead"]["nss"]) > 0
    assert ead_losses.run(config, seeds=(1, 2), log=lambda line: None) == scores
    assert len(trained) == 4


def test_the_table_starts_from_the_papers_recipe():
    config = configs.load(REPOSITORY / "configs" / ead_losses.SPEC.config)
    train = config.train
    assert (train.optimizer, train.learning_rate, train.decay) == ("adam", 5e-5, 0.1)
    assert (train.freeze, train.finetune_layers, train.mirror) == (None, "all", False)
    assert (config.data.train, config.data.validation) == (900, 103)
    bce = ead_losses._with(config, "bce", 2)  # everything but loss and seed
    assert bce.train.loss == {"bce": 1.0} and bce.model.options == {"sigmoid": True}
    assert configs.to_dict(bce)["data"] == configs.to_dict(config)["data"]


def test_table_has_means_deviations_and_the_papers_numbers():
    scores = {loss: {metric: [value, value + 0.2] for metric in ead_losses.METRICS}
              for loss, value in (("l1", 1.0), ("ead", 2.0))}
    text = ead_losses.describe(scores)
    assert "| `ead` | 2.100 ± 0.141 | 2.100 ± 0.141 |" in text and "| 2.404 | 0.701 |" in text
    assert text.endswith("Order by NSS: ead > l1; in the paper: ead > l1.")
