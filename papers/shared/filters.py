"""Orientation of a first layer's filters by the structure tensor (Bigun and Granlund 1987).

The slopes of an edge or a grating all point along one line.
"""
import numpy as np


def coherence(kernel) -> np.ndarray:
    """Return the coherence of each filter: 1 for an edge or a grating, 0 for a blob.

    Args:
        kernel: [k, k, C, n] with k of at least 3. Its C channels are averaged, so only light and
            dark count.

    Returns:
        float64 [n] in 0..1: (l1 - l2) / (l1 + l2) of the eigenvalues of the structure tensor,
        which sums the outer products of the slopes (central differences) over the inner cells. A
        filter without slopes has 0.
    """
    gray = np.asarray(kernel, np.float64).mean(axis=2)
    across, down = gray[1:-1, 2:] - gray[1:-1, :-2], gray[2:, 1:-1] - gray[:-2, 1:-1]
    xx, yy, xy = ((a * b).sum(axis=(0, 1)) for a, b in ((across, across), (down, down),
                                                        (across, down)))
    total = xx + yy
    return np.divide(np.hypot(xx - yy, 2 * xy), total, out=np.zeros_like(total), where=total > 0)


def chance_coherence(size, channels, share=0.95, draws=10000, seed=0) -> float:
    """Return the coherence that `share` of random filters (normal, independent) stay below."""
    random = np.random.default_rng(seed).normal(size=(size, size, channels, draws))
    return float(np.quantile(coherence(random), share))
