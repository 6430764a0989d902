"""Densities over pixels, the prediction of every baseline, and the uniform baseline."""
from dataclasses import dataclass
from typing import Sequence

import numpy as np

from keras_saliency.files import require


@dataclass(frozen=True)
class Density:
    """A density over the pixels of an image, for metrics of either kind.

    Attributes:
        saliency_map: float32 or float64 [H, W], above 0 everywhere, sums to 1.
    """

    saliency_map: np.ndarray

    @property
    def log_density(self) -> np.ndarray:
        """The logarithm [H, W] in nats, logsumexp 0; computed at each use."""
        return np.log(self.saliency_map)


def uniform(size: Sequence[int]) -> Density:
    """Return the uniform density of an image of `size` (H, W)."""
    height, width = (int(s) for s in size)
    return Density(np.full((height, width), 1 / (height * width)))


def mixed(mass: np.ndarray, uniform_weight: float) -> Density:
    """Turn `mass` [H, W] (>= 0, any sum) into a density, a share `uniform_weight` spread evenly.

    A mass of 0 throughout becomes uniform.
    """
    total = mass.sum()
    if not total > 0:
        return uniform(mass.shape)
    density = mass * ((1 - uniform_weight) / total)
    density += uniform_weight / density.size
    return Density(density)


def check_uniform_weight(weight: float) -> None:
    """Raise `InputError` unless 0 < weight <= 1: a density of 0 has no logarithm."""
    require(0 < weight <= 1, f"uniform_weight must be above 0 and at most 1, not {weight}")
