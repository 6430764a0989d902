"""Devices that a network trains on: one, all of a machine, or those of several machines.

On any of them an epoch shows the same batches in the same order, and the loss is the mean over each
whole batch. The trained network is that of one device, up to rounding.
"""
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Union

import keras
import tensorflow as tf

from keras_saliency.config import Config, ConfigError, require
from keras_saliency.config.sections import MIRRORED, ONE
from keras_saliency.datasets import pipeline
from keras_saliency.training.run import open_folder

KERAS_ISSUE = "https://github.com/keras-team/keras/issues/20585"


@dataclass(frozen=True)
class Devices:
    """The devices of a run."""

    strategy: tf.distribute.Strategy
    chief: bool = True  # this process writes the run's folder

    def stream(self, drawn: tf.data.Dataset, load: Callable,
               batch: int) -> Union[tf.data.Dataset, tf.distribute.DistributedDataset]:
        """Return the `pipeline.training_stream` of these devices' parts of each batch."""
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

    def loss(self, loss: Callable) -> Callable:
        """Return a batch loss in the form of which Keras takes the mean over all devices."""
        if self.strategy.num_replicas_in_sync == 1:
            return loss
        # Keras 3 scales a loss only if it has a value for each example
        return lambda target, maps: tf.repeat(loss(target, maps), tf.shape(maps)[0])

    @contextmanager
    def folder(self, config: Config, resume: bool) -> Iterator[tuple[Path, Path]]:
        """Yield (the folder of the run to resume, the folder to write to).

        The chief writes to the folder of the run, other processes to one that is thrown away.
        """
        if self.chief:
            with open_folder(config, resume) as folder:
                yield folder, folder
        else:
            with tempfile.TemporaryDirectory(prefix="keras_saliency-") as folder:
                yield config.folder, Path(folder)

    @contextmanager
    def failures_named(self) -> Iterator[None]:
        """Turn TensorFlow's errors about a lost machine into an OSError with the remedy."""
        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
                tf.errors.DeadlineExceededError, tf.errors.InternalError):
            if not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy):
                raise
            raise OSError("another worker of TF_CONFIG does not answer; start all of them again "
                          "and resume the run after its last finished epoch") from None


def choose(config: Config) -> Devices:
    """Return the devices that `train.devices` names."""
    train = config.train
    if train.devices == ONE:
        return Devices(tf.distribute.get_strategy())
    for section in ("adversarial", "lbfgs"):
        require(getattr(train, section) is None,
                f"train.{section} trains on one device: set train.devices=one")
    devices = _mirrored() if train.devices == MIRRORED else _multi_worker()
    replicas = devices.strategy.num_replicas_in_sync
    require(train.batch % replicas == 0, f"train.batch={train.batch} cannot be divided among "
            f"{replicas} devices: set a multiple of {replicas}")
    return devices


def _mirrored() -> Devices:
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    names = [device.name for device in found]
    require(len(names) > 1, "train.devices=mirrored takes two devices or more, TensorFlow sees "
                            f"{', '.join(names)}: set train.devices=one")
    return Devices(tf.distribute.MirroredStrategy(names))


def _multi_worker() -> Devices:
    require(int(keras.__version__.split(".")[0]) == 2,
            f"train.devices=multi_worker: Keras {keras.__version__} cannot train on several "
            f"machines ({KERAS_ISSUE}); use Python 3.11 or earlier with TensorFlow 2.15, or "
            "train.devices=mirrored on one machine")
    try:
        task = json.loads(os.environ["TF_CONFIG"])["task"]
        chief = task["type"] == "chief" or (task["type"], task["index"]) == ("worker", 0)
    except (KeyError, TypeError, ValueError):
        raise ConfigError("train.devices=multi_worker: set TF_CONFIG for each worker, as "
                          "docs/scale.md shows") from None
    return Devices(tf.distribute.MultiWorkerMirroredStrategy(), chief)
