"""Keras callbacks: they bring the computations of other modules into `fit`."""
import math
from pathlib import Path
from typing import Callable, Optional, Sequence

import h5py
import keras
import numpy as np
import tensorflow as tf

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.files import AnyPath, atomic_path, read_csv, require, uninterrupted, write_csv
from keras_saliency.models.weights_file import first_not_finite
from keras_saliency.training.run import Run, best_row, waited_enough
from keras_saliency.units.detectors import BEST_IMAGES, fixation_detectors
from keras_saliency.units.unit_scores import score_dataset


class StopWhenDiverged(keras.callbacks.Callback):
    """Ends training as soon as the loss, or at the end of an epoch a weight, is not finite.

    Place it before the callbacks that write, so that nothing of such an epoch is kept. The loss
    alone is not enough: a network (`model`) with infinite weights can have a finite loss. The
    `FloatingPointError` names the epoch and the layer.
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


class RunRecorder(keras.callbacks.Callback):
    """Keeps a run's history and checkpoints, and ends it when it stops improving.

    Order of writing: best weights, history, last state. A run that was killed in between repeats
    one epoch, identically, when it is resumed.

    Args:
        save_best, save_last: functions of the history rows that write checkpoints.
    """

    def __init__(self, run: Run, save_best: Callable[[list], None],
                 save_last: Callable[[list], None]):
        super().__init__()
        self.run, self.save_best, self.save_last = run, save_best, save_last

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        run, settings = self.run, self.run.config.train
        require(settings.monitor in logs, f"train.monitor: no column {settings.monitor!r}; the "
                                          f"history has {', '.join(logs)}")
        values = {key: float(value) for key, value in logs.items()
                  if key not in ("lr", "learning_rate")}
        rows = [*run.rows, {"epoch": epoch + 1, **values}]
        with uninterrupted():
            if best_row(rows, settings.monitor) == len(rows) - 1:
                self.save_best(rows)
            run.write_history(rows)
            self.save_last(rows)
            run.rows = rows  # the epoch is on the disk
        if waited_enough(rows, settings.monitor, settings.patience):
            self.model.stop_training = True


class TensorBoardScores(keras.callbacks.Callback):
    """Writes every number in the logs, and `pictures()`, uint8 [n, H, W, 3], to TensorBoard."""

    def __init__(self, folder: AnyPath, pictures: Callable[[], tf.Tensor]):
        super().__init__()
        self.folder, self.pictures, self.writer = str(folder), pictures, None

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


class UnitNSS(keras.callbacks.Callback):
    """Scores the units of chosen layers, to show how they become fixation detectors.

    Before the first epoch, after every `every` epochs and after the last it adds: to unit_nss.csv
    a row per layer (detectors, their ratio, best, mean and lowest unit); to unit_nss.h5 `epochs`
    and, float64 [epochs, U], `<layer>/nss` (mean over images) and `<layer>/best` (mean of the best
    images); to TensorBoard the distribution of these and the ratio of detectors.

    Args:
        dataset: with fixations, such as the validation stimuli.
        folder: of the two files; those of an earlier run are continued, and must be of the same
            layers (`InputError`). tensorboard: log folder, or None.
        canvas, batch: as `score_dataset`.
        best: number of images whose mean is a unit's detector score.
        model: the network with these layers, if `fit` trains a part of it, such as its head.

    Attributes:
        history: {layer: {epoch: UnitScores}}.
    """

    def __init__(self, dataset: SaliencyDataset, layers: Sequence[str], folder: AnyPath,
                 tensorboard: Optional[AnyPath] = None, every: int = 1,
                 canvas: Optional[Sequence[int]] = None, batch: int = 4, best: int = BEST_IMAGES,
                 model: Optional[keras.Model] = None):
        super().__init__()
        require(every >= 1, f"every must be at least 1 epoch, not {every}")
        self.dataset, self.layers, self.folder = dataset, list(layers), Path(folder)
        self.tensorboard, self.canvas, self.batch, self.best = tensorboard, canvas, batch, best
        self.every, self._whole = every, model
        self.history = {layer: {} for layer in self.layers}

    def on_train_begin(self, logs: Optional[dict] = None) -> None:
        self._done = self._recorded = None

    def on_epoch_begin(self, epoch: int, logs: Optional[dict] = None) -> None:
        if self._done is None:  # the first epoch, or that after which a resumed run goes on
            self.record(epoch)

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        self._done = epoch + 1
        if self._done % self.every == 0:
            self.record(self._done)

    def on_train_end(self, logs: Optional[dict] = None) -> None:
        if self._done != self._recorded:
            self.record(self._done)

    def record(self, epoch: int) -> None:
        self._done = self._recorded = epoch
        scores = score_dataset(self._whole or self.model, self.layers, self.dataset, self.canvas,
                               batch=self.batch, keep=self.best, label=f"units, epoch {epoch}")
        for layer, of_layer in scores.items():
            self.history[layer][epoch] = of_layer
        detectors = {layer: fixation_detectors(s, self.best) for layer, s in scores.items()}
        self._write_csv(epoch, scores, detectors)
        self._write_hdf5(epoch, scores, detectors)
        if self.tensorboard is not None:
            self._write_tensorboard(epoch, scores, detectors)

    def _write_csv(self, epoch, scores, detectors):
        path = self.folder / "unit_nss.csv"
        rows = [row for row in (read_csv(path) if path.is_file() else [])
                if int(row["epoch"]) < epoch]
        before = {row["layer"]: int(row["units"]) for row in rows}
        now = {layer: len(found.moments.mean) for layer, found in scores.items()}
        require(before in ({}, now), f"{path} has epochs with the units {before}, not {now}: score "
                "the same layers, or give another folder")
        for layer, found in detectors.items():
            mean = scores[layer].moments.mean
            rows.append({"epoch": epoch, "layer": layer, "units": len(mean),
                         "detectors": len(found.units), "ratio": found.ratio,
                         "best_unit": int(found.ranked()[0]) if len(found.ranked()) else "",
                         "best": np.nanmax(found.scores, initial=-np.inf),
                         "mean_nss": mean.mean(), "lowest_nss": mean.min(),
                         "dead": int((~scores[layer].alive).sum())})
        write_csv(path, list(rows[0]), [list(row.values()) for row in rows])

    def _write_hdf5(self, epoch, scores, detectors):
        path = self.folder / "unit_nss.h5"
        columns = {"epochs": np.array([epoch], np.int64)}
        for layer, found in detectors.items():
            columns[f"{layer}/nss"] = scores[layer].moments.mean[np.newaxis]
            columns[f"{layer}/best"] = found.scores[np.newaxis]
        if path.is_file():
            with h5py.File(path, "r") as file:
                earlier = file["epochs"][:] < epoch
                columns.update({name: np.concatenate([file[name][:][earlier], row])
                                for name, row in columns.items() if name in file})
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            for name, rows in columns.items():
                file[name] = rows

    def _write_tensorboard(self, epoch, scores, detectors):
        writer = tf.summary.create_file_writer(str(self.tensorboard))
        with writer.as_default(step=epoch):
            for layer, found in detectors.items():
                tf.summary.histogram(f"unit NSS/{layer}", scores[layer].moments.mean)
                tf.summary.scalar(f"fixation detectors/{layer}", found.ratio)
        writer.close()
