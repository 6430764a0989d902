"""A high quantile of every unit over a dataset, in memory that does not grow with its size."""
import math

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency.files import require


class TailQuantile:
    """An upper quantile of U streams of numbers at once; mergeable.

    Only values above the quantile are kept. The result is exact, equal to `numpy.quantile`, up to
    `cap / (1 - quantile)` values per unit (1.6 million with the defaults). From more values it
    takes a seeded uniform sample of about that size, whole rows at a time. The share of values
    above the result then has a standard deviation of sqrt((1 - quantile) * quantile / sample),
    for the defaults 0.00006 around 0.005.

    Args:
        units: U. total: number of values per unit in all shards together.
        quantile: 0.5 < q < 1. cap: values kept per unit.
    """

    def __init__(self, units: int, total: int, quantile: float = 0.995, cap: int = 8192):
        require(0.5 < quantile < 1, f"quantile must lie between 0.5 and 1, not {quantile}")
        self.units, self.total, self.quantile, self.cap = units, total, quantile, cap
        self.rate = min(1.0, cap / ((1 - quantile) * max(total, 1)))
        self.count = 0
        # two more than lie above it, for the interpolation; more of a sample, whose size varies
        room = (1 - quantile) * self.rate * total
        self.keep = math.ceil(room + 6 * math.sqrt(room) * (self.rate < 1)) + 2
        self._tail, self._pending = np.zeros((0, units), np.float32), []

    def update(self, values: ArrayLike, seed: int = 0) -> None:
        """Add values [n, U]; `seed` of the sample is the image's index, so that shards agree."""
        values = np.asarray(values, np.float32).reshape(-1, self.units)
        if self.rate < 1:
            values = values[np.random.default_rng([seed, 1]).random(len(values)) < self.rate]
        self.count += len(values)
        self._add(values)

    def merge(self, other: "TailQuantile") -> "TailQuantile":
        """Add the values that `other` has seen; returns self."""
        mine, theirs = ((s.units, s.total, s.quantile, s.cap) for s in (self, other))
        require(mine == theirs, "cannot merge quantiles of (units, total, quantile, cap) "
                                f"{mine} with those of {theirs}")
        self.count += other.count
        self._add(other.tail())
        return self

    def result(self) -> np.ndarray:
        """float32 [U]: the quantile of each unit, linearly interpolated; NaN without values."""
        if not self.count:
            return np.full(self.units, np.nan, np.float32)
        tail = np.sort(self.tail(), axis=0)[::-1].astype(np.float64)
        rank = (1 - self.quantile) * (self.count - 1)  # from above
        lower = min(math.floor(rank), len(tail) - 1)
        share = rank - math.floor(rank)
        upper = min(lower + 1, len(tail) - 1)
        return (tail[lower] * (1 - share) + tail[upper] * share).astype(np.float32)

    def describe(self) -> str:
        """Say in words how exact the result is."""
        if self.rate == 1:
            return f"exact, of {self.count} values per unit"
        share = 1 - self.quantile
        error = math.sqrt(share * self.quantile / max(self.count, 1))
        return (f"of a sample of {self.count} of {self.total} values per unit; the share above it "
                f"is {share:g} +- {error:.1g}")

    def tail(self) -> np.ndarray:
        """float32 [<= keep, U]: the largest values so far, in no order."""
        if self._pending:
            values = np.concatenate([self._tail, *self._pending])
            if len(values) > self.keep:
                cut = len(values) - self.keep
                values = np.partition(values, cut, axis=0)[cut:].copy()
            self._tail, self._pending = values, []
        return self._tail

    def _add(self, values) -> None:
        self._pending.append(values)
        if sum(map(len, self._pending)) > self.keep:
            self.tail()
