"""The MIT benchmark's metrics, slowly: one line per line of the definitions.

The oracle of the tests and the yardstick of `benchmarks.metrics`. Nothing here is shared with
`keras_saliency.metrics`, and nothing is checked: maps [H, W] without constant maps, at least one
fixation. Random nonfixations can be an argument, so that the deterministic rest can be compared
to the last digits.

Source: Bylinskii et al. 2019, "What do different evaluation metrics tell us about saliency
models?", and its MATLAB code; definitions as in `keras_saliency.metrics`.
"""
import numpy as np

EPS = 2.0 ** -52
# Maps with values exactly on a threshold of a sweep are kept out of the tests: there, the
# rounding of the normalisation decides in MATLAB.


def minmax(values):
    values = np.asarray(values, np.float64)
    return (values - values.min()) / (values.max() - values.min())


def trapezoid(x, y):
    return sum((x[k + 1] - x[k]) * (y[k] + y[k + 1]) / 2 for k in range(len(x) - 1))


def auc_judd(saliency_map, fixation_map):
    values = minmax(saliency_map).ravel()
    fixated = values[np.asarray(fixation_map).ravel() > 0]
    true, false = [0.0], [0.0]
    for i, threshold in enumerate(np.sort(fixated)[::-1], start=1):
        reaching = np.sum(values >= threshold)
        true.append(i / len(fixated))
        false.append((reaching - i) / (len(values) - len(fixated)))
    return trapezoid(false + [1.0], true + [1.0])


def auc_half(saliency_map, fixation_map):
    values = np.asarray(saliency_map, np.float64).ravel()
    mask = np.asarray(fixation_map).ravel() > 0
    wins = [np.mean(values[~mask] < v) + np.mean(values[~mask] == v) / 2 for v in values[mask]]
    return np.mean(wins)


def auc_sweep(fixated, nonfixations, step):
    """One split; both arguments after min-max."""
    count = int(np.floor(max(fixated.max(), nonfixations.max()) / step + 1e-9))
    true, false = [0.0], [0.0]
    for threshold in [k * step for k in range(count, -1, -1)]:
        true.append(np.sum(fixated >= threshold) / len(fixated))
        false.append(np.sum(nonfixations >= threshold) / len(nonfixations))
    return trapezoid(false + [1.0], true + [1.0])


def auc_borji(saliency_map, fixation_map, drawn, step=0.1):
    """`drawn`: flat pixel indices [splits, Nfix]."""
    values = minmax(saliency_map).ravel()
    fixated = values[np.asarray(fixation_map).ravel() > 0]
    return np.mean([auc_sweep(fixated, values[split], step) for split in drawn])


def auc_shuffled(saliency_map, fixation_map, other_map, splits=100, step=0.1, seed=0):
    values = minmax(saliency_map).ravel()
    fixated = values[np.asarray(fixation_map).ravel() > 0]
    other = np.flatnonzero(np.asarray(other_map).ravel() > 0)
    rng = np.random.RandomState(seed)
    drawn = [rng.permutation(other)[:min(len(fixated), len(other))] for _ in range(splits)]
    return np.mean([auc_sweep(fixated, values[split], step) for split in drawn])


def nss(saliency_map, fixation_map):
    values = np.asarray(saliency_map, np.float64)
    standardised = (values - values.mean()) / values.std(ddof=1)
    return standardised[np.asarray(fixation_map) > 0].mean()


def cc(saliency_map, density):
    a, b = np.asarray(saliency_map, np.float64), np.asarray(density, np.float64)
    a, b = (a - a.mean()) / a.std(), (b - b.mean()) / b.std()
    return np.mean(a * b)


def sim(saliency_map, density):
    a, b = minmax(saliency_map), minmax(density)
    return np.sum(np.minimum(a / a.sum(), b / b.sum()))


def kld(saliency_map, density):
    p, q = np.asarray(saliency_map, np.float64), np.asarray(density, np.float64)
    p, q = p / p.sum(), q / q.sum()
    return np.sum(q * np.log(EPS + q / (p + EPS)))


def information_gain(saliency_map, fixation_map, baseline_map):
    p, b = minmax(saliency_map), minmax(baseline_map)
    p, b = p / p.sum(), b / b.sum()
    where = np.asarray(fixation_map) > 0
    return np.mean(np.log2(EPS + p[where]) - np.log2(EPS + b[where]))


def emd(a, b):
    """Transport between two small maps of sum 1 as a linear programme."""
    from scipy.optimize import linprog

    points = np.argwhere(np.ones(a.shape))
    count = len(points)
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    leaves = np.kron(np.eye(count), np.ones((1, count)))
    arrives = np.kron(np.ones((1, count)), np.eye(count))
    result = linprog(distance.ravel(), A_eq=np.concatenate([leaves, arrives]),
                     b_eq=np.concatenate([a.ravel() / a.sum(), b.ravel() / b.sum()]))
    return result.fun
