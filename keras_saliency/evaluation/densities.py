"""Densities over pixels, the prediction of every baseline: their mixture and bandwidth."""
from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np

from keras_saliency.files import require

_GRID = 8
_PRECISION = 0.01  # of ln(bandwidth): the likelihood is flat around its maximum


@dataclass(frozen=True)
class Density:
    """A density: float32 or float64 [H, W], above 0 everywhere, sums to 1."""

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


def best_bandwidth(score: Callable[[float], float], low: float, high: float) -> float:
    """Return the bandwidth in low..high with the highest `score(bandwidth)`, within about 1 %.

    A coarse logarithmic grid, then Brent's bounded search (golden section with parabolas) between
    the neighbours of the best: robust against a second maximum, about 16 calls.
    """
    from scipy.optimize import minimize_scalar  # here: it takes long, and few need it

    require(0 < low < high, f"bandwidths must satisfy 0 < low < high, not {low}, {high}")
    grid = np.linspace(np.log(low), np.log(high), _GRID)
    values = [score(float(np.exp(g))) for g in grid]
    best = int(np.argmax(values))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, _GRID - 1)]
    found = minimize_scalar(lambda g: -score(float(np.exp(g))), bounds=bounds, method="bounded",
                            options={"xatol": _PRECISION})
    return float(np.exp(found.x if -found.fun > values[best] else grid[best]))
