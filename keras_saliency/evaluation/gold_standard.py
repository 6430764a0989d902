"""The gold standard: other people's fixations on an image as a prediction of one observer's.

For each observer, the density is a Gaussian kernel estimate from all other observers' fixations on
the same image. A little uniform density and, optionally, a center_bias are mixed in: a fixation far
from all others must not cost an infinite log-likelihood. Log-likelihoods need the densities at
fixations only: sums over pairs of fixations, with each Gaussian's mass inside the image from a
running sum. They equal those of the maps.

Source: Kuemmerer et al. 2015, "Information-theoretic model comparison unifies saliency metrics"
(gold standard); mixture components as in pysaliency's cross-validated baselines.
"""
from collections import Counter
from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency import files
from keras_saliency.datasets.dataset import SaliencyDataset, require
from keras_saliency.datasets.fixations import density_map, fixation_map, gaussians
from keras_saliency.evaluation.densities import Density, best_bandwidth
from keras_saliency.metrics import METRICS
from keras_saliency.metrics.streaming import StreamingScores

Center = Callable[[SaliencyDataset, int], Density]
# The mixture's weights stay above this, so that no density is 0.
_LEAST_WEIGHT = 1e-6
_EM_STEPS = 100
_PAIRED_AT_ONCE = 512  # fixations that are compared with all others of a stimulus at once


@dataclass(frozen=True)
class GoldStandard:
    """The leave-one-observer-out model; choose its parameters with `fit_gold_standard`.

    Attributes:
        sigma: standard deviation of the Gaussians in pixels.
        weights: shares of (other observers, uniform, center_bias); sum to 1, uniform above 0.
        center: the center_bias, such as a `CenterBias`; None for weight 0.
    """

    sigma: float
    weights: Tuple[float, float, float] = (0.99, 0.01, 0.0)
    center: Optional[Center] = None

    def __post_init__(self):
        files.require(self.sigma > 0, f"sigma must be above 0 pixels, not {self.sigma}")
        files.require(
            len(self.weights) == 3 and min(self.weights) >= 0 and self.weights[1] > 0
            and abs(sum(self.weights) - 1) <= 1e-9, "weights (others, uniform, center) must sum "
            f"to 1, with uniform above 0; not {self.weights}")
        files.require(self.center is not None or self.weights[2] == 0,
                      "a weight for center_bias needs `center`")

    def leave_one_out(self, dataset: SaliencyDataset,
                      index: int) -> Iterator[tuple[int, Density, np.ndarray]]:
        """Yield (observer, Density from the others, own points [n, 2]) of one stimulus.

        Observers without fixations are left out, and so is an observer without others.
        """
        points, observers = _observed(dataset, index)
        height, width = (int(s) for s in dataset.sizes[index])
        rows, columns = (gaussians(length, place, self.sigma)
                         for length, place in ((height, points[:, 1]), (width, points[:, 0])))
        mass = rows.sum(axis=0) * columns.sum(axis=0)  # of each Gaussian inside the image
        rows, columns = rows.astype(np.float32), columns.astype(np.float32)
        background = np.full((height, width), self.weights[1] / (height * width), np.float32)
        if self.weights[2] > 0:
            center = self.center(dataset, index).saliency_map
            background += (self.weights[2] * center).astype(np.float32)
        for observer in np.unique(observers):
            others = observers != observer
            scale = np.float32(self.weights[0] / mass[others].sum())
            density = (scale * rows[:, others]) @ columns[:, others].T
            density += background
            yield int(observer), Density(density), points[~others]

    def log_likelihood(self, dataset: SaliencyDataset, index: int) -> float:
        """Return the nats per fixation of one stimulus: mean of the means of held-out observers.

        Equals the average of `metrics.log_likelihood` over `leave_one_out`. NaN if fewer than two
        observers have fixations.
        """
        _, observers, nats = self.at_fixations(dataset, index)
        return float(_observer_weights(observers) @ nats) if len(nats) else float("nan")

    def at_fixations(self, dataset: SaliencyDataset, index: int) -> tuple:
        """Return (points [n, 2], observers [n], nats [n]: the others' log-density) of a stimulus.

        n is 0 if fewer than two observers have fixations.
        """
        points, observers = _observed(dataset, index)
        densities = _pair_densities(points, observers, dataset.sizes[index], self.sigma)
        height, width = dataset.sizes[index]
        density = self.weights[0] * densities + self.weights[1] / (height * width)
        if self.weights[2] > 0 and len(points):
            density += self.weights[2] * _at(self.center(dataset, index).saliency_map, points)
        return points, observers, np.log(density)

    def observers_gain(self, dataset: SaliencyDataset, center: Center) -> dict[int, float]:
        """Return {observer: bits per fixation over a center_bias}, over all stimuli.

        Each fixation weighs the same; it is predicted by the other observers of its stimulus.
        """
        totals, counts = Counter(), Counter()
        for index in range(len(dataset)):
            points, observers, nats = self.at_fixations(dataset, index)
            if len(points):
                prior = np.log(_at(center(dataset, index).saliency_map, points))
                gains = (nats - prior) / np.log(2)
                for observer in np.unique(observers).tolist():
                    own = gains[observers == observer]
                    totals[observer] += own.sum()
                    counts[observer] += len(own)
        return {observer: totals[observer] / counts[observer] for observer in sorted(totals)}

    def log_likelihoods(self, dataset: SaliencyDataset) -> np.ndarray:
        """Return the `log_likelihood` of every stimulus, float64 [N]."""
        return np.array([self.log_likelihood(dataset, i) for i in range(len(dataset))])

    def score(self, dataset: SaliencyDataset, index: int, metrics: Iterable[str],
              references: Optional[dict] = None,
              density_sigma: Optional[float] = None) -> dict[str, float]:
        """Return {metric: mean over held-out observers} of one stimulus; NaN for fewer than two.

        The density of one observer is far more pointed than that of all, with which a model is
        compared: compare nss, AUCs and likelihoods with a model's, not cc, sim, kld and emd.

        Args:
            metrics: as for `StreamingScores`.
            references: those that all observers share, such as other_map or baseline_map.
            density_sigma: blur in pixels of the fixation_density_map; None for `sigma`.
        """
        scores = StreamingScores(metrics)
        wanted = {METRICS[name].prediction for name in scores.metrics}.union(
            *(METRICS[name].references for name in scores.metrics))
        size = dataset.sizes[index]
        for observer, prediction, points in self.leave_one_out(dataset, index):
            given = dict(references or {}, fixation_map=fixation_map(points, size))
            if "fixation_density_map" in wanted:
                given["fixation_density_map"] = density_map(
                    points, size, density_sigma or self.sigma)
            scores.update(prediction.saliency_map, given, seed=observer,
                          log_density=prediction.log_density if "log_density" in wanted else None)
        return {name: summary.mean for name, summary in scores.result().items()}


def fit_gold_standard(dataset: SaliencyDataset, center: Optional[Center] = None,
                      sigmas: tuple[float, float] = (2.0, 200.0)) -> GoldStandard:
    """Fit the gold standard with the highest mean leave-one-observer-out log-likelihood.

    For each bandwidth tried, the weights of the mixture come from expectation maximisation; in
    them the likelihood is concave. There are three parameters for thousands of fixations, so
    fitting them to the stimuli that are evaluated hardly flatters the scores.

    Args:
        dataset: with observers; a few hundred stimuli are plenty (`dataset.select`).
        center: such as a `CenterBias`, or None. sigmas: range of bandwidths in pixels.

    Raises `DatasetError` if no observers are known, or no stimulus has fixations of two.
    """
    images = []
    for index in range(len(dataset)):
        points, observers = _observed(dataset, index)
        if len(points):
            background = np.ones((len(points), 1 if center is None else 2))
            size = dataset.sizes[index]
            if center is not None:
                background[:, 1] = _at(center(dataset, index).saliency_map, points) * size.prod()
            images.append((points, observers, size, background))
    require(images, f"{dataset.name}: no stimulus has fixations of two observers")
    shares = np.concatenate([_observer_weights(image[1]) for image in images]) / len(images)
    backgrounds = np.concatenate([image[3] for image in images])

    def components(sigma):
        """[F, C]: density over uniform at each fixation, of each part of the mixture."""
        others = [_pair_densities(points, observers, size, sigma) * size.prod()
                  for points, observers, size, _ in images]
        return np.column_stack([np.concatenate(others), backgrounds])

    def score(sigma):
        densities = components(sigma)
        return shares @ np.log(densities @ _mixture(densities, shares))

    sigma = best_bandwidth(score, *sigmas)
    weights = _mixture(components(sigma), shares).tolist()
    return GoldStandard(sigma, tuple(weights + [0.0] * (3 - len(weights))), center)


def information_gain_explained(model_ll: ArrayLike, baseline_ll: ArrayLike,
                               gold_ll: ArrayLike) -> float:
    """Share of the explainable information gain that a model explains; 1 is the gold standard.

    It is (model - baseline) / (gold - baseline) of the means over images, not the mean of the
    images' ratios: the ratio of an image whose gold standard gains nothing is meaningless. Below 0
    for a model worse than the baseline; NaN if the gold standard does not beat the baseline.

    Args:
        model_ll, baseline_ll, gold_ll: mean log-likelihood per fixation of each image, [N] (or
            scalars), all in one unit (nats or bits: it cancels). An image where one is NaN is
            left out for all three.

    Source: Kuemmerer et al. 2015, as above.
    """
    likelihoods = [np.atleast_1d(np.asarray(ll, np.float64))
                   for ll in (model_ll, baseline_ll, gold_ll)]
    files.require(len({ll.shape for ll in likelihoods}) == 1 and likelihoods[0].ndim == 1,
                  "model_ll, baseline_ll and gold_ll must be of one length, not of shapes "
                  f"{', '.join(str(ll.shape) for ll in likelihoods)}")
    stacked = np.stack(likelihoods)
    stacked = stacked[:, ~np.isnan(stacked).any(axis=0)]
    if stacked.size == 0:
        return float("nan")
    model, baseline, gold = stacked.mean(axis=1)
    return float((model - baseline) / (gold - baseline)) if gold > baseline else float("nan")


def _mixture(densities, shares) -> np.ndarray:
    """The weights [C] with the highest shares [F] @ log(densities [F, C] @ weights); sum to 1."""
    weights = np.full(densities.shape[1], 1 / densities.shape[1])
    for _ in range(_EM_STEPS):  # expectation maximisation
        joint = densities * weights
        weights = np.maximum((shares / joint.sum(axis=1)) @ joint, _LEAST_WEIGHT)
        weights /= weights.sum()
    return weights


def _observed(dataset, index):
    """(points float64 [n, 2], observers [n]) of a stimulus; n is 0 for fewer than two observers."""
    require(dataset.fixations is not None,
            f"{dataset.name} has no fixations to take a gold standard from")
    observers = dataset.fixations.observer[dataset.fixations.rows(index)]
    require(not (observers < 0).any(), f"{dataset.name} does not say whose the fixations on "
            f"{dataset.names[index]} are: no observer can be left out")
    count = len(observers) if len(np.unique(observers)) > 1 else 0
    return dataset.fixations.of(index)[:count], observers[:count]


def _observer_weights(observers) -> np.ndarray:
    """float64 [n], sums to 1: each observer weighs the same, and so do one's fixations."""
    _, position, counts = np.unique(observers, return_inverse=True, return_counts=True)
    return 1 / (len(counts) * counts[position.ravel()])


def _pair_densities(points, observers, size, sigma) -> np.ndarray:
    """float64 [n]: the density of the other observers' fixations at each fixation's pixel."""
    mass, axes = 1.0, []
    for place, length in ((points[:, 1], size[0]), (points[:, 0], size[1])):
        place = np.floor(place).astype(np.intp)
        gaussian = np.exp(-0.5 * (np.arange(length) / sigma) ** 2)
        to_border = np.cumsum(gaussian)
        mass = mass * (to_border[place] + to_border[length - 1 - place] - 1)
        axes.append((place, gaussian))
    found = [np.zeros(0)]
    for start in range(0, len(points), _PAIRED_AT_ONCE):
        part, kernel = slice(start, start + _PAIRED_AT_ONCE), 1.0
        for place, gaussian in axes:
            kernel = kernel * gaussian[np.abs(place[part, None] - place[None])]
        others = observers[part, None] != observers[None]
        found.append((kernel * others).sum(axis=1) / (others @ mass))
    return np.concatenate(found)


def _at(saliency_map, points) -> np.ndarray:
    """Values of a map [H, W] at the pixels of points [n, 2] (x, y)."""
    return saliency_map[points[:, 1].astype(np.intp), points[:, 0].astype(np.intp)]
