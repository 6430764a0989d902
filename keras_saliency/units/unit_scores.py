"""Scores of units over a stream of images: moments and best images, mergeable across shards."""
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np
from numpy.typing import ArrayLike

from keras_saliency import files
from keras_saliency.datasets import shards
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.maps import PAD
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import facts_of
from keras_saliency.units.activations import dataset_activations, indices_of, own_canvas
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.unit_nss import fixation_weights, score_units


class Best(NamedTuple):
    """The k best images, int64 [k, U], of U units so far and their scores, float64, best first.

    Where fewer than k images have been scored they are -1 and -inf.
    """

    scores: np.ndarray
    images: np.ndarray

    @classmethod
    def of(cls, scores: ArrayLike, images: ArrayLike, k: int) -> "Best":
        """Return the record of the scores [B, U] of images [B]; NaN is no score."""
        scores = np.asarray(scores, np.float64)
        images = np.broadcast_to(np.asarray(images, np.int64)[:, np.newaxis], scores.shape)
        scored, shape = ~np.isnan(scores), (k, scores.shape[1])
        return cls(np.full(shape, -np.inf), np.full(shape, -1, np.int64)).merge(
            cls(np.where(scored, scores, -np.inf), np.where(scored, images, -1)))

    def merge(self, other: "Best") -> "Best":
        """Return the best images of both parts; of equal scores the lower index comes first.

        So any order or split of the images gives the same result.
        """
        scores = np.concatenate([self.scores, other.scores])
        images = np.concatenate([self.images, other.images])
        order = np.lexsort((images, -scores), axis=0)[:len(self.scores)]
        return Best(np.take_along_axis(scores, order, 0), np.take_along_axis(images, order, 0))


def join_moments(parts: Iterable[Moments]) -> Moments:
    """The `Moments` of the units of several layers, one layer after the other."""
    return Moments(*map(np.concatenate, zip(*parts)))


class UnitScores(NamedTuple):
    """Scores of the U units of a layer over a stream of images.

    Attributes:
        moments: of the NSS over images; NaN (no fixation) is skipped and counted.
        best: the images. alive: bool [U]; a dead unit varied on no image and scores 0.
    """

    moments: Moments
    best: Best
    alive: np.ndarray

    @classmethod
    def of(cls, scores: np.ndarray, images: ArrayLike, constant: ArrayLike,
           keep: int) -> "UnitScores":
        """Return those of images [B]; scores: [B, U]. constant: bool [B, U]."""
        return cls(Moments.of(scores), Best.of(scores, images, keep),
                   ~np.asarray(constant, bool).all(axis=0))

    @classmethod
    def joined(cls, parts: Iterable["UnitScores"]) -> "UnitScores":
        """Return the scores of the units of several layers, one layer after the other."""
        moments, best, alive = zip(*parts)
        return cls(join_moments(moments),
                   Best(*(np.concatenate(part, axis=1) for part in zip(*best))),
                   np.concatenate(alive))

    def merge(self, other: "UnitScores") -> "UnitScores":
        """Return the scores of both parts of the stream together."""
        return UnitScores(self.moments.merge(other.moments), self.best.merge(other.best),
                          self.alive | other.alive)

    def mean_of_best(self, count: int = 5) -> np.ndarray:
        """float64 [U]: mean NSS of each unit's `count` best images (He et al. 2018, section 3.2).

        A unit with fewer images has the mean of those, one without any NaN.
        """
        kept = len(self.best.scores)
        files.require(0 < count <= kept, f"the {kept} best images of each unit were kept; "
                                         f"a mean of {count} is not possible")
        scores = self.best.scores[:count]
        known = np.isfinite(scores)
        total = np.where(known, scores, 0).sum(axis=0)
        return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def score_dataset(model: keras.Model, layers: Sequence[str], dataset: SaliencyDataset,
                  canvas: Optional[Sequence[int]] = None, indices: Optional[Sequence[int]] = None,
                  batch: int = 4, keep: int = 10, label: Optional[str] = "scoring units",
                  client: Any = None) -> dict[str, UnitScores]:
    """Return {layer: UnitScores}, the NSS of every unit over a dataset, from one pass.

    One process and many workers give the same result: shards (`shards.cut`) are merged in order.

    Args:
        model: a functional Keras model on RGB 0..255. layers: names (`activations.layer_names`).
        dataset: with fixations; images of the result are indices into it.
        canvas: (h, w) that the stimuli are brought to; None for the model's own.
        indices: stimuli to score, None for all.
        batch: stimuli per forward pass. keep: best images kept for each unit.
        label: of the progress bar, None for no bar.
        client: of `cluster.connect`, whose workers compute; None for this process.

    Raises:
        LayerError: no such layer. DatasetError: no fixations.
    """
    require(dataset.fixations is not None, f"{dataset.name} has densities but no fixations; the "
                                           "NSS of units needs fixations")
    canvas, fit = own_canvas(model, canvas), facts_of(model).fit
    indices = indices_of(dataset, indices)
    if client is not None:
        shared = {"model": model, "layers": list(layers), "dataset": dataset, "canvas": canvas,
                  "batch": batch, "keep": keep, "label": None}
        return shards.merged(client, score_dataset, indices, batch, dataset, shared, label)
    results, part, seen = {}, {}, 0
    for chosen, maps in dataset_activations(model, layers, dataset, canvas, indices, batch, label):
        part = shards.merge(part, {
            layer: UnitScores.of(scores, chosen, constant, keep) for layer, (scores, constant)
            in score_maps(maps, dataset, chosen, canvas, fit).items()})
        seen += len(chosen)
        if seen % shards.length(batch) == 0 or seen == len(indices):
            results, part = shards.merge(results, part), {}
    return {layer: results[layer] for layer in layers if layer in results}


def score_maps(maps: Mapping[str, ArrayLike], dataset: SaliencyDataset, indices: Sequence[int],
               canvas: Sequence[int], fit: str = PAD) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return {layer: (NSS [B, U], constant bool [B, U])} of stimuli `indices`.

    Args:
        maps: {layer: activation_maps [B, h, w, U]} over a canvas (h, w) on which the stimuli lie
            by `fit`.
    """
    arrays = {layer: np.asarray(values) for layer, values in maps.items()}
    scored = {layer: [] for layer in arrays}
    for row, index in enumerate(indices):
        points = dataset.fixations.of(int(index))
        weights = {}  # shared by layers with as many cells
        for layer, values in arrays.items():
            cells = values.shape[1:3]
            plan = canvas_resampling(dataset.sizes[index], cells, canvas, fit=fit)
            if cells not in weights:
                weights[cells] = fixation_weights(plan, points)[np.newaxis]
            scores, constant = score_units(values[row], plan, weights[cells])
            scored[layer].append((scores[0], constant))
    return {layer: tuple(map(np.stack, zip(*parts))) for layer, parts in scored.items()}
