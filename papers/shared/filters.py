"""Filters of a first layer: which of them are oriented edges?

By the structure tensor: the slopes of an edge or a grating all point along one line (Bigun and
Granlund 1987).
"""
import numpy as np


def coherence(kernel) -> np.ndarray:
    """How much the slopes of each filter point along one line.

    Args:
        kernel: [k, k, C, n], k from 3. The mean over its C channels is what counts: what a filter
            makes of light and dark.

    Returns:
        float64 [n] in 0..1: (l1 - l2) / (l1 + l2) of the eigenvalues of the structure tensor, the
        sum over the inner cells of the slopes' outer products (central differences); 1 for an edge
        or a grating, 0 for a blob, 0 for a filter without slopes.
    """
    gray = np.asarray(kernel, np.float64).mean(axis=2)
    across, down = gray[1:-1, 2:] - gray[1:-1, :-2], gray[2:, 1:-1] - gray[:-2, 1:-1]
    xx, yy, xy = ((a * b).sum(axis=(0, 1)) for a, b in ((across, across), (down, down),
                                                        (across, down)))
    total = xx + yy
    return np.divide(np.hypot(xx - yy, 2 * xy), total, out=np.zeros_like(total), where=total > 0)


def chance_coherence(size, channels, share=0.95, draws=10000, seed=0) -> float:
    """The coherence that the given share of random filters (normal, independent) stays below."""
    random = np.random.default_rng(seed).normal(size=(size, size, channels, draws))
    return float(np.quantile(coherence(random), share))
