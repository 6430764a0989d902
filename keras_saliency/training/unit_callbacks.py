"""A Keras callback that scores the units of a network while it trains."""
from pathlib import Path
from typing import Optional, Sequence

import h5py
import keras
import numpy as np
import tensorflow as tf

from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.files import InputError, atomic_path, read_csv, write_csv
from keras_saliency.files.paths import AnyPath
from keras_saliency.units.detectors import BEST_IMAGES, fixation_detectors
from keras_saliency.units.unit_scores import score_dataset


class UnitNSS(keras.callbacks.Callback):
    """Scores the units of chosen layers, to show how they become fixation detectors.

    Records before the first epoch, after every `every` epochs, and after the last. Each record
    adds: a CSV row per layer (detectors, their ratio, best, mean and lowest unit); to HDF5 the
    scores of all units, `<layer>/nss` (mean over images) and `<layer>/best` (mean of the best
    images), [epochs, U] float64, and the `epochs`; to TensorBoard their distribution and the ratio
    of detectors.

    Args:
        dataset: with fixations, such as the validation stimuli.
        folder: gets `unit_nss.csv` and `unit_nss.h5`; those of an earlier run are continued.
        tensorboard: log folder, or None.
        every: epochs from one record to the next. canvas, batch: as `score_dataset`.
        best: number of images whose mean is a unit's detector score.
        model: the network with these layers, if `fit` trains a part of it (as with cached
            features, where it trains the head).

    Attributes:
        history: {layer: {epoch: UnitScores}}.
    """

    def __init__(self, dataset: SaliencyDataset, layers: Sequence[str], folder: AnyPath,
                 tensorboard: Optional[AnyPath] = None, every: int = 1,
                 canvas: Optional[Sequence[int]] = None, batch: int = 4, best: int = BEST_IMAGES,
                 model: Optional[keras.Model] = None):
        super().__init__()
        if every < 1:
            raise InputError(f"every must be at least 1 epoch, not {every}")
        self.dataset, self.layers, self.folder = dataset, list(layers), Path(folder)
        self.tensorboard, self.canvas, self.batch, self.best = tensorboard, canvas, batch, best
        self.every, self._whole = every, model
        self.history = {layer: {} for layer in self.layers}
        self._done = self._recorded = None

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
        path, before = self.folder / "unit_nss.h5", {}
        if path.is_file():
            with h5py.File(path, "r") as file:
                earlier = file["epochs"][:] < epoch
                before = {layer: {name: data[:][earlier] for name, data in file[layer].items()}
                          for layer in scores if layer in file}
                epochs = file["epochs"][:][earlier]
        else:
            epochs = np.zeros(0, np.int64)
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            file["epochs"] = np.append(epochs, epoch)
            for layer in scores:
                rows = {"nss": scores[layer].moments.mean, "best": detectors[layer].scores}
                for name, row in rows.items():
                    old = before.get(layer, {}).get(name, np.zeros((0, len(row))))
                    file[f"{layer}/{name}"] = np.concatenate([old, row[np.newaxis]])

    def _write_tensorboard(self, epoch, scores, detectors):
        writer = tf.summary.create_file_writer(str(self.tensorboard))
        with writer.as_default(step=epoch):
            for layer, found in detectors.items():
                tf.summary.histogram(f"unit NSS/{layer}", scores[layer].moments.mean)
                tf.summary.scalar(f"fixation detectors/{layer}", found.ratio)
        writer.close()
