"""Callbacks that look into a network while it trains."""
import csv

import h5py
import keras
import numpy as np
import pytest

from keras_saliency.datasets.pipeline import stimulus_stream
from keras_saliency.files import InputError
from keras_saliency.training.callbacks import UnitNSS
from keras_saliency.units.unit_scores import score_dataset


def tags(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(folder))
    events.Reload()
    return set(events.Tags()["tensors"])


@pytest.fixture
def network(color_model):
    """The planted model, of which `fit` trains the readout; one batch of stimuli."""
    model = keras.models.clone_model(color_model)
    model.set_weights(color_model.get_weights())
    model.compile(keras.optimizers.SGD(1e-9), "mse")
    return model


def fit(network, planted, epochs, *callbacks):
    images = next(iter(stimulus_stream(planted, (64, 96), range(4), 4)))
    network.fit(images, images[..., :1], epochs=epochs, verbose=0, callbacks=list(callbacks))


def test_units_are_scored_before_during_and_after(network, planted, tmp_path):
    callback = UnitNSS(planted, ["colors", "cells"], tmp_path, tensorboard=tmp_path / "logs",
                       every=2)
    start = score_dataset(network, ["colors"], planted, keep=5)["colors"]
    fit(network, planted, 3, callback)
    assert sorted(callback.history["colors"]) == [0, 2, 3]  # the last one too
    np.testing.assert_allclose(callback.history["colors"][0].moments.mean, start.moments.mean)
    with open(tmp_path / "unit_nss.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["epoch"], r["layer"]) for r in rows] == [
        (e, layer) for e in "023" for layer in ("colors", "cells")]
    assert rows[0]["best_unit"] == "0" and rows[0]["detectors"] == "1" and rows[0]["dead"] == "1"
    with h5py.File(tmp_path / "unit_nss.h5") as file:
        assert file["epochs"][:].tolist() == [0, 2, 3] and file["cells/nss"].shape == (3, 3)
        end = score_dataset(network, ["colors"], planted, keep=5)["colors"]
        np.testing.assert_allclose(file["colors/best"][-1], end.mean_of_best(5))
    assert {"unit NSS/colors", "fixation detectors/cells"} <= tags(tmp_path / "logs")


def test_a_resumed_run_continues_the_files(network, planted, tmp_path):
    fit(network, planted, 2, UnitNSS(planted, ["colors"], tmp_path))
    images = next(iter(stimulus_stream(planted, (64, 96), range(4), 4)))
    network.fit(images, images[..., :1], initial_epoch=2, epochs=3, verbose=0,
                callbacks=[UnitNSS(planted, ["colors"], tmp_path)])
    with h5py.File(tmp_path / "unit_nss.h5") as file:
        assert file["epochs"][:].tolist() == [0, 1, 2, 3] and len(file["colors/nss"]) == 4


def test_other_units_do_not_continue_the_files(network, planted, tmp_path):
    fit(network, planted, 2, UnitNSS(planted, ["colors"], tmp_path))
    before = [(tmp_path / name).read_bytes() for name in ("unit_nss.csv", "unit_nss.h5")]
    images = next(iter(stimulus_stream(planted, (64, 96), range(4), 4)))
    with pytest.raises(InputError, match="epochs with the units {'colors': 4}, not {'cells': 3}"):
        network.fit(images, images[..., :1], initial_epoch=2, epochs=3, verbose=0,
                    callbacks=[UnitNSS(planted, ["cells"], tmp_path)])
    assert before == [(tmp_path / name).read_bytes() for name in ("unit_nss.csv", "unit_nss.h5")]
    fit(network, planted, 1, UnitNSS(planted, ["cells"], tmp_path))  # a new training replaces them
    with h5py.File(tmp_path / "unit_nss.h5") as file:
        assert file["epochs"][:].tolist() == [0, 1] and set(file) == {"epochs", "cells"}


def test_the_observed_model_may_be_another(network, planted, color_model, tmp_path):
    other = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    other.compile("sgd", "mse")
    callback = UnitNSS(planted, ["colors"], tmp_path, model=color_model)
    other.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0, callbacks=[callback])
    assert sorted(callback.history["colors"]) == [0, 1]


def test_every_must_be_positive(planted, tmp_path):
    with pytest.raises(ValueError, match="at least 1 epoch, not 0"):
        UnitNSS(planted, ["colors"], tmp_path, every=0)
