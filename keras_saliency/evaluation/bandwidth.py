"""Search for the bandwidth with the highest cross-validated log-likelihood."""
from typing import Callable

import numpy as np

from keras_saliency.files import require

_GRID = 8
_PRECISION = 0.01  # of ln(bandwidth): the likelihood is flat around its maximum


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
