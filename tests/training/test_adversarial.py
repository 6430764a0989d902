"""SalGAN's adversarial stage: turns, what learns, logs, resume."""
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.models import build_model, weights_file
from keras_saliency.models.weights_file import WeightsError
from keras_saliency.training import adversarial, fit


def small(tmp_path, *overrides):
    return configs.load(None, [
        f"output={tmp_path / 'runs'}", "name=gan", "model.name=salgan",
        "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]",
        "train.loss={bce_pooled: 1}", "data.options={count: 12, size: [96, 128]}",
        "train.epochs=2", "train.batch=2", "train.optimizer=adagrad", "train.learning_rate=0.01",
        "train.mirror=true", "train.adversarial={learning_rate: 0.01, width_multiplier: 0.2}",
        *overrides])


def snapshot(model):
    return [w.copy() for w in model.get_weights()]


def moved(before, model):
    return any((a != b).any() for a, b in zip(before, model.get_weights()))


def test_networks_take_turns():
    keras.utils.set_random_seed(0)
    config = configs.load(None, ["train.adversarial={width_multiplier: 0.2}"])
    adversary = adversarial.make_adversary(config.train, (48, 64), keras.optimizers.Adagrad(0.01))
    generator = build_model("salgan", width_multiplier=0.05)
    model = adversarial.AdversarialTraining(generator, adversary, alpha=0.05)
    model.compile(keras.optimizers.Adagrad(0.01), fit.losses.weighted({"bce_pooled": 1.0}))
    rng = np.random.default_rng(0)
    images = tf.constant(rng.uniform(0, 255, (2, 48, 64, 3)), tf.float32)
    targets = tf.constant(rng.uniform(0, 1, (2, 48, 64, 1)), tf.float32)
    in_a_graph = tf.function(model.train_step)  # two turns, after two op by op
    for step in range(4):
        train_step = model.train_step if step < 2 else in_a_graph
        own, other = snapshot(generator), snapshot(adversary.discriminator)
        train_step((images, targets))
        assert moved(other, adversary.discriminator) == (step % 2 == 0)
        assert moved(own, generator) == (step % 2 == 1)
    np.testing.assert_array_equal(model(images), generator(images))
    logs = {m.name: float(m.result()) for m in model.metrics}
    assert logs["generator_rate"] == pytest.approx(0.01) and 0 <= logs[
        "discriminator_accuracy"] <= 1
    assert logs["generator_loss"] > 0.05 * logs["loss"] > 0


@pytest.mark.one_stack
def test_the_discriminator_learns_to_tell_maps_apart():
    keras.utils.set_random_seed(1)
    config = configs.load(None, ["train.adversarial={width_multiplier: 0.5}"])
    adversary = adversarial.make_adversary(config.train, (48, 64), keras.optimizers.Adam(3e-3))
    generator = build_model("salgan", width_multiplier=0.05)
    model = adversarial.AdversarialTraining(generator, adversary, alpha=0.05)
    model.compile(keras.optimizers.SGD(0.0), fit.losses.weighted({"bce_pooled": 1.0}))
    y, x = np.mgrid[:48, :64]
    blob = np.exp(-((x - 32) ** 2 + (y - 24) ** 2) / 100.0)[None, ..., None]
    images = tf.zeros((2, 48, 64, 3))
    targets = tf.constant(np.repeat(blob, 2, 0), tf.float32)
    losses = []
    for _ in range(60):
        model.reset_metrics()
        model.train_step((images, targets))
        losses.append(float(model.means["discriminator_loss"].result()))
    assert losses[-2] < 0.5 * losses[0] and losses[-2] < 2 * np.log(2)


def test_a_run_logs_both_and_resumes_alike(tmp_path, op_by_op):
    whole = fit.train(small(tmp_path / "whole"))
    assert set(whole.rows[0]) == {
        "epoch", "loss", "generator_loss", "discriminator_loss", "discriminator_accuracy",
        "generator_rate", "discriminator_rate", "val_loss", "val_nss", "val_cc"}
    assert all(np.isfinite(list(row.values())).all() for row in whole.rows)
    fit.train(small(tmp_path / "parts", "train.epochs=1"))
    resumed = fit.train(small(tmp_path / "parts"), resume=True)
    assert whole.rows == resumed.rows
    for group in (adversarial.DISCRIMINATOR, adversarial.OPTIMIZER):
        a, b = (weights_file.read_group(run.folder / "last.h5", group) for run in (whole, resumed))
        assert a.keys() == b.keys() and len(a) > 5
        for key in a:
            np.testing.assert_array_equal(a[key], b[key])
    # the generator alone is the run's model, and starts a plain run
    tuned = small(tmp_path, f"model.weights={whole.folder}", "train.adversarial=null")
    plain = fit.build(tuned.model, tuned.train)
    np.testing.assert_array_equal(plain.get_weights()[0], whole.model.get_weights()[0])


@pytest.mark.one_stack
@pytest.mark.parametrize("override, message", [
    ("train.cache=memory", "needs the stimuli themselves: set train.cache=none"),
    ("train.adversarial={alpha: 0}", "alpha must be above 0"),
    ("train.adversarial={optimizer: adagard}", "train.adversarial.optimizer 'adagard'; choose"),
    ("train.adversarial={optimizer_options: {x: 1}}", "train.adversarial.optimizer_options"),
    ("train.adversarial={alhpa: 1}", "no key 'train.adversarial.alhpa'"),
])
def test_wrong_settings_are_named(tmp_path, override, message):
    with pytest.raises(ConfigError, match=message):
        fit.train(small(tmp_path, override))


def test_a_checkpoint_without_a_discriminator_is_named(tmp_path):
    fit.train(small(tmp_path, "train.adversarial=null", "train.epochs=1"))
    config = small(tmp_path)
    config.train.adversarial.width_multiplier = 0.3
    adversary = adversarial.make_adversary(config.train, (48, 64), keras.optimizers.Adagrad(0.01))
    with pytest.raises(WeightsError, match="last.h5 does not hold the state of this discrim"):
        adversary.restore(tmp_path / "runs" / "gan" / "last.h5")
