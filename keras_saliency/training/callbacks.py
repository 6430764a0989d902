"""Keras callbacks: they bring the computations of other modules into `fit`."""
import math
from typing import Callable, Iterable, Optional

import keras
import tensorflow as tf

from keras_saliency.files import InputError, uninterrupted
from keras_saliency.files.paths import AnyPath
from keras_saliency.models.weights_file import first_not_finite
from keras_saliency.training import history
from keras_saliency.training.unit_callbacks import UnitNSS  # noqa: F401


class StopWhenDiverged(keras.callbacks.Callback):
    """Ends training as soon as the loss, or at the end of an epoch a weight, is not finite.

    Place it before the callbacks that write, so that nothing of such an epoch is kept. The loss
    alone is not enough: a network with infinite weights can have a finite loss.

    Args:
        model: the network whose weights are checked.

    Raises:
        FloatingPointError: naming the epoch and the layer.
    """

    def __init__(self, model: keras.Model):
        super().__init__()
        self.whole, self.epoch = model, 0

    def on_epoch_begin(self, epoch: int, logs: Optional[dict] = None) -> None:
        self.epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: Optional[dict] = None) -> None:
        self._require_finite((logs or {}).get("loss", 0.0))

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        self._require_finite(logs["loss"])
        wrong = first_not_finite(self.whole)
        if wrong is not None:
            raise FloatingPointError(f"{wrong} is not finite after epoch {epoch + 1}; lower "
                                     "train.learning_rate; the weights before it were kept")

    def _require_finite(self, loss):
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss became {float(loss)} in epoch {self.epoch}; "
                                     "lower train.learning_rate")


class ValidationScores(keras.callbacks.Callback):
    """Adds validation scores to the logs after each epoch; place it before all readers of the logs.

    Args:
        validate: returns {column: number}.
    """

    def __init__(self, validate: Callable[[], dict]):
        super().__init__()
        self.validate = validate

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        logs.update(self.validate())


class RunRecorder(keras.callbacks.Callback):
    """Keeps a run's history and checkpoints, and ends it when it stops improving.

    Order of writing: best weights, history, last state. A run that was killed in between repeats
    one epoch, identically, when it is resumed.

    Args:
        path: the history CSV. rows: history of the epochs before this session.
        monitor: history column that chooses the best epoch.
        save_best, save_last: functions of the history rows that write checkpoints.
        patience: epochs without improvement before the run ends; None for never.
    """

    def __init__(self, path: AnyPath, rows: Iterable[dict], monitor: str,
                 save_best: Callable[[list], None], save_last: Callable[[list], None],
                 patience: Optional[int] = None):
        super().__init__()
        self.path, self.rows, self.monitor = path, list(rows), monitor
        self.save_best, self.save_last, self.patience = save_best, save_last, patience

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        if self.monitor not in logs:
            raise InputError(f"train.monitor: no column {self.monitor!r}; the history has "
                             f"{', '.join(logs)}")
        values = {key: float(value) for key, value in logs.items()
                  if key not in ("lr", "learning_rate")}
        rows = [*self.rows, {"epoch": epoch + 1, **values}]
        best = history.best_row(rows, self.monitor)
        with uninterrupted():
            if best == len(rows) - 1:
                self.save_best(rows)
            history.write_history(rows, self.path)
            self.save_last(rows)
            self.rows = rows  # the epoch is on the disk
        if self.patience is not None and len(rows) - 1 - best >= self.patience:
            self.model.stop_training = True


class TensorBoardScores(keras.callbacks.Callback):
    """Writes every number in the logs, and pictures, to TensorBoard after each epoch.

    Args:
        folder: the log folder.
        pictures: returns uint8 [n, H, W, 3].
    """

    def __init__(self, folder: AnyPath, pictures: Callable[[], tf.Tensor]):
        super().__init__()
        self.folder, self.pictures = str(folder), pictures
        self.writer = None

    def on_train_begin(self, logs: Optional[dict] = None) -> None:
        self.writer = tf.summary.create_file_writer(self.folder)

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        with self.writer.as_default(step=epoch + 1):
            for name, value in logs.items():
                tf.summary.scalar(name, float(value))
            pictures = self.pictures()
            tf.summary.image("stimulus, density, prediction", pictures,
                             max_outputs=len(pictures))
        self.writer.flush()

    def on_train_end(self, logs: Optional[dict] = None) -> None:
        self.writer.close()
