"""Training losses by name with their authors' constants: tensors [B, H, W, 1] -> scalar.

A metric follows the benchmark's code, a loss the code that trained the published model. Each is the
mean over the batch of a sum, a mean or a score over the pixels of one map. All gradients are finite
for constant and all-zero maps.
"""
from typing import Callable, Mapping, NamedTuple

import tensorflow as tf

from keras_saliency.compat import register
from keras_saliency.files import require
from keras_saliency.maps import DENSITY, FIXATIONS

EPSILON = 1e-7
PIXELS = (1, 2, 3)


def _pixel_sum(values):
    return tf.reduce_sum(values, axis=PIXELS)


def _unit_sum(maps):
    return maps / (EPSILON + tf.reduce_sum(maps, axis=PIXELS, keepdims=True))


def _centered(maps):
    return maps - tf.reduce_mean(maps, axis=PIXELS, keepdims=True)


def kld(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Kullback-Leibler divergence in nats, MSI-Net's constants (Kroner et al. 2020, eq. 1).

    Both maps are divided by their sum; sum q log(eps + q / (eps + p)). Negative predictions (a
    linear output has them) count as 0.
    """
    target, prediction = _unit_sum(y_true), _unit_sum(tf.nn.relu(y_pred))
    ratio = EPSILON + target / (EPSILON + prediction)
    return tf.reduce_mean(_pixel_sum(target * tf.math.log(ratio)))


def ead(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Exponential absolute distance: sum (exp|p - g| - 1) (He et al. 2018, eq. 5); maps 0..1."""
    return tf.reduce_mean(_pixel_sum(tf.math.expm1(tf.abs(y_pred - y_true))))


def l1(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Sum of absolute differences over the pixels."""
    return tf.reduce_mean(_pixel_sum(tf.abs(y_pred - y_true)))


def l2(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Sum of squared differences over the pixels."""
    return tf.reduce_mean(_pixel_sum(tf.square(y_pred - y_true)))


def l2_centered(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """`l2` of the density mapped from 0..1 to -1..1, (255 density - 127) / 128, which inverts
    SalNet's x128 + 127 (Pan et al. 2016, section 4.2); Caffe's Euclidean loss is half of it."""
    return l2((255.0 * y_true - 127.0) / 128.0, y_pred)


def mse(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Mean of squared differences over the pixels (Pan et al. 2016, the shallow network's code)."""
    return tf.reduce_mean(tf.square(y_pred - y_true))


def bce(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Sum over the pixels of the binary cross-entropy (Pan et al. 2017); both maps 0..1, with
    predictions kept 1e-7 away from 0 and 1, as Keras does."""
    return tf.reduce_mean(_pixel_sum(_entropy(y_true, y_pred)))


def bce_pooled(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Mean binary cross-entropy of maps 0..1, averaged over cells of 4x4 pixels (SalGAN's code)."""
    return tf.reduce_mean(_entropy(*(tf.nn.avg_pool2d(m, 4, 4, "SAME") for m in (y_true, y_pred))))


def _entropy(target, prediction):
    p = tf.clip_by_value(prediction, EPSILON, 1 - EPSILON)
    return -(target * tf.math.log(p) + (1 - target) * tf.math.log1p(-p))


def neg_nss(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Negative normalised scanpath saliency (He et al. 2019): minus the mean of the standardised
    prediction over all fixations of the fixation_map y_true; 0 for a constant prediction or no
    fixations."""
    # The constant under the root is far above the square of float32's rounding (a flat map must
    # not be amplified to noise) and far below the variance of a map that spans 0..1.
    centered = _centered(y_pred)
    variance = tf.reduce_mean(tf.square(centered), axis=PIXELS)
    at_fixations = tf.math.divide_no_nan(_pixel_sum(centered * y_true), _pixel_sum(y_true))
    return -tf.reduce_mean(at_fixations * tf.math.rsqrt(variance + EPSILON))


def neg_cc(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Negative Pearson correlation; a constant map on either side scores 0."""
    a, b = _centered(y_true), _centered(y_pred)
    norm_a, norm_b = (tf.sqrt(_pixel_sum(tf.square(m)) + EPSILON) for m in (a, b))
    return -tf.reduce_mean(_pixel_sum(a * b) / (norm_a * norm_b))


def bhattacharyya(y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
    """Bhattacharyya distance -ln sum sqrt(p q) (Jetley et al. 2016) of non-negative maps, each
    divided by its sum."""
    product = _unit_sum(tf.nn.relu(y_true)) * _unit_sum(tf.nn.relu(y_pred))
    # eps^2 under the root: its slope at 0 is finite, its bias on the sum below 1e-7 per pixel.
    coefficient = _pixel_sum(tf.sqrt(product + EPSILON ** 4) - EPSILON ** 2)
    return tf.reduce_mean(-tf.math.log(coefficient + EPSILON))


class LossSpec(NamedTuple):
    """A loss and its target map."""

    function: Callable  # (y_true, y_pred), tensors [B, H, W, 1] -> scalar
    target: str = DENSITY  # scaled to a peak of 1, or `maps.FIXATIONS`, counts


LOSSES = {
    "kld": LossSpec(kld),
    "ead": LossSpec(ead),
    "l1": LossSpec(l1),
    "l2": LossSpec(l2),
    "l2_centered": LossSpec(l2_centered),
    "mse": LossSpec(mse),
    "bce": LossSpec(bce),
    "bce_pooled": LossSpec(bce_pooled),
    "neg_nss": LossSpec(neg_nss, FIXATIONS),
    "neg_cc": LossSpec(neg_cc),
    "bhattacharyya": LossSpec(bhattacharyya),
}

for _spec in LOSSES.values():  # so that Keras finds the loss of a compiled model that it reads
    register(_spec.function)


def required_targets(weights: Mapping[str, float]) -> list:
    """Return the target maps of the losses named in `weights`, density first."""
    unknown = [name for name in weights if name not in LOSSES]
    require(weights and not unknown, f"unknown loss {', '.join(unknown) or 'nothing'}; the losses "
            f"are {', '.join(LOSSES)}")
    needed = {LOSSES[name].target for name in weights}
    return [target for target in (DENSITY, FIXATIONS) if target in needed]


def weighted(weights: Mapping[str, float]) -> Callable:
    """Return one loss from {name: factor}: the sum of the named losses times their factors.

    It takes y_true [B, H, W, C], with the maps of `required_targets(weights)` as channels in that
    order, and y_pred [B, H, W, 1].

    Raises `InputError` for an unknown name, or no loss at all.
    """
    weights, targets = dict(weights), required_targets(weights)

    def loss(y_true, y_pred):
        maps = {target: y_true[..., n:n + 1] for n, target in enumerate(targets)}
        return sum(factor * LOSSES[name].function(maps[LOSSES[name].target], y_pred)
                   for name, factor in weights.items())

    loss.__name__ = "_".join(weights)
    return loss
