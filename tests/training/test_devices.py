"""Several devices train what one does; what cannot be is said before training."""
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.training import devices

# Two logical processors train a tiny EAD for 20 steps, or one does. By SGD: Adam divides a gradient
# by its size, and so makes the rounding of the smallest as large as a step.
CODE = """
import sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from keras_saliency import config as configs
from keras_saliency.training import fit
for name in ("one", "mirrored"):
    run = fit.train(configs.from_dict({
        "name": name, "output": sys.argv[1],
        "model": {"name": "ead", "options": {"width_multiplier": 0.06}},
        "data": {"name": "popout", "sigma_pixels": 6, "canvas": [48, 64],
                 "options": {"count": 50, "size": [96, 128]}},
        "train": {"devices": name, "epochs": 2, "batch": 4, "loss": {"kld": 1.0},
                  "optimizer": "sgd", "learning_rate": 1e-3,
                  "optimizer_options": {"momentum": 0.9}}}))
    run = fit.train(run.config, resume=True)
    assert [row["epoch"] for row in run.rows] == [1, 2], run.rows
    np.savez(f"{sys.argv[1]}/{name}.npz", *run.model.get_weights(),
             loss=[row["loss"] for row in run.rows])
"""


@pytest.mark.slow
def test_two_devices_train_what_one_does(tmp_path):
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    one, two = (np.load(tmp_path / f"{name}.npz") for name in ("one", "mirrored"))
    assert len(one.files) > 10
    for name in one.files:
        np.testing.assert_allclose(two[name], one[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("train, reason", [
    ({"devices": "mirrored"}, "takes two devices or more, TensorFlow sees"),
    ({"devices": "mirrored", "adversarial": {}}, "train.adversarial trains on one device"),
    ({"devices": "mirrored", "lbfgs": {}}, "train.lbfgs trains on one device"),
    ({"devices": "many"}, "train.devices 'many'; choose one, mirrored, multi_worker")])
def test_devices_that_cannot_be(train, reason):
    with pytest.raises(ConfigError, match=reason):
        devices.choose(configs.from_dict({"train": train}))


@pytest.mark.parametrize("value", [None, "", "{}", '{"task": 1}'])
def test_several_machines_take_tf_config(value, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if value is not None:
        monkeypatch.setenv("TF_CONFIG", value)
    reason = "keras/issues" if int(keras.__version__[0]) > 2 else "set TF_CONFIG for each worker"
    with pytest.raises(ConfigError, match=reason):
        devices.choose(configs.from_dict({"train": {"devices": "multi_worker"}}))


def test_a_batch_that_cannot_be_parted(monkeypatch):
    class Strategy:
        num_replicas_in_sync = 3

    monkeypatch.setattr(devices, "_mirrored", lambda: devices.Devices(Strategy()))
    config = configs.from_dict({"train": {"devices": "mirrored", "batch": 4}})
    with pytest.raises(ConfigError, match="train.batch=4 cannot be parted among 3 devices"):
        devices.choose(config)
