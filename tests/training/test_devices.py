"""Several devices train what one does; what cannot be is said before training."""
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from keras_saliency import config as configs
from keras_saliency.config import ConfigError
from keras_saliency.models import weights_file
from keras_saliency.training import devices, fit

REPOSITORY = Path(__file__).resolve().parents[2]

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


def settings(name, folder, *overrides):
    """Overrides of the quick start that train a tiny EAD, by SGD as above."""
    return [f"name={name}", f"output={folder}", "model.encoder_weights=null",
            "model.options={width_multiplier: 0.06}", "data.canvas=[48,64]", "data.sigma_pixels=6",
            "data.validation=null", "data.options={count: 12, size: [96, 128]}",
            "train.freeze=null", "train.cache=none", "train.optimizer=sgd",
            "train.learning_rate=0.001", "train.decay=1.0", "train.batch=4",
            "evaluation.metrics=[nss]", *overrides]


def start(folder, epochs, *options):
    """Two processes of scripts/train.py that train one network; `options` of the script."""
    ports = free_ports(2)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    return [subprocess.Popen(
        [sys.executable, str(REPOSITORY / "scripts" / "train.py"), *options, "--set",
         *settings("two", folder, "train.devices=multi_worker", f"train.epochs={epochs}")],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_CONFIG": json.dumps(
            {"cluster": cluster, "task": {"type": "worker", "index": worker}})},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for worker in (0, 1)]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def finish(*processes):
    ended = [process.communicate(timeout=300) for process in processes]
    return [(process.returncode, errors) for process, (_, errors) in zip(processes, ended)]


@pytest.mark.slow
@pytest.mark.skipif(int(keras.__version__[0]) > 2, reason="Keras 3 cannot; it says so below")
def test_two_machines_outlive_each_other_and_train_what_one_does(tmp_path):
    processes, history = start(tmp_path, 500), tmp_path / "two" / "history.csv"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not (
            history.exists() and len(history.read_text().splitlines()) > 1):
        time.sleep(0.05)
    processes[1].send_signal(signal.SIGKILL)
    (code, errors), _ = finish(*processes)
    assert code == 1
    assert "\nerror: another worker of TF_CONFIG does not answer; start all of them" in errors
    done = len(history.read_text().splitlines()) - 1
    assert done >= 1
    ended = finish(*start(tmp_path, done + 1, "--resume"))
    assert [code for code, _ in ended] == [0, 0], ended
    assert len(history.read_text().splitlines()) == done + 2
    assert (tmp_path / "two" / "scores.csv").exists()

    run = fit.train(configs.load("quickstart", settings(
        "one", tmp_path, f"train.epochs={done + 1}")))
    both = weights_file.read(tmp_path / "two" / "last.h5")
    for layer, variables in weights_file.read(run.folder / "last.h5").items():
        for name, values in variables.items():
            np.testing.assert_allclose(both[layer][name], values, atol=1e-4)


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
    with pytest.raises(ConfigError, match="train.batch=4 cannot be divided among 3 devices"):
        devices.choose(config)
