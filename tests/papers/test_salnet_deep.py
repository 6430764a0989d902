"""SalNet's deep network: rates, iterations, and verdicts on its loss."""
import numpy as np
import pytest

from keras_saliency.models import build_model
from papers import salnet_deep
from papers.making.setting import Setting


def _rows(loss, watched, rate=salnet_deep.PAPER_RATE):
    rows = [{"rate_over_pixels": rate, "diverged": "no", "iteration": 25 * place, "rate": 1e-7,
             "loss": a, "val_loss": b, "cc": "", "auc_shuffled": "", "auc_borji": ""}
            for place, (a, b) in enumerate(zip(loss, watched), 1)]
    rows[-1].update(cc=0.4, auc_shuffled=0.6, auc_borji=0.7, stimuli=200)
    return rows


DIVERGED = {"rate_over_pixels": salnet_deep.PAPER_RATE, "diverged": "yes", "iteration": "",
            "loss": "", "val_loss": "", "rate": "", "cc": ""}


def test_both_losses_must_fall():
    holds, text = salnet_deep.verdict(_rows([0.5, 0.3, 0.2], [0.4, 0.4, 0.25]))
    assert holds is True and "from 0.5000 to 0.2000 in 75 iterations" in text and "CC 0.400" in text
    assert salnet_deep.verdict(_rows([0.5, 0.3], [0.4, 0.41])).holds is False
    assert salnet_deep.verdict(_rows([0.5, 0.6], [0.4, 0.3])).holds is False
    assert salnet_deep.verdict(_rows([0.5], [0.4])).holds is False


def test_a_training_that_diverged(tmp_path):
    rows = [*_rows([0.5, 0.2], [0.4, 0.2], 0.0005), DIVERGED]
    holds, text = salnet_deep.verdict(rows)
    assert holds is False and "at 0.0005 the loss" in text and "at 0.01 it diverges" in text
    losses, scores = salnet_deep.tables(rows)
    assert losses.rows[-1] == [0.01, "diverged", "", "", ""] and len(losses.rows) == 3
    assert scores.rows[0] == ["ours, 0.0005", "0.40", "0.60", "0.70"] and len(scores.rows) == 4
    salnet_deep.draw(rows, tmp_path / "plot")
    assert (tmp_path / "plot.svg").is_file()


def test_the_real_training_is_500_iterations_at_the_rate_of_its_size(setting, monkeypatch):
    monkeypatch.setattr(salnet_deep, "_start", lambda setting, config: "start.h5")
    real = Setting(setting.scratch, setting.recipes, {"osie": "PATH"})
    config = salnet_deep.training_config(real, "osie", 0.01)
    draws = round(config.data.weight * config.data.train)
    assert config.train.epochs * (draws // config.train.batch) == 500
    assert config.train.learning_rate == pytest.approx(0.01 / 43200)
    assert (config.train.decay, config.train.decay_every) == (0.5, 100)


def test_rates_are_those_of_the_iterations(setting):
    rows = salnet_deep.measure(setting, "osie", 0.001)
    assert [row["iteration"] for row in rows] == [2, 4]
    assert rows[0]["rate"] == pytest.approx(0.001 / (48 * 64)) and "cc" not in rows[0]
    assert rows[-1]["stimuli"] > 0


def test_a_bilinear_start_enlarges_what_conv9_makes():
    model = build_model("salnet_deep", width_multiplier=0.02)
    salnet_deep.start_bilinear(model)
    layer = model.get_layer("deconv1")
    flat = np.asarray(layer(np.full((1, 6, 6, 1), 3, np.float32)))[0, 4:-4, 4:-4]
    assert np.allclose(flat, 3)
