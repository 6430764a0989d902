"""Losses against closed forms, and finite gradients where maps are degenerate."""
import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency import compat, losses

RNG = np.random.default_rng(0)


def maps(*rows):
    """float32 [len(rows), 1, n, 1] from lists of numbers."""
    return tf.constant(np.array(rows, np.float32)[:, None, :, None])


def random_maps():
    shape = (3, 5, 7, 1)
    return RNG.random(shape).astype(np.float32), RNG.random(shape).astype(np.float32)


def test_kld_closed_form():
    q, p = maps([1, 1, 2]), maps([2, 1, 1])  # 1/4 ln(1/2) + 1/2 ln 2
    assert float(losses.kld(q, p)) == pytest.approx(0.25 * np.log(2), abs=1e-6)
    assert float(losses.kld(q, 7 * q)) == pytest.approx(0, abs=1e-6)
    assert float(losses.kld(q, maps([2, 1, 1]) * 5)) == pytest.approx(0.25 * np.log(2), abs=1e-6)


def test_kld_counts_negative_predictions_as_zero():
    q = maps([1, 1, 2])
    assert float(losses.kld(q, maps([1, 1, -3]))) == pytest.approx(
        float(losses.kld(q, maps([1, 1, 0]))))


def test_pixel_losses_closed_forms():
    g, p = maps([0, 0.5, 1], [0, 0, 0]), maps([0, 1, 0], [0, 0, 0])
    assert float(losses.ead(g, p)) == pytest.approx((np.exp(0.5) + np.e - 2) / 2, rel=1e-6)
    assert float(losses.l1(g, p)) == pytest.approx(1.5 / 2)
    assert float(losses.l2(g, p)) == pytest.approx(1.25 / 2)
    half = maps([0.5, 0.5])
    assert float(losses.bce(maps([1, 0]), half)) == pytest.approx(2 * np.log(2), rel=1e-6)


def test_l2_centered_compares_with_the_density_in_minus_one_to_one():
    g, p = maps([0, 127 / 255, 1]), maps([-127 / 128, 0, 1])
    assert float(losses.l2_centered(g, p)) == pytest.approx(0, abs=1e-12)
    assert float(losses.l2_centered(g, 0 * p)) == pytest.approx((127 / 128) ** 2 + 1)
    assert float(losses.l2_centered(g, p + 0.5)) == pytest.approx(3 * 0.25)


def test_bce_pooled_compares_means_of_cells():
    cells = np.array([[0.0, 1.0], [0.25, 0.5]], np.float32)
    target = np.kron(cells, np.ones((4, 4), np.float32))[None, ..., None]
    striped = target * np.tile([0.5, 1.5], 4)[None, None, :, None].astype(np.float32)  # same means
    half = np.full_like(target, 0.5)
    assert float(losses.bce_pooled(target, half)) == pytest.approx(np.log(2), rel=1e-6)
    assert float(losses.bce_pooled(striped, half)) == pytest.approx(np.log(2), rel=1e-6)
    entropy = -np.mean([0.25 * np.log(0.25) + 0.75 * np.log(0.75), np.log(0.5), 0, 0])
    assert float(losses.bce_pooled(striped, target)) == pytest.approx(entropy, abs=1e-5)
    assert float(losses.bce_pooled(target, target)) == pytest.approx(entropy, abs=1e-5)


def test_neg_nss_is_the_mean_standardised_value_over_fixations():
    p = maps([0, 0, 0, 4])  # mean 1, standard deviation sqrt 3
    assert float(losses.neg_nss(maps([0, 0, 0, 1]), p)) == pytest.approx(-3 / np.sqrt(3), rel=1e-5)
    assert float(losses.neg_nss(maps([2, 0, 0, 1]), p)) == pytest.approx(
        -(3 - 2) / 3 / np.sqrt(3), rel=1e-5)


def test_neg_cc_is_pearson():
    from scipy.stats import pearsonr
    a, b = random_maps()
    expected = -np.mean([pearsonr(x.ravel(), y.ravel())[0] for x, y in zip(a, b)])
    assert float(losses.neg_cc(a, b)) == pytest.approx(expected, abs=1e-5)
    assert float(losses.neg_cc(a, 3 * a + 1)) == pytest.approx(-1, abs=1e-5)


def test_bhattacharyya_closed_form():
    # sum sqrt(p q) = 2 * sqrt(1/4 * 1/2) + 0
    distance = float(losses.bhattacharyya(maps([1, 1, 2, 0]), maps([2, 2, 0, 0])))
    assert distance == pytest.approx(-np.log(2 * np.sqrt(1 / 8)), abs=1e-4)
    a, _ = random_maps()
    assert float(losses.bhattacharyya(a, 9 * a)) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
@pytest.mark.parametrize("target", ["random", "zero", "constant"])
@pytest.mark.parametrize("prediction", ["random", "zero", "constant", "negative"])
def test_gradients_are_finite(name, target, prediction):
    values = {"random": RNG.random((2, 6, 5, 1)), "zero": np.zeros((2, 6, 5, 1)),
              "constant": np.full((2, 6, 5, 1), 0.3), "negative": -RNG.random((2, 6, 5, 1))}
    p = tf.Variable(values[prediction].astype(np.float32))
    with tf.GradientTape() as tape:
        loss = losses.LOSSES[name].function(tf.constant(values[target].astype(np.float32)), p)
    assert np.isfinite(float(loss))
    assert np.isfinite(tape.gradient(loss, p).numpy()).all()


@pytest.mark.parametrize("name", ["neg_nss", "neg_cc"])
def test_constant_maps_score_zero(name):
    constant = maps([0.3] * 6)
    assert float(losses.LOSSES[name].function(maps([0, 1, 0, 2, 0, 0]), constant)) == pytest.approx(
        0, abs=1e-3)
    if name == "neg_cc":
        assert float(losses.neg_cc(constant, maps([0, 1, 0, 2, 0, 0]))) == pytest.approx(
            0, abs=1e-3)


@pytest.mark.parametrize("name", sorted(losses.LOSSES))
def test_loss_is_the_mean_over_the_batch(name):
    a, b = random_maps()
    single = [float(losses.LOSSES[name].function(a[i:i + 1], b[i:i + 1])) for i in range(len(a))]
    assert float(losses.LOSSES[name].function(a, b)) == pytest.approx(np.mean(single), rel=1e-5)


def test_weighted_sum_takes_each_loss_to_its_target():
    a, b = random_maps()
    counts = (a > 0.8).astype(np.float32)
    loss = losses.weighted({"neg_nss": 0.5, "kld": 2})
    assert losses.required_targets({"neg_nss": 1, "kld": 1}) == [
        "fixation_density_map", "fixation_map"]
    expected = 0.5 * losses.neg_nss(counts, b) + 2 * losses.kld(a, b)
    assert float(loss(np.concatenate([a, counts], -1), b)) == pytest.approx(float(expected))
    assert float(losses.weighted({"neg_nss": 1.0})(counts, b)) == pytest.approx(
        float(losses.neg_nss(counts, b)))


def test_unknown_losses_are_named():
    with pytest.raises(ValueError, match="unknown loss kdl; the losses are kld, ead"):
        losses.weighted({"kdl": 1.0})
    with pytest.raises(ValueError, match="unknown loss nothing"):
        losses.weighted({})


# Keras 2 finds a function by its bare name, and reads these as the losses of Keras itself.
KERAS_2_HAS_ITS_OWN = {"kld", "l1", "l2", "mse"}


@pytest.mark.parametrize("name", sorted(
    set(losses.LOSSES) - (set() if compat.KERAS_3 else KERAS_2_HAS_ITS_OWN)))
def test_a_compiled_model_keeps_its_loss(name, tmp_path):
    loss = losses.LOSSES[name].function
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(1, 1)])
    model.compile("sgd", loss)
    model.save(tmp_path / "model.keras")
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model),
                  keras.models.load_model(tmp_path / "model.keras")):
        assert again.loss is loss
        image, target = np.ones((1, 4, 4, 1), np.float32), np.full((1, 4, 4, 1), 0.5, np.float32)
        assert again.evaluate(image, target, verbose=0) == pytest.approx(
            model.evaluate(image, target, verbose=0))
