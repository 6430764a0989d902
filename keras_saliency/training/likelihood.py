"""The likelihood of fixations under a calibrated network, and L-BFGS, which maximises it.

A network's map is averaged over cells of some pixels of the canvas before it is blurred. The
density is normalised over the part of the canvas that the picture covers, as `predict` does. In the
fit, the center_bias of a stimulus leaves out its own fixations.
"""
import math
from collections import Counter
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike
from scipy import optimize
from tqdm import tqdm

from keras_saliency import maps
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_loader, stimulus_stream
from keras_saliency.evaluation.center_bias import CenterBias, center_bias
from keras_saliency.maps import geometry
from keras_saliency.models import calibration
from keras_saliency.models import density_layers as layers
from keras_saliency.models.density_layers import FLOOR, PRIOR_CELLS, SEGMENTS, START_SHARE
from keras_saliency.prediction.predictor import predictor
from keras_saliency.units.interpolation import canvas_span

MOST_CELLS = 8192  # cells of a map
AT_ONCE = 64       # stimuli
ITERATIONS = 200   # most; a fit takes 20 to 60
# Parameters of the fit: slopes, log(sigma in cells), weight of the center_bias, logit of uniform.
BOUNDS = [(0, 8)] * SEGMENTS + [(-2, 3), (0, 3), (-9, 7)]
START = [1] * SEGMENTS + [0, 0.5, math.log(START_SHARE / (1 - START_SHARE))]
LN2 = math.log(2)
# Relative change of the objective that ends a fit: float32 likelihoods resolve no smaller one.
PRECISION = 1e-7
SMALLEST = np.finfo(np.float32).tiny  # smallest density that has a logarithm


class Cells(NamedTuple):
    """Maps of a network on N stimuli, and their fixations, in cells of `side` canvas pixels.

    Arrays are float32 [N, h, w]; all that is computed from `maps` has their type. A stimulus on a
    turned canvas (portrait among landscapes) lies transposed among the others. `plain` is the
    log-density without a calibration, up to a constant: of map + FLOOR over its sum, or the
    network's own density.
    """

    dataset: SaliencyDataset
    side: int
    maps: np.ndarray      # min-max'ed to 0..1, then averaged over each cell
    plain: np.ndarray
    coverage: np.ndarray  # share of each cell that the picture covers
    counts: np.ndarray    # fixations
    spans: list           # `interpolation.canvas_span`s of the pictures
    turned: np.ndarray    # bool [N]


def _canvas_maps(predictor, dataset, canvases) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (index, float32 [h, w]), the map of each stimulus on its canvas, canvas by canvas."""
    if predictor.facts.canvas is None:  # works at the stimulus' own size
        load = stimulus_loader(dataset)
        for index, own in enumerate(canvases):
            found = predictor.predict(load(index).numpy())[..., np.newaxis]
            yield index, maps.to_canvas(found, own, maps.MAP_PADDING)[..., 0].numpy()
        return
    for shape in dict.fromkeys(canvases):
        rows = [i for i, other in enumerate(canvases) if other == shape]
        stream = stimulus_stream(dataset, shape, rows, batch=4, fit=predictor.facts.fit)
        found = (values for images in stream for values in predictor.maps(images))
        for index, values in zip(rows, found):
            yield index, tf.cast(values[..., 0], tf.float32).numpy()


def collect(model: Any, dataset: SaliencyDataset, canvas: Sequence[int],
            label: str = "maps") -> Cells:
    """Return the `Cells` of the maps of a model, which is anything that `predict` takes.

    `canvas` is the (h, w) of stimuli that are not turned, as `predict` turns it. A map that has NaN
    or infinity raises `FloatingPointError`, naming the stimulus.
    """
    mapping, side = predictor(model), cell_side(canvas)
    facts, fit = mapping.facts, mapping.facts.fit
    shape = (len(dataset), *(length // side for length in canvas))
    found, plain, coverage, counts = (np.zeros(shape, np.float32) for _ in range(4))
    each = [geometry.oriented_canvas(size, canvas, fit, facts.turns) for size in dataset.sizes]
    spans = [canvas_span(tuple(size), own, fit)
             for size, own in zip(dataset.sizes.tolist(), each)]
    turned = np.array([own != tuple(canvas) for own in each])
    for index, values in tqdm(_canvas_maps(mapping, dataset, each), label, len(dataset),
                              unit="stimulus"):
        if not np.isfinite(values).all():
            raise FloatingPointError(f"the map of {dataset.names[index]} has NaN or infinite "
                                     "values; such a network has diverged")
        values = values.astype(np.float64)
        scaled = (values - values.min()) / (1e-7 + np.ptp(values))  # as the layer does
        own = [_means(scaled, side),
               np.log(np.maximum(_means(values, side), SMALLEST) if facts.density
                      else _means(scaled, side) + FLOOR),
               np.outer(*(_covered(length // side, *part)
                          for length, part in zip(each[index], spans[index]))),
               _counted(dataset, index, each[index], fit, side)]
        for target, part in zip((found, plain, coverage, counts), own):
            target[index] = part.T if turned[index] else part
    return Cells(dataset, side, found, plain, coverage, counts, spans, turned)


def cell_side(canvas: Sequence[int]) -> int:
    """Return the smallest side that divides a canvas into at most `MOST_CELLS`, or the largest."""
    common = math.gcd(*canvas)
    sides = [side for side in range(1, common + 1) if common % side == 0]
    return next((side for side in sides if math.prod(canvas) <= MOST_CELLS * side ** 2), sides[-1])


def _means(values, side) -> np.ndarray:
    height, width = (length // side for length in values.shape)
    return values.reshape(height, side, width, side).mean(axis=(1, 3))


def _covered(count, start, stop) -> np.ndarray:
    """Return float64 [count]: the share of each equal part of 0..1 that start..stop covers."""
    edges = np.clip(np.arange(count + 1) / count, start, stop)
    return np.diff(edges) * count


def _counted(dataset, index, canvas, fit, side) -> np.ndarray:
    """Return float64 [h, w]: fixations on a stimulus in each cell."""
    points = maps.points_to_canvas(dataset.fixations.of(index), dataset.sizes[index], canvas, fit)
    counts = np.zeros([length // side for length in canvas])
    np.add.at(counts, tuple((points.numpy()[:, ::-1] / side).astype(np.intp).T), 1)
    return counts


def priors(cells: Cells, rows: Sequence[int], center: CenterBias, spans: Sequence[tuple],
           own: bool = False) -> np.ndarray:
    """Return float32 [n, h, w]: the center_bias on the cells of the stimuli `rows`.

    It is known up to a constant. With `own`, `fit` took these stimuli, and each is left out of its
    own center_bias.
    """
    everywhere = None if own else canvas_prior(center, spans)
    # portraits lie transposed, and so must the center_bias
    down, across = (layers.between_cells(length).numpy() for length in cells.maps.shape[1:])
    found = []
    for place, row in enumerate(rows):
        grid = canvas_prior(center, spans, place) if own else everywhere
        found.append(down @ (grid.T if cells.turned[row] else grid) @ across.T)
    return np.stack(found).astype(np.float32)


def calibrated(cells: Cells, rows: np.ndarray, priors: np.ndarray,
               vector: np.ndarray) -> np.ndarray:
    """Return float64 [n]: `bits` of stimuli under a calibration; `vector` as `BOUNDS`."""
    return np.concatenate([_bits(_calibrated(*arguments).numpy(), cells.counts[chosen])
                           for chosen, arguments in _batches(cells, rows, priors, vector)])


def bits(cells: Cells, rows: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Return float64 [n]: mean bits per fixation over a uniform density, on the stimuli `rows`.

    `logs` [n, h, w] are their log-densities in nats, up to a constant.
    """
    relative = _on_picture(*_tensors(cells, logs, cells.coverage[rows]))
    return _bits(relative.numpy(), cells.counts[rows])


def _bits(logs, counts) -> np.ndarray:
    return (logs.astype(np.float64) * counts).sum(axis=(1, 2)) / counts.sum(axis=(1, 2)) / LN2


def negative(cells: Cells, rows: np.ndarray, priors: np.ndarray,
             vector: np.ndarray) -> tuple[float, np.ndarray]:
    """Return (minus the nats per fixation over uniform, its gradient) on the stimuli `rows`."""
    value, gradient, total = 0.0, np.zeros(len(vector)), float(cells.counts[rows].sum())
    for chosen, arguments in _batches(cells, rows, priors, vector):
        one, slope = _negative_with_gradient(*arguments, *_tensors(cells, cells.counts[chosen]))
        value, gradient = value + float(one), gradient + slope.numpy()
    return value / total, gradient / total


def fit(cells: Cells, rows: Sequence[int]) -> tuple[np.ndarray, CenterBias, list]:
    """Fit the calibration with the highest likelihood of the fixations on the stimuli `rows`.

    Return (vector as `BOUNDS`, `CenterBias` of these stimuli, their spans).
    """
    rows = np.asarray(rows)
    center, spans = center_bias(cells.dataset.select(rows)), [cells.spans[row] for row in rows]
    own = priors(cells, rows, center, spans, own=True)
    vector, _ = lbfgs(lambda vector: negative(cells, rows, own, vector),
                      np.array(START, np.float64), BOUNDS, ITERATIONS)
    return vector, center, spans


def parameters(cells: Cells, vector: np.ndarray, center: CenterBias,
               spans: Sequence[tuple]) -> calibration.Parameters:
    """Return the result of `fit` as the layers of the network take it."""
    *slopes, log_sigma, weight, logit = vector
    # averaging over a cell has blurred already
    variance = cells.side ** 2 * math.exp(2 * log_sigma) + (cells.side ** 2 - 1) / 12
    return calibration.Parameters(np.array(slopes), math.sqrt(variance), float(weight),
                                  1 / (1 + math.exp(-logit)), canvas_prior(center, spans))


def _batches(cells, rows, priors, vector) -> Iterator[tuple]:
    """Yield (some of the stimuli `rows`, the arguments of `_calibrated` for them)."""
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        yield rows[part], _tensors(cells, cells.maps[rows[part]], priors[part],
                                   cells.coverage[rows[part]], vector)


def _tensors(cells, *arrays) -> list:
    return [tf.constant(values, cells.maps.dtype) for values in arrays]


@tf.function(reduce_retracing=True)
def _calibrated(found, prior, coverage, vector):
    """Return [n, h, w]: log of the density in each cell, over a uniform one."""
    log_sigma, weight, logit = tf.unstack(vector[SEGMENTS:])
    blurred = layers.gaussian_blur(found, tf.exp(log_sigma))
    logits = layers.monotone_log(blurred, vector[:SEGMENTS]) + weight * prior
    logs = logits - tf.reduce_logsumexp(logits, axis=(1, 2), keepdims=True)
    return _on_picture(layers.mix_uniform(logs, logit), coverage)


def _on_picture(logs, coverage):
    """Normalise log-densities [n, h, w] over the picture, relative to a uniform density there."""
    highest = tf.reduce_max(logs, axis=(1, 2), keepdims=True)
    mass = tf.reduce_sum(coverage * tf.exp(logs - highest), axis=(1, 2), keepdims=True)
    area = tf.reduce_sum(coverage, axis=(1, 2), keepdims=True)
    return logs - highest - tf.math.log(mass / area)


@tf.function(reduce_retracing=True)
def _negative_with_gradient(found, prior, coverage, vector, counts):
    with tf.GradientTape() as tape:
        tape.watch(vector)
        value = -tf.reduce_sum(counts * _calibrated(found, prior, coverage, vector))
    return value, tape.gradient(value, vector)


def canvas_prior(center: CenterBias, spans: Iterable[tuple],
                 leave_out: Optional[int] = None) -> np.ndarray:
    """Return float64 [64, 64]: the center_bias as `AddCenterBias` takes it, up to a constant.

    A `CenterBias` is over a stimulus, that of the layer over the canvas with its padding. A cell
    has the mean of the stimuli that cover it; a cell that none covers, the mean of their borders.

    Args:
        spans: an `interpolation.canvas_span` for each stimulus. leave_out: index of a stimulus to
            leave out of the center_bias, or None.
    """
    fine = 5 * PRIOR_CELLS  # odd: its middle cells have the centers of ours
    density = center.predict((fine, fine), leave_out).saliency_map
    centers = (np.arange(PRIOR_CELLS) + 0.5) / PRIOR_CELLS
    total, weight = 0.0, 0.0
    for span, count in Counter(spans).items():
        places = [(centers - start) / (stop - start) for start, stop in span]
        covered = np.outer(*((p >= 0) & (p < 1) for p in places))
        cells = np.ix_(*(np.clip(p * fine, 0, fine - 1).astype(int) for p in places))
        share = count * np.where(covered, 1, 1e-9)  # 1e-9 counts if no stimulus covers the cell
        total, weight = total + share * density[cells], weight + share
    return np.log(total / weight)


def canvas_spans(sizes: ArrayLike, canvas: Sequence[int]) -> list[tuple]:
    """Return the spans of padded stimuli of `sizes` [N, 2] (H, W) on one canvas (h, w)."""
    return [canvas_span(tuple(size), tuple(canvas)) for size in np.asarray(sizes).tolist()]


def lbfgs(objective: Callable, start: np.ndarray, bounds: Sequence[tuple], iterations: int,
          memory: int = 10, after_step: Optional[Callable] = None) -> tuple[np.ndarray, float]:
    """Minimise an objective by L-BFGS-B; return (float64 [K], value).

    Args:
        objective: float64 [K] -> (value, gradient float64 [K]). start: the first vector.
        bounds: K pairs (low, high), None for no bound. iterations: largest number.
        memory: number of steps from which the curvature is estimated.
        after_step: called with (vector, value) after each iteration.
    """
    last = {}  # values since the last iteration

    def remembered(vector):
        value, gradient = objective(vector)
        last[vector.tobytes()] = value
        return value, gradient

    def step(vector):
        value = last.get(vector.tobytes())
        after_step(vector, objective(vector)[0] if value is None else value)
        last.clear()

    result = optimize.minimize(
        remembered, start, jac=True, method="L-BFGS-B", bounds=bounds,
        callback=None if after_step is None else step,
        options={"maxiter": iterations, "maxcor": memory, "ftol": PRECISION,
                 "maxfun": 20 * iterations})
    return result.x, float(result.fun)
