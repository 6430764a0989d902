"""On which devices a network trains: one, all of a machine, or those of several machines.

Whatever they are, an epoch shows the same batches in the same order and the loss is the mean over
each whole batch: the network that comes out is that of one device, but for rounding.
"""
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import tensorflow as tf

from keras_saliency.config import MIRRORED, ONE, Config, ConfigError
from keras_saliency.datasets import pipeline
from keras_saliency.training.run import open_folder

KERAS_ISSUE = "https://github.com/keras-team/keras/issues/20585"


@dataclass(frozen=True)
class Devices:
    """Where a run trains.

    Attributes:
        strategy: of `tf.distribute`. chief: whether this process writes the run's folder.
    """

    strategy: tf.distribute.Strategy
    chief: bool = True

    def stream(self, drawn, load, batch: int):
        """`pipeline.training_stream` of what these devices see of each batch."""
        if not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return pipeline.training_stream(drawn, load, batch)
        replicas = self.strategy.num_replicas_in_sync

        def own(context):
            part = batch // context.num_input_pipelines
            start = context.input_pipeline_id * part
            mine = drawn.batch(batch, drop_remainder=True).map(
                lambda *examples: tuple(e[start:start + part] for e in examples)).unbatch()
            return pipeline.training_stream(mine, load, batch // replicas)

        return self.strategy.distribute_datasets_from_function(own)

    def loss(self, loss):
        """A loss of a batch as Keras has to see it, so that it takes the mean over all devices:
        Keras 3 does not scale a loss without a value for each example."""
        if self.strategy.num_replicas_in_sync == 1:
            return loss
        return lambda target, maps: tf.repeat(loss(target, maps), tf.shape(maps)[0])

    @contextmanager
    def folder(self, config: Config, resume: bool):
        """(the folder of the run to go on from, the one to write to); only the chief writes to
        that of the run, the others to one that is thrown away."""
        if self.chief:
            with open_folder(config, resume) as folder:
                yield folder, folder
        else:
            with tempfile.TemporaryDirectory(prefix="keras_saliency-") as folder:
                yield config.folder, type(config.folder)(folder)

    @contextmanager
    def failures_named(self):
        """Say which machine is gone where the others can only tell that they wait in vain.

        Raises:
            OSError: another worker does not answer.
        """
        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
                tf.errors.DeadlineExceededError, tf.errors.InternalError):
            if not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
                raise
            raise OSError("another worker of TF_CONFIG does not answer; start all of them again "
                          "with --resume, which goes on after the last whole epoch") from None


def choose(config: Config) -> Devices:
    """The devices that `train.devices` names.

    Raises:
        ConfigError: they are not there, Keras cannot train on them, the batch cannot be parted
            among them, or the kind of training is for one device.
    """
    train = config.train
    if train.devices == ONE:
        return Devices(tf.distribute.get_strategy())
    for section in ("adversarial", "lbfgs"):
        if getattr(train, section) is not None:
            raise ConfigError(f"train.{section} trains on one device: --set train.devices=one")
    devices = _mirrored() if train.devices == MIRRORED else _multi_worker()
    replicas = devices.strategy.num_replicas_in_sync
    if train.batch % replicas:
        raise ConfigError(f"train.batch={train.batch} cannot be parted among {replicas} devices: "
                          f"set a multiple of {replicas}")
    return devices


def _mirrored() -> Devices:
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < 2:
        raise ConfigError(f"train.devices=mirrored takes two devices or more, TensorFlow sees "
                          f"{', '.join(device.name for device in found)}: --set train.devices=one")
    return Devices(tf.distribute.MirroredStrategy([device.name for device in found]))


def _multi_worker() -> Devices:
    if int(keras.__version__.split(".")[0]) > 2:
        raise ConfigError(f"train.devices=multi_worker: Keras {keras.__version__} cannot train so "
                          f"({KERAS_ISSUE}); use Python 3.11 or earlier, with which TensorFlow "
                          "2.15 comes, or train.devices=mirrored on one machine")
    try:
        task = json.loads(os.environ["TF_CONFIG"])["task"]
        chief = task["type"] == "chief" or (task["type"], task["index"]) == ("worker", 0)
    except (KeyError, TypeError, ValueError):
        raise ConfigError("train.devices=multi_worker: set TF_CONFIG for each worker, as "
                          "docs/scale.md shows") from None
    return Devices(tf.distribute.MultiWorkerMirroredStrategy(), chief)
