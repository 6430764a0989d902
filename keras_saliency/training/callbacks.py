"""Keras callbacks; they adapt what other modules compute to `fit`."""
import csv
import math
from pathlib import Path

import keras
import tensorflow as tf

from keras_saliency.files import InputError, write_csv
from keras_saliency.training.unit_callbacks import ActivationLogger, UnitNSS  # noqa: F401

LOWER_IS_BETTER = ("loss", "kld", "emd")


def lower_is_better(column: str) -> bool:
    """Whether small values of a history column are good (`val_loss`, `val_kld`, ...)."""
    return column.split("val_")[-1] in LOWER_IS_BETTER


def best_row(rows, column: str) -> int:
    """Index of the best row of a history by `column`; the first one among equals.

    NaN never wins against a number.
    """
    sign = 1 if lower_is_better(column) else -1

    def key(index):
        value = sign * float(rows[index][column])
        return (math.isnan(value), value)

    return min(range(len(rows)), key=key)


def read_history(path) -> list:
    """Rows of a history CSV as dicts of numbers; empty if there is no such file."""
    path = Path(path)
    if not path.is_file():
        return []
    with open(path, newline="") as file:
        return [{key: int(value) if key == "epoch" else float(value)
                 for key, value in row.items()} for row in csv.DictReader(file)]


def write_history(rows, path) -> None:
    """Write rows (dicts with the same keys) as CSV, whole or not at all."""
    write_csv(path, list(rows[0]), [list(row.values()) for row in rows])


class ValidationScores(keras.callbacks.Callback):
    """Adds `val_<name>` to the logs after each epoch; goes before all that read the logs.

    Args:
        validate: function without arguments -> {name: number}.

    Raises:
        FloatingPointError: at the end of an epoch whose loss is not finite; nothing of that
            epoch is written.
    """

    def __init__(self, validate):
        super().__init__()
        self.validate = validate

    def on_epoch_end(self, epoch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(f"the loss became {logs['loss']} in epoch {epoch + 1}; "
                                     "lower train.learning_rate")
        logs.update({f"val_{name}": value for name, value in self.validate().items()})


class RunRecorder(keras.callbacks.Callback):
    """Keeps a run's history and checkpoints, and ends it when it stops improving.

    Order of writing: best weights, history, last state. A run that is killed in between repeats
    one epoch when resumed, and repeats it identically.

    Args:
        path: the history CSV.
        rows: history of the epochs before this session.
        monitor: history column that decides which epoch is best.
        save_best, save_last: functions of the history rows that write checkpoints.
        patience: epochs without improvement before the run ends; None for never.
    """

    def __init__(self, path, rows, monitor, save_best, save_last, patience=None):
        super().__init__()
        self.path, self.rows, self.monitor = path, list(rows), monitor
        self.save_best, self.save_last, self.patience = save_best, save_last, patience

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor not in logs:
            raise InputError(f"train.monitor: no column {self.monitor!r}; the history has "
                             f"{', '.join(logs)}")
        values = {key: float(value) for key, value in logs.items()
                  if key not in ("lr", "learning_rate")}
        self.rows.append({"epoch": epoch + 1, **values})
        best = best_row(self.rows, self.monitor)
        if best == len(self.rows) - 1:
            self.save_best(self.rows)
        write_history(self.rows, self.path)
        self.save_last(self.rows)
        if self.patience is not None and len(self.rows) - 1 - best >= self.patience:
            self.model.stop_training = True


class TensorBoardScores(keras.callbacks.Callback):
    """Writes every number in the logs, and pictures, to TensorBoard after each epoch.

    Args:
        folder: the log folder.
        pictures: function without arguments -> uint8 [n, H, W, 3].
    """

    def __init__(self, folder, pictures):
        super().__init__()
        self.folder, self.pictures = str(folder), pictures
        self.writer = None

    def on_train_begin(self, logs=None):
        self.writer = tf.summary.create_file_writer(self.folder)

    def on_epoch_end(self, epoch, logs=None):
        with self.writer.as_default(step=epoch + 1):
            for name, value in logs.items():
                tf.summary.scalar(name, float(value))
            pictures = self.pictures()
            tf.summary.image("stimulus, density, prediction", pictures,
                             max_outputs=len(pictures))
        self.writer.flush()

    def on_train_end(self, logs=None):
        self.writer.close()
