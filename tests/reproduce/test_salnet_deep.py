"""SalNet's deep network: rates, iterations, and when its loss counts as falling."""
import pytest

from keras_saliency.reproduce import salnet_deep
from keras_saliency.reproduce.setting import Setting


def _rows(loss, watched):
    rows = [{"iteration": 25 * place, "rate": 1e-7, "loss": a, "val_loss": b, "cc": ""}
            for place, (a, b) in enumerate(zip(loss, watched), 1)]
    rows[-1].update(cc=0.4, auc_shuffled=0.6, auc_borji=0.7, stimuli=200)
    return rows


def test_both_losses_must_fall():
    holds, text = salnet_deep.verdict(_rows([0.5, 0.3, 0.2], [0.4, 0.4, 0.25]))
    assert holds is True and "from 0.5000 to 0.2000 in 75 iterations" in text and "CC 0.400" in text
    assert salnet_deep.verdict(_rows([0.5, 0.3], [0.4, 0.41])).holds is False
    assert salnet_deep.verdict(_rows([0.5, 0.6], [0.4, 0.3])).holds is False
    assert salnet_deep.verdict(_rows([0.5], [0.4])).holds is False


def test_the_real_training_is_500_iterations_at_the_rate_of_its_size(setting):
    real = Setting(setting.scratch, setting.recipes, {"osie": "PATH"})
    config = salnet_deep.training_config(real, "osie")
    draws = round(config.data.weight * config.data.train)
    assert config.train.epochs * (draws // config.train.batch) == 500
    assert config.train.learning_rate == pytest.approx(0.01 / 43200)
    assert (config.train.decay, config.train.decay_every) == (0.5, 100)


def test_rates_are_those_of_the_iterations(setting):
    rows = salnet_deep.measure(setting, "osie")
    assert [row["iteration"] for row in rows] == [2, 4]
    assert rows[0]["rate"] == pytest.approx(0.01 / (48 * 64)) and "cc" not in rows[0]
    assert rows[-1]["stimuli"] > 0
