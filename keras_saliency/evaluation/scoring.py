"""Scores of saliency maps against fixations, at each stimulus' own size."""
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Callable, Iterable, NamedTuple, Optional, Sequence, Union

import cv2
import numpy as np
from tqdm import tqdm

from keras_saliency import maps
from keras_saliency.config import Config
from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset
from keras_saliency.datasets.loading import Section
from keras_saliency.evaluation.center_bias import CenterBias, center_bias
from keras_saliency.evaluation.densities import Density
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.files import InputError, require
from keras_saliency.maps.facts import Facts
from keras_saliency.metrics import METRICS
from keras_saliency.metrics.streaming import StreamingScores
from keras_saliency.prediction.pictures import read_map

# In a list of metrics: all that can be computed, but for emd, which few tables of others have and
# which needs maps of 0 or more.
ALL = "all"
SCORERS = 2  # stimuli that are scored at the same time


class Skipped(NamedTuple):
    """A stimulus without a usable map, and the reason."""

    reason: str


def usable_metrics(dataset: SaliencyDataset, training: Optional[SaliencyDataset] = None,
                   densities: bool = False) -> list[str]:
    """The metrics that predictions for `dataset` can be scored with; arguments as of `Scorer`."""
    available = {"saliency_map"}
    if dataset.has_fixations or dataset.density_files is not None:
        available.add("fixation_density_map")
    if dataset.has_fixations:
        available |= {"fixation_map", "other_map"} if len(dataset) > 1 else {"fixation_map"}
    if dataset.target_masks is not None:
        available.add("mask")
    if training is not None and training.has_fixations:
        available |= {"baseline_map", "baseline_log_density"}
    if densities:
        available.add("log_density")
    return [name for name, metric in METRICS.items()
            if {metric.prediction, *metric.references} <= available]


def choose_metrics(names: Sequence[str], dataset: SaliencyDataset,
                   training: Optional[SaliencyDataset] = None,
                   densities: bool = False) -> list[str]:
    """`names` with "all" spelled out, each once, checked; arguments as of `Scorer`."""
    usable = usable_metrics(dataset, training, densities)
    chosen = []
    for name in names:
        require(name == ALL or name in METRICS,
                f"no metric {name!r}; choose from {ALL}, {', '.join(usable)}")
        if name != ALL and name not in usable:
            if "fixation_map" in METRICS[name].references and not dataset.has_fixations:
                densities = "densities but " if dataset.density_files is not None else ""
                raise DatasetError(f"{dataset.name} has {densities}no fixations on the "
                                   f"{len(dataset)} stimuli to score: {name} cannot be computed")
            needed = ", ".join((METRICS[name].prediction, *METRICS[name].references))
            raise InputError(f"{name} needs {needed}, and not all of them are known here; choose "
                             f"from {ALL}, {', '.join(usable)}")
        chosen += [m for m in usable if m != "emd"] if name == ALL else [name]
    require(chosen or not names, f"{dataset.name} has neither fixations nor densities of the "
            f"{len(dataset)} stimuli to score: no metric can be computed", DatasetError)
    return list(dict.fromkeys(chosen))


def density_of(dataset: SaliencyDataset, index: int, sigma: float) -> np.ndarray:
    """float32 [H, W]: the fixation_density_map of a stimulus, published or blurred."""
    if dataset.density_files is None:
        return dataset.fixations.density_map(index, sigma)
    try:
        density = read_map(dataset.density_files[index], dataset.sizes[index])
    except InputError as error:
        raise DatasetError(str(error)) from error
    return density.astype(np.float32)


class Scorer:
    """Scores predictions for the stimuli of a dataset, one at a time.

    Args:
        dataset: what is predicted. sigma: blur of its densities in stimulus pixels.
        metrics: as for `choose_metrics`.
        training: dataset whose fixations give the center_bias that information gain is over; a
            stimulus that is in it is left out of it.
        densities: whether the predictions are `Density`s, which hold a log_density too.
        center_method: how that center_bias is estimated, "kde" or "histogram".
        shuffled_others: auc_shuffled takes its nonfixations from so many other stimuli, drawn for
            each (Borji's code: 10); None for all others, as the MIT benchmark.
        emd_reduction: of `metrics.emd`, "area" or "matlab".
        seed: of the sampled metrics; stimulus i draws with seed + i, so that the scores do not
            depend on order or company.
    """

    def __init__(self, dataset, sigma, metrics, training=None, densities=False, seed=0,
                 center_method="kde", shuffled_others=None, emd_reduction="area"):
        self.dataset, self.sigma, self.training, self.seed = dataset, sigma, training, seed
        self.densities, self.center_method = densities, center_method
        self.shuffled_others, self.emd_reduction = shuffled_others, emd_reduction
        self.metrics = choose_metrics(metrics, dataset, training, densities)
        self.wanted = {name for metric in self.metrics
                       for name in (METRICS[metric].prediction, *METRICS[metric].references)}
        self._over_baseline = bool(self.wanted & {"baseline_map", "baseline_log_density"})
        self._scores = StreamingScores({
            name: {"reduction": emd_reduction} if name == "emd" else {} for name in self.metrics})

    @cached_property
    def center(self) -> CenterBias:
        """The center_bias of the training stimuli."""
        return center_bias(self.training, method=self.center_method)

    def references(self, index: int) -> dict:
        """{name: array [H, W]}: what the metrics compare stimulus `index` with."""
        dataset = self.dataset
        makers = {
            "fixation_map": lambda: dataset.fixations.fixation_map(index),
            "other_map": lambda: dataset.fixations.other_map(
                index, self.shuffled_others, seed=[self.seed, index]),
            "fixation_density_map": lambda: density_of(dataset, index, self.sigma),
            "mask": lambda: cv2.imdecode(
                np.frombuffer(dataset.target_masks[index], np.uint8), cv2.IMREAD_GRAYSCALE),
        }
        references = {name: make() for name, make in makers.items() if name in self.wanted}
        if self._over_baseline:
            baseline = self.center(dataset, index)
            references["baseline_map"] = baseline.saliency_map
            if "baseline_log_density" in self.wanted:
                references["baseline_log_density"] = baseline.log_density
        return references

    def score(self, index: int, prediction: Union[np.ndarray, Density]) -> dict[str, float]:
        """{metric: float} of a saliency_map [H, W], or a `Density`, in the size of the stimulus.

        Raises:
            InputError: a map of another size. FloatingPointError: one with NaN or infinity.
        """
        log_density = None
        if isinstance(prediction, Density):
            if "log_density" in self.wanted:
                log_density = prediction.log_density
            prediction = prediction.saliency_map
        name, size = self.dataset.names[index], tuple(self.dataset.sizes[index])
        require(np.shape(prediction) == size, f"the map of {name} is "
                f"{list(np.shape(prediction))}, the stimulus {size[0]}x{size[1]}")
        if not np.isfinite(prediction).all():
            raise FloatingPointError(f"the map of {name} has NaN or infinite values; a model that "
                                     "makes such maps has diverged: train it again with a lower "
                                     "learning rate")
        return self._scores.score(prediction, self.references(index), log_density,
                                  seed=self.seed + index)

    def about(self) -> dict:
        """Return the settings of the scores; the blur is None for published densities."""
        dataset = self.dataset
        dropped = 0 if dataset.fixations is None else int(dataset.fixations.dropped.sum())
        return {"dataset": dataset.name, "edition": dataset.edition,
                "fixations_outside_their_stimulus": dropped, "notes": list(dataset.notes),
                "sigma_pixels": None if dataset.density_files is not None else self.sigma,
                "seed": self.seed, "shuffled_others": self.shuffled_others,
                "emd_reduction": self.emd_reduction,
                "baseline": {
                    "center_bias": self.center.method, "bandwidth": self.center.bandwidth,
                    "dataset": self.center.dataset, "stimuli": self.center.stimuli}
                if self._over_baseline else None}


def score_predictions(predictions: Iterable, scorer: Scorer, label: Optional[str] = None,
                      indices: Optional[Sequence[int]] = None) -> Evaluation:
    """Score a stream of predictions, one per stimulus of the scorer's dataset, in its order.

    Args:
        predictions: iterable of saliency_map [H, W], `Density`, {metric: float} (scores made
            elsewhere), or `Skipped`.
        label: text of a progress bar, or None. indices: the stimuli that are predicted, or None.
    """
    indices = range(len(scorer.dataset)) if indices is None else indices
    names, count = [scorer.dataset.names[i] for i in indices], len(indices)
    fixations = scorer.dataset.fixations
    scores = {name: np.full(count, np.nan) for name in scorer.metrics}
    reasons, missing, waited, given, begin = {}, [], 0.0, 0, time.perf_counter()

    def score(place, prediction):
        if place >= count or isinstance(prediction, (Skipped, dict)):
            return prediction
        return scorer.score(int(indices[place]), prediction)

    for row, seconds in tqdm(_ahead(score, predictions), total=count, desc=label, unit="stimulus",
                             leave=False, disable=label is None):
        waited += seconds
        if isinstance(row, Skipped) and given < count:
            reasons[names[given]] = row.reason
            missing.append(names[given])
        elif given < count:
            for name, value in row.items():
                scores[name][given] = value
            unscored = [name for name, value in row.items() if np.isnan(value)]
            if unscored:
                unseen = fixations is not None and not len(fixations.of(indices[given]))
                reasons[names[given]] = f"{', '.join(unscored)}: " + (
                    "no fixations" if unseen else
                    "the metric has no answer for this map and its references")
        given += 1
    require(given == count, f"the stream held {given} maps for {count} stimuli")
    total = time.perf_counter() - begin
    return Evaluation(names, scores, reasons=reasons, missing=missing, seconds={
        "prediction": round(total - waited, 3), "scoring": round(waited, 3)})


def _ahead(function, items):
    """Yield (`function(place, item)`, seconds that were waited for it) of all items, in order.

    Some are computed at the same time, and while further items are made: metrics spend most of
    their time outside Python.
    """
    def finished():
        start = time.perf_counter()
        result = waiting.popleft().result()
        return result, time.perf_counter() - start

    waiting = deque()
    with ThreadPoolExecutor(SCORERS) as pool:
        try:
            for place, item in enumerate(items):
                waiting.append(pool.submit(function, place, item))
                if len(waiting) > SCORERS:
                    yield finished()
            while waiting:
                yield finished()
        finally:  # also of an error: what has not begun does not begin
            pool.shutdown(wait=False, cancel_futures=True)


def evaluate(forward: Callable, stream: Iterable, scorer: Scorer, facts: Facts,
             loss: Optional[Callable] = None, label: Optional[str] = None,
             indices: Optional[np.ndarray] = None) -> Evaluation:
    """Score a network on every stimulus of the scorer's dataset, or on some.

    Args:
        forward: inputs of a batch -> canvas maps [B, h, w, 1]; best a `tf.function`. Where the
            scorer scores densities, they are densities over the canvas.
        stream: tf.data of (inputs, target [B, h, w, C]) in the dataset's order, or of `indices`.
        facts: of the network: the fit of stimuli, the finish of its maps.
        loss: (target, maps) -> scalar, averaged over the stimuli with a target; or None.
        label: text of a progress bar, or None.
    """
    losses, counts = [], []
    sizes = scorer.dataset.sizes if indices is None else scorer.dataset.sizes[indices]

    def network_maps():
        index = 0
        for inputs, target in stream:
            canvas_maps = forward(inputs)
            if loss is not None:
                value, count = _loss_of_targets(loss, target, canvas_maps)
                losses.append(value * count)
                counts.append(count)
            for canvas_map in canvas_maps:
                size = sizes[min(index, len(sizes) - 1)]
                values = maps.finished(canvas_map, size, facts.fit, facts.finish)[..., 0].numpy()
                # what lies on the padding is not in the picture
                if scorer.densities:
                    with np.errstate(invalid="ignore"):  # the scorer names what is not finite
                        values = Density(values / values.sum(dtype=np.float64))
                yield values
                index += 1

    result = score_predictions(network_maps(), scorer, label, indices)
    if loss is None:
        return result
    count = sum(counts)
    return replace(result, loss=sum(losses) / count if count else np.nan, loss_count=count)


def _loss_of_targets(loss, target, canvas_maps) -> tuple[float, int]:
    """Return (mean loss, number) of the stimuli of a batch whose target maps are not all zero.

    No fixation is no target: such a stimulus has no loss, as it has no score.
    """
    there = np.any(np.asarray(target) != 0, axis=(1, 2)).all(axis=-1)
    if not there.all():
        target, canvas_maps = (np.asarray(part)[there] for part in (target, canvas_maps))
    return (float(loss(target, canvas_maps)) if there.any() else 0.0), int(there.sum())


def section_scorer(section: Section, metrics: Sequence[str], config: Config,
                   densities: bool = False) -> Scorer:
    """The `Scorer` of one dataset of a run: its own blur, center_bias and nonfixations."""
    return Scorer(section.evaluated, section.spec.sigma, metrics, section.training,
                  densities=densities, center_method=section.data.center_bias, **config.scoring)


def pooled_metrics(scorers: Sequence[Scorer]) -> list:
    """The metrics that the stimuli of every dataset are scored with."""
    return [name for name in scorers[0].metrics
            if all(name in scorer.metrics for scorer in scorers)]


def history_columns(labels: Sequence[str], results: Sequence[Evaluation]) -> dict[str, float]:
    """{column: number} of an epoch: `val_loss` and `val_<metric>` over all stimuli alike, and of
    each of several datasets, as `<label>_val_<metric>`; each result has a loss.
    """
    starts, parts = [""], list(results)
    if len(parts) > 1:
        starts += [f"{label}_" for label in labels]
        parts.insert(0, Evaluation.joined(parts))
    return {f"{start}val_{name}": value for start, part in zip(starts, parts)
            for name, value in {"loss": part.loss, **part.means()}.items()}
