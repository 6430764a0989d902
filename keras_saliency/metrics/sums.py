"""Float64 arithmetic on whole maps, shared by the metrics."""
import numpy as np

from keras_saliency.metrics.checks import Map

# Shorter than what OpenBLAS splits over threads. Its threads wait for each other: with another
# process (a training run, say) on a core, a dot product of a whole map took 30 times as long.
_SLICE = 8192


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return the sum of a * b of two float64 [n]."""
    return float(sum(a[k:k + _SLICE].dot(b[k:k + _SLICE]) for k in range(0, len(a), _SLICE)))


def centred(checked: Map) -> np.ndarray:
    """Subtract the mean of a map that is not constant; float64 [H * W], a new array.

    It is also divided by its range if squares would otherwise leave float64.
    """
    values = checked.values.ravel().astype(np.float64)
    span = checked.high - checked.low
    if not 1e-100 < span < 1e100:
        values = (values - checked.low) / span
    values -= values.mean()
    return values


def mass(checked: Map) -> np.ndarray:
    """Subtract the minimum of a map; float64 [H * W], a new array, ones for a constant map.

    Divided by its sum this is the map "min-max normalised, then summing to 1": the division by
    the range cancels.
    """
    if checked.constant:
        return np.ones(checked.values.size)
    values = checked.values.ravel().astype(np.float64)
    if checked.low != 0:
        values -= checked.low
    return values
