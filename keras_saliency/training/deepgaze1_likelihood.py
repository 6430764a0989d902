"""The readout of DeepGaze I, fitted by L-BFGS to cached responses of the frozen backbone.

Source: Kuemmerer, Theis and Bethge (2015), sections 1 and 1.1: the mean negative log-likelihood of
the fixations plus lambda |w|_1 / |w|_2. Every step takes the whole training set (the authors take
mini-batches); the gradients are TensorFlow's. The density is normalised over cells of the stimulus,
each some pixels wide; the padding of the canvas is left out.
"""
from typing import Callable, Mapping, NamedTuple, Optional, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_saliency.config import LbfgsConfig
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.evaluation.center_bias import CenterBias
from keras_saliency.files import require
from keras_saliency.metrics.streaming import Moments
from keras_saliency.models import weights_file
from keras_saliency.models.density_layers import gaussian_blur
from keras_saliency.training.features import DTYPE, FeatureCacheError, require_memory
from keras_saliency.training.likelihood import lbfgs
from keras_saliency.units.activations import dataset_activations
from keras_saliency.units.interpolation import canvas_resampling, resampling

READOUT, SCALE = "_readout", "_scale"
BATCH, BATCH_RESPONSES = 25, 2 ** 26  # most stimuli and most responses (256 MiB) at once
LOG_SIGMAS = (-2.0, 3.0)  # of the blur, in cells; a wider one is flat


class Responses(NamedTuple):
    """Responses of the backbone to the stimuli of a dataset."""

    maps: dict     # {layer: float16 [N, h, w, C]}, in the model's order
    moments: dict  # {layer: Moments [C]} over all cells of all stimuli

    def deviations(self) -> dict[str, np.ndarray]:
        """Return {layer: float32 [C]}: standard deviation of each unit; 1 for a constant unit.

        A unit that varies by less than float16 resolves counts as constant: a division by its
        deviation would turn rounding errors into responses.
        """
        limits, found = np.finfo(DTYPE), {}
        for layer, moments in self.moments.items():
            deviation = np.sqrt(moments.squares / moments.count)
            resolved = np.maximum(limits.tiny, limits.eps * np.abs(moments.mean))
            found[layer] = np.where(deviation > resolved, deviation, 1).astype(np.float32)
        return found


class Parameters(NamedTuple):
    """Parameters of the fit, also as a vector, float64 [K + 2]."""

    weights: np.ndarray  # float64 [K], of all units of all chosen layers
    log_sigma: float     # log of the blur's sigma in cells
    alpha: float         # weight of the center_bias

    def pack(self) -> np.ndarray:
        """Return the vector."""
        return np.concatenate([self.weights, [self.log_sigma, self.alpha]])

    @classmethod
    def unpack(cls, vector: np.ndarray) -> "Parameters":
        """Return the `Parameters` of a vector."""
        return cls(vector[:-2], float(vector[-2]), float(vector[-1]))


def chosen_layers(model: keras.Model) -> list[str]:
    """Return the backbone's layers that the model reads out, in its order."""
    return [layer.name[:-len(READOUT)] for layer in model.layers if layer.name.endswith(READOUT)]


def collect(model: keras.Model, dataset: SaliencyDataset, canvas: Sequence[int], batch: int = 4,
            label: Optional[str] = "responses", most_cells: Optional[Sequence[int]] = None,
            allocate: Optional[Callable[[str, tuple], np.ndarray]] = None) -> Responses:
    """Run the backbone over a dataset once.

    Args:
        most_cells: (h, w), to which finer responses are averaged over blocks of cells; their sizes
            must be multiples of it. None: as fine as they are.
        allocate: function (layer, shape) -> float16 array to fill; None: in memory.
    """
    layers, maps, moments = chosen_layers(model), {}, {}
    for chosen, batch_maps in dataset_activations(model, layers, dataset, canvas, None, batch,
                                                  label):
        if most_cells is not None:
            batch_maps = {layer: _averaged(batch_maps[layer], most_cells) for layer in layers}
        if not maps:
            shapes = {layer: batch_maps[layer].shape[1:] for layer in layers}
            if allocate is None:
                require_memory(
                    len(dataset), shapes.values(),
                    "choose fewer layers (model.options.layer_subset) or a smaller canvas")
            make = allocate or (lambda _, shape: np.empty(shape, DTYPE))
            maps = {layer: make(layer, (len(dataset), *shape)) for layer, shape in shapes.items()}
        for layer in layers:
            values = batch_maps[layer]
            require((np.abs(values) <= np.finfo(DTYPE).max).all(),
                    f"responses of {layer} exceed float16 or are not finite; choose other layers "
                    "(model.options.layer_subset)", error=FeatureCacheError)
            maps[layer][chosen] = values
            part = Moments.of(values.reshape(-1, values.shape[-1]))
            moments[layer] = moments[layer].merge(part) if layer in moments else part
    return Responses(maps, moments)


def _averaged(values, most_cells) -> np.ndarray:
    """Average [B, h, w, C] over blocks of equal size, to at most `most_cells` (h, w)."""
    batch, height, width, units = values.shape
    rows, columns = (max(1, -(-have // most))
                     for have, most in zip((height, width), most_cells))
    if rows == columns == 1:
        return values
    return values.reshape(batch, height // rows, rows, width // columns, columns, units).mean(
        axis=(2, 4))


class Likelihood:
    """The log-likelihood of the fixations on a dataset under any `Parameters`.

    Args:
        responses: to the dataset's stimuli, on a `canvas` (h, w).
        deviations: {layer: float32 [C]}, the divisors of the responses.
        center: the center_bias; a stimulus that it was fitted to is left out of its own.
        cell: stimulus pixels to a cell.
    """

    def __init__(self, responses: Responses, deviations: Mapping[str, np.ndarray],
                 dataset: SaliencyDataset, canvas: Sequence[int], center: CenterBias, cell: int):
        self.responses, self.deviations, self.dataset = responses.maps, deviations, dataset
        self._batches = []
        sizes = [tuple(size) for size in dataset.sizes.tolist()]
        finest = next(iter(self.responses.values())).shape[1:3]
        self._enlarge = {layer: _matrices(resampling(finest, maps.shape[1:3]))
                         for layer, maps in self.responses.items()}
        responses_each = sum(maps[0].size for maps in self.responses.values())
        most = max(1, min(BATCH, BATCH_RESPONSES // responses_each))
        for size in dict.fromkeys(sizes):
            alike = [i for i, other in enumerate(sizes) if other == size]
            grid = tuple(max(1, round(side / cell)) for side in size)
            plan = _matrices(canvas_resampling(size, finest, tuple(canvas), size=grid))
            for start in range(0, len(alike), most):
                rows = alike[start:start + most]
                prior = np.stack([center.predict(grid, center.index_of(dataset, i)).log_density
                                  for i in rows]).astype(np.float32)
                self._batches.append((rows, grid, plan, prior))

    def counts(self, fixations: Fixations) -> list[np.ndarray]:
        """Return float32 [n, H, W] for each batch: fixations in each cell."""
        found = []
        for rows, grid, _, _ in self._batches:
            counts = np.zeros((len(rows), *grid), np.float32)
            for row, index in enumerate(rows):
                points = np.floor(fixations.of(index)) + 0.5
                places = (points[:, ::-1] / self.dataset.sizes[index] * grid).astype(np.intp)
                np.add.at(counts[row], tuple(places.T), 1)
            found.append(counts)
        return found

    def over_center_bias(self, counts: Sequence[np.ndarray],
                         parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
        """Return (bits [N], fixations [N]); bits are sums over fixations of log2(p / center)."""
        bits, totals = np.zeros(len(self.dataset)), np.zeros(len(self.dataset))
        for (rows, _, _, prior), count, logs in zip(
                self._batches, counts, self._log_densities(parameters)):
            bits[rows] = ((logs.numpy() - prior) * count).sum(axis=(1, 2)) / np.log(2)
            totals[rows] = count.sum(axis=(1, 2))
        return bits, totals

    def log_densities(self, parameters: Parameters) -> np.ndarray:
        """Return float32 [N, H, W], in nats, over the cells of stimuli that share one size."""
        found = np.concatenate([logs.numpy() for logs in self._log_densities(parameters)])
        return found[np.argsort(np.concatenate([rows for rows, *_ in self._batches]))]

    def negative(self, counts: Sequence[np.ndarray],
                 parameters: Parameters) -> tuple[float, np.ndarray]:
        """Return (nats per fixation, its gradient float64 [K + 2] as `Parameters.pack`)."""
        total = sum(float(count.sum()) for count in counts)
        value, gradient = 0.0, np.zeros(len(parameters.weights) + 2)
        for batch, count in zip(self._batches, counts):
            part, *slopes = _negative_with_gradient(*self._arguments(batch, parameters), count)
            value += float(part)
            *weights, log_sigma, alpha = (np.asarray(s, np.float64) for s in slopes)
            gradient += np.concatenate([*weights, [log_sigma, alpha]])
        return value / total, gradient / total

    def _log_densities(self, parameters):
        for batch in self._batches:
            yield _log_density(*self._arguments(batch, parameters))

    def _arguments(self, batch, parameters: Parameters) -> tuple:
        rows, _, plan, prior = batch
        consecutive = rows[-1] - rows[0] + 1 == len(rows)  # a slice makes no copy
        chosen = slice(rows[0], rows[-1] + 1) if consecutive else rows
        bounds = np.cumsum([0, *(maps.shape[-1] for maps in self.responses.values())])
        layers = [(tf.constant(maps[chosen]), tf.constant(self.deviations[layer]),
                   tf.constant(parameters.weights[low:high], tf.float32), *self._enlarge[layer])
                  for (layer, maps), low, high in zip(self.responses.items(), bounds, bounds[1:])]
        return (layers, tf.constant(parameters.log_sigma, tf.float32),
                tf.constant(parameters.alpha, tf.float32), *plan, tf.constant(prior))


def _matrices(plan) -> tuple:
    return tf.constant(plan.rows, tf.float32), tf.constant(plan.columns, tf.float32)


@tf.function(reduce_retracing=True)
def _log_density(layers, log_sigma, alpha, rows, columns, prior):
    """Return float32 [n, H, W] over the cells of the stimuli; logsumexp 0."""
    combined = 0.0
    for maps, deviations, weights, enlarge_rows, enlarge_columns in layers:
        part = tf.tensordot(tf.cast(maps, tf.float32), weights / deviations, 1)
        combined += tf.einsum("yh,bhw,xw->byx", enlarge_rows, part, enlarge_columns)
    blurred = gaussian_blur(combined, tf.exp(log_sigma))
    logits = tf.einsum("yh,bhw,xw->byx", rows, blurred, columns) + alpha * prior
    return logits - tf.reduce_logsumexp(logits, axis=(1, 2), keepdims=True)


@tf.function(reduce_retracing=True)
def _negative_with_gradient(layers, log_sigma, alpha, rows, columns, prior, counts):
    """Return (-sum of counts * log p, its gradients to each layer's weights, log_sigma, alpha)."""
    wanted = [*(layer[2] for layer in layers), log_sigma, alpha]
    with tf.GradientTape() as tape:
        tape.watch(wanted)
        value = -tf.reduce_sum(counts * _log_density(layers, log_sigma, alpha, rows, columns,
                                                     prior))
    return (value, *tape.gradient(value, wanted))


def sparsity(weights: np.ndarray) -> tuple[float, np.ndarray]:
    """Return (|w|_1 / |w|_2, its gradient [K]); 0 if all weights are 0."""
    length = np.linalg.norm(weights)
    if length == 0:
        return 0.0, np.zeros_like(weights)
    total = np.abs(weights).sum()
    return total / length, np.sign(weights) / length - total * weights / length ** 3


def minimize(likelihood: Likelihood, fixations: Fixations, start: Parameters, settings: LbfgsConfig,
             iterations: int, after_step: Optional[Callable] = None) -> tuple[Parameters, float]:
    """Fit `Parameters` to the fixations by at most `iterations`; return (Parameters, objective).

    `after_step` is called with the same two after each iteration.
    """
    counts = likelihood.counts(fixations)

    def objective(vector):
        parameters = Parameters.unpack(vector)
        value, gradient = likelihood.negative(counts, parameters)
        penalty, slope = sparsity(parameters.weights)
        gradient[:-2] += settings.sparsity * slope
        return value + settings.sparsity * penalty, gradient

    def step(vector, value):
        after_step(Parameters.unpack(vector), value)

    bounds = [(None, None)] * len(start.weights) + [LOG_SIGMAS, (None, None)]
    vector, value = lbfgs(objective, start.pack(), bounds, iterations, settings.memory,
                          None if after_step is None else step)
    return Parameters.unpack(vector), value


def read_parameters(model: keras.Model, weights: Optional[Mapping[str, dict]] = None) -> Parameters:
    """Return the `Parameters` of a `deepgaze1` model, or of `weights` that a file has for it."""
    weights = weights or weights_file.layer_variables(model)
    kernels = [np.asarray(weights[layer + READOUT]["kernel"]).ravel().astype(np.float64)
               for layer in chosen_layers(model)]
    return Parameters(np.concatenate(kernels), float(np.asarray(weights["blur"]["log_sigma"])),
                      float(np.asarray(weights["center_bias"]["alpha"])))


def write_parameters(model: keras.Model, parameters: Parameters,
                     deviations: Mapping[str, np.ndarray], prior: np.ndarray) -> None:
    """Set the variables of a `deepgaze1` model; `prior` comes from `canvas_prior`."""
    rest = parameters.weights
    for layer in chosen_layers(model):
        own, rest = np.split(rest, [len(deviations[layer])])
        model.get_layer(layer + READOUT).set_weights([own.reshape(1, 1, -1, 1)])
        model.get_layer(layer + SCALE).set_weights([deviations[layer]])
    model.get_layer("blur").set_weights([np.float32(parameters.log_sigma)])
    bias = model.get_layer("center_bias")
    bias.alpha.assign(parameters.alpha)
    bias.log_density.assign(prior)
