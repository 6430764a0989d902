"""Scores of saliency maps against fixations, at each stimulus' own size."""
import csv
from dataclasses import dataclass
from typing import Optional, Sequence

import cv2
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_saliency import maps
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.files import atomic_path
from keras_saliency.metrics import METRICS

# What a metric compares with, and where that comes from in a dataset.
AVAILABLE = {"fixation_map", "fixation_density_map"}


@dataclass(frozen=True)
class Evaluation:
    """Scores of N maps.

    Attributes:
        names: N stimulus names.
        scores: {metric: float64 [N]}; NaN where a stimulus has nothing to score against.
        loss: mean training loss on the canvas, where one was asked for.
    """

    names: Sequence[str]
    scores: dict
    loss: Optional[float] = None

    def means(self) -> dict:
        """{metric: mean over the stimuli that could be scored}; NaN where none could."""
        return {name: float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
                for name, values in self.scores.items()}

    def skipped(self) -> dict:
        """{metric: number of stimuli left out of its mean}, those with any."""
        counts = {name: int(np.isnan(values).sum()) for name, values in self.scores.items()}
        return {name: count for name, count in counts.items() if count}

    def write_csv(self, path) -> None:
        """One row per stimulus."""
        with atomic_path(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["stimulus", *self.scores])
            for row in zip(self.names, *self.scores.values()):
                writer.writerow([row[0], *(f"{value:.6f}" for value in row[1:])])

    def describe(self) -> str:
        """The means in one line, with what was skipped."""
        line = "  ".join(f"{name} {value:.3f}" for name, value in self.means().items())
        skipped = ", ".join(f"{name}: {count}" for name, count in self.skipped().items())
        return line + (f"  (stimuli that could not be scored: {skipped})" if skipped else "")


def check_metrics(metrics, dataset: SaliencyDataset) -> None:
    """Raise `ValueError` for a metric that is unknown or that `dataset` cannot be scored with."""
    usable = [name for name, metric in METRICS.items()
              if metric.prediction == "saliency_map" and set(metric.references) <= AVAILABLE]
    for name in metrics:
        if name not in usable:
            raise ValueError(f"no metric {name!r} here; choose from {', '.join(usable)}")
        if "fixation_map" in METRICS[name].references and dataset.fixations is None:
            raise DatasetError(f"{dataset.name} has densities but no fixations: {name} cannot be "
                               "computed")


def density_of(dataset: SaliencyDataset, index: int, sigma: float) -> np.ndarray:
    """float32 [H, W]: the fixation_density_map of a stimulus, published or blurred."""
    if dataset.density_files is None:
        return dataset.fixations.density_map(index, sigma)
    path = dataset.density_files[index]
    density = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if density is None:
        raise DatasetError(f"{path}: not a readable picture")
    return density.astype(np.float32)


def score_map(saliency_map, dataset, index, sigma, metrics) -> dict:
    """{metric: score} of one map [H, W] in the size of stimulus `index`.

    Negative values beside positive ones (a linear output has them) count as no saliency, for
    every metric alike.
    """
    if saliency_map.max() > 0:
        saliency_map = np.maximum(saliency_map, 0)
    references = {}
    wanted = {reference for name in metrics for reference in METRICS[name].references}
    if "fixation_map" in wanted:
        references["fixation_map"] = dataset.fixations.fixation_map(index)
    if "fixation_density_map" in wanted:
        references["fixation_density_map"] = density_of(dataset, index, sigma)
    return {name: METRICS[name].function(
        saliency_map, *(references[r] for r in METRICS[name].references)) for name in metrics}


def evaluate(forward, stream, dataset, sigma, metrics, loss=None, label=None) -> Evaluation:
    """Score a network on every stimulus of `dataset`.

    Args:
        forward: inputs of a batch -> canvas maps [B, h, w, 1]; best a `tf.function`.
        stream: tf.data of (inputs, target [B, h, w, C]) in the dataset's order.
        sigma: blur of the density in stimulus pixels.
        metrics: names in `METRICS`.
        loss: (target, maps) -> scalar, averaged over the stimuli; or None.
        label: text of a progress bar; None for no bar.
    """
    check_metrics(metrics, dataset)
    scores = {name: np.full(len(dataset), np.nan) for name in metrics}
    total, index = 0.0, 0
    with tqdm(total=len(dataset), desc=label, unit="image", leave=False,
              disable=label is None) as bar:
        for inputs, target in stream:
            canvas_maps = forward(inputs)
            if loss is not None:
                total += float(loss(target, canvas_maps)) * len(target)
            for canvas_map in canvas_maps:
                full = maps.from_canvas(canvas_map, dataset.sizes[index])[..., 0].numpy()
                for name, value in score_map(full, dataset, index, sigma, metrics).items():
                    scores[name][index] = value
                index += 1
            bar.update(len(target))
    if index != len(dataset):
        raise ValueError(f"the stream held {index} maps for {len(dataset)} stimuli")
    return Evaluation(dataset.names, scores, total / index if loss is not None else None)


def forward_function(model):
    """`model` as a compiled function of a batch (a tensor or a tuple of tensors)."""
    return tf.function(lambda inputs: model(inputs, training=False), reduce_retracing=True)
