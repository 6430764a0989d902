"""The Keras metrics against the numpy metrics, and inside compile/fit on both Keras versions."""
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_saliency.metrics import METRICS
from keras_saliency.metrics.keras_metrics import CC, KLD, NSS, SIM

SHAPE = (24, 32)

KERAS_METRICS = {"cc": CC, "kld": KLD, "sim": SIM, "nss": NSS}


def references(name, count, rng):
    """y_true [B, H, W, 1] float32 as the metric wants it."""
    if name == "nss":
        return rng.poisson(0.05, (count, *SHAPE, 1)).astype(np.float32)
    return (np.maximum(rng.random((count, *SHAPE, 1)) - 0.3, 0) ** 2).astype(np.float32)


def expected(name, y_true, y_pred):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return [METRICS[name].function(p[..., 0], t[..., 0]) for t, p in zip(y_true, y_pred)]


def score(name, y_true, y_pred, **options):
    metric = KERAS_METRICS[name](**options)
    metric.update_state(y_true, y_pred)
    return float(metric.result())


PREDICTIONS = {
    "noise": lambda rng: rng.random(SHAPE),
    "heavy_tail": lambda rng: np.exp(3 * rng.standard_normal(SHAPE)),
    "mostly_zero": lambda rng: np.maximum(rng.random(SHAPE) - 0.9, 0),
    "large_offset": lambda rng: 1000 + rng.random(SHAPE),
    "negative": lambda rng: -1 - rng.random(SHAPE),
    "both_signs": lambda rng: rng.standard_normal(SHAPE),
    "constant": lambda rng: np.full(SHAPE, 0.7),
    "zero": lambda rng: np.zeros(SHAPE),
}


@pytest.mark.parametrize("kind", PREDICTIONS)
@pytest.mark.parametrize("name", KERAS_METRICS)
def test_equals_numpy(name, kind):
    rng = np.random.default_rng(0)
    y_pred = np.stack([PREDICTIONS[kind](rng) for _ in range(3)])[..., None].astype(np.float32)
    y_true = references(name, 3, rng)
    rows = expected(name, y_true, y_pred)
    mean = np.nan if np.isnan(rows).all() else np.nanmean(rows)
    assert np.isnan(mean) == (name == "kld" and kind == "both_signs")
    # float32 holds the result, not the arithmetic
    assert score(name, y_true, y_pred) == pytest.approx(mean, rel=1e-6, abs=1e-7, nan_ok=True)


@pytest.mark.parametrize("name", KERAS_METRICS)
def test_constant_reference(name):
    y_pred = np.random.default_rng(0).random((1, *SHAPE, 1)).astype(np.float32)
    y_true = np.ones_like(y_pred)
    assert score(name, y_true, y_pred) == pytest.approx(
        expected(name, y_true * (1 if name == "nss" else 0.5), y_pred)[0], rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", KERAS_METRICS)
def test_images_without_fixations_are_skipped(name):
    rng = np.random.default_rng(1)
    y_true, y_pred = references(name, 4, rng), rng.random((4, *SHAPE, 1)).astype(np.float32)
    y_true[[0, 2]] = 0
    assert np.isnan(expected(name, y_true, y_pred)).tolist() == [True, False, True, False]
    assert score(name, y_true, y_pred) == pytest.approx(
        score(name, y_true[[1, 3]], y_pred[[1, 3]]), rel=1e-6)
    assert np.isnan(score(name, y_true[:1], y_pred[:1]))
    assert np.isnan(float(KERAS_METRICS[name]().result()))


@pytest.mark.parametrize("name", KERAS_METRICS)
def test_batches_weights_merge_and_reset(name):
    rng = np.random.default_rng(2)
    y_true, y_pred = references(name, 5, rng), rng.random((5, *SHAPE, 1)).astype(np.float32)
    weights = np.array([1, 0, 2, 0.5, 1], np.float32)
    rows = expected(name, y_true, y_pred)
    first, second = KERAS_METRICS[name](), KERAS_METRICS[name]()
    first.update_state(y_true[:2], y_pred[:2], sample_weight=weights[:2])
    second.update_state(y_true[2:], y_pred[2:], sample_weight=weights[2:, None])
    first.merge_state([second])
    assert float(first.result()) == pytest.approx(np.average(rows, weights=weights), rel=1e-5)
    first.reset_state()
    first.update_state(y_true, y_pred)
    assert float(first.result()) == pytest.approx(np.mean(rows), rel=1e-5)


@pytest.mark.parametrize("name", KERAS_METRICS)
def test_half_precision_predictions(name):
    rng = np.random.default_rng(3)
    y_true, y_pred = references(name, 2, rng), rng.random((2, *SHAPE, 1)).astype(np.float16)
    assert score(name, y_true, tf.constant(y_pred)) == pytest.approx(
        np.mean(expected(name, y_true, y_pred)), abs=1e-6)


def test_config_and_registration():
    for name, cls in KERAS_METRICS.items():
        metric = cls(name="val", channel=1)
        assert metric.get_config()["channel"] == 1
        copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
        assert type(copy) is cls and copy.channel == 1 and copy.name == "val"
        assert cls().name == name
        assert keras.saving.get_registered_name(cls) == f"keras_saliency>{cls.__name__}"


@pytest.mark.parametrize("shape", [SHAPE, (None, None)], ids=["fixed", "any size"])
def test_in_compile(shape, tmp_path):
    """A density and a fixation_map as channels of one target; the model survives saving."""
    rng = np.random.default_rng(4)
    x = rng.random((6, *SHAPE, 3)).astype(np.float32)
    y = np.concatenate([references("kld", 6, rng), references("nss", 6, rng)], axis=-1)
    y[0] = 0
    inputs = keras.Input((*shape, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(
        inputs))
    model.compile("sgd", "mse", metrics=[
        KERAS_METRICS[name](channel=int(name == "nss")) for name in KERAS_METRICS])
    history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x, y)).history
    y_pred = model.predict(x, verbose=0)
    logs = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    for name in KERAS_METRICS:
        channel = int(name == "nss")
        rows = expected(name, y[..., channel:channel + 1], y_pred)
        assert logs[name] == pytest.approx(np.nanmean(rows), abs=1e-4)
        assert history[f"val_{name}"][-1] == pytest.approx(logs[name], abs=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)["nss"] == (
        pytest.approx(logs["nss"], abs=1e-5))
