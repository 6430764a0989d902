"""Scores of a stream of maps of any sizes, in memory that does not grow with their number."""
from typing import Mapping, NamedTuple, Optional

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require
from keras_saliency.metrics import METRICS


class Moments(NamedTuple):
    """Running moments of M scores per image; NaN scores are skipped and counted.

    Attributes:
        count, skipped: int64 [M], images that had a score, and that had none (NaN).
        mean: float64 [M], mean over the `count` images; 0 where there are none.
        squares: float64 [M], sum of squared deviations from `mean`.
    """

    count: np.ndarray
    skipped: np.ndarray
    mean: np.ndarray
    squares: np.ndarray

    @classmethod
    def empty(cls, size: int) -> "Moments":
        """Return the moments of an empty stream."""
        return cls.of(np.empty((0, size)))

    @classmethod
    def of(cls, scores: ArrayLike) -> "Moments":
        """Return the moments of the scores [N, M] of N images."""
        scores = np.asarray(scores, np.float64)
        scored = ~np.isnan(scores)
        count = scored.sum(axis=0)
        mean = np.where(scored, scores, 0).sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(scored, scores - mean, 0) ** 2).sum(axis=0)
        return cls(count, len(scores) - count, mean, squares)

    def merge(self, other: "Moments") -> "Moments":
        """Return the moments of both parts together.

        It adds the parts' squared deviations and the one between their means, which loses no digits
        (Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for computing
        sample variances").
        """
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        difference = other.mean - self.mean
        return Moments(count, self.skipped + other.skipped, self.mean + difference * share,
                       self.squares + other.squares + difference ** 2 * self.count * share)


class ImageMean(NamedTuple):
    """A metric's mean over images.

    Attributes:
        mean: over the images that have a score; NaN if none has.
        variance: of the score between images (N - 1). standard_error: of the mean, sqrt(variance /
            images). NaN below two images.
        images, skipped: how many have a score, and how many have none (NaN).
    """

    mean: float
    variance: float
    standard_error: float
    images: int
    skipped: int


class StreamingScores:
    """Means over images of one or more metrics, one image (or part of a stream) at a time.

    Args:
        metrics: names in `METRICS`, or {name: keyword arguments of its function}, as in
            `{"nss": {}, "auc_borji": {"splits": 20}}`. Otherwise an `InputError`.
    """

    def __init__(self, metrics):
        names = list(metrics)
        unknown = [name for name in names if name not in METRICS]
        require(names and not unknown, f"no metric {', '.join(map(repr, unknown)) or 'given'}; "
                                       f"choose from {', '.join(METRICS)}")
        require(len(set(names)) == len(names), f"a metric is named twice: {', '.join(names)}")
        self.metrics = {name: dict(metrics[name]) if isinstance(metrics, dict) else {}
                        for name in names}
        self.moments = Moments.empty(len(names))

    def update(self, saliency_map: Optional[ArrayLike], references: Mapping[str, ArrayLike],
               log_density: Optional[ArrayLike] = None,
               seed: Optional[int] = None) -> dict[str, float]:
        """Score one image, add it, and return its scores; see `score`."""
        scores = self.score(saliency_map, references, log_density, seed)
        self.moments = self.moments.merge(Moments.of([list(scores.values())]))
        return scores

    def score(self, saliency_map: Optional[ArrayLike], references: Mapping[str, ArrayLike],
              log_density: Optional[ArrayLike] = None,
              seed: Optional[int] = None) -> dict[str, float]:
        """Return {metric: float} of one image; NaN without fixations.

        Args:
            saliency_map: [H, W]; may be None if all metrics score a log_density.
            references: {name: array [H, W]}, at least those that `METRICS` lists for the metrics.
            log_density: [H, W], nats, logsumexp 0; only for metrics that score a log_density.
            seed: of the sampled metrics on this image, None for their own. If it is the image's
                index, any order or split of the stream gives the same scores.
        """
        given = {**references, "saliency_map": saliency_map, "log_density": log_density}
        scores = {}
        for name, options in self.metrics.items():
            metric = METRICS[name]
            wanted = (metric.prediction, *metric.references)
            missing = [argument for argument in wanted if given.get(argument) is None]
            require(not missing, f"{name} needs {', '.join(missing)}")
            if metric.sampled and seed is not None:
                options = {"seed": seed, **options}
            scores[name] = metric.function(*(given[a] for a in wanted), **options)
        return scores

    def merge(self, other: "StreamingScores") -> "StreamingScores":
        """Add the scores of another part of the stream, by the same metrics; return self."""
        require(list(self.metrics.items()) == list(other.metrics.items()),
                f"cannot merge scores of {self.metrics} with those of {other.metrics}")
        self.moments = self.moments.merge(other.moments)
        return self

    def result(self) -> dict[str, ImageMean]:
        """Return {metric: ImageMean} of all images so far."""
        count, skipped, mean, squares = self.moments
        variance = np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan)
        columns = (np.where(count > 0, mean, np.nan), variance,
                   np.sqrt(variance / np.maximum(count, 1)), count, skipped)
        return {name: ImageMean(*row)
                for name, row in zip(self.metrics, zip(*(c.tolist() for c in columns)))}
