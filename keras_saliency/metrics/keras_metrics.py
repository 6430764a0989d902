"""The cheap metrics as Keras metrics, for `compile` and `evaluate`: CC, KLD, SIM, NSS.

They equal `cc`, `kld`, `sim` and `nss` of this package (MIT benchmark definitions) on maps of the
network's own size; the reported scores are those of `evaluation`, at the stimulus' size. An image
without fixations (y_true sums to 0) is skipped.

Everything is computed in float64: sums over a whole map and KLD's eps (2.2204e-16) need it.
"""
from typing import Iterable, Optional

import keras
import tensorflow as tf

from keras_saliency.compat import register
from keras_saliency.metrics.checks import EPS

_divide = tf.math.divide_no_nan


class ImageMeanMetric(keras.metrics.Metric):
    """Mean over images of the class' `per_image`: (reference, saliency) [B, H * W] -> [B].

    NaN is skipped. Update takes y_true [B, H, W, C], y_pred [B, H, W, 1] (any float or integer
    type), and weights per image: a scalar, [B] or [B, 1]. The result is a float scalar, NaN before
    any score.

    Args:
        channel: of y_true to compare with, for targets that hold a fixation_density_map and a
            fixation_map side by side.
    """

    def __init__(self, name=None, dtype=None, channel=0):
        super().__init__(name=name or type(self).__name__.lower(), dtype=dtype)
        self.channel = int(channel)
        self.total = self.add_weight(name="total", shape=(), initializer="zeros")
        self.images = self.add_weight(name="images", shape=(), initializer="zeros")

    def update_state(self, y_true: tf.Tensor, y_pred: tf.Tensor,
                     sample_weight: Optional[tf.Tensor] = None) -> None:
        """Add a batch."""
        scores = self.per_image(_flat(y_true, self.channel), _flat(y_pred, 0))
        weights = tf.ones_like(scores)
        if sample_weight is not None:
            weights *= tf.reshape(tf.cast(sample_weight, scores.dtype), [-1])
        weights = tf.where(tf.math.is_nan(scores), tf.zeros_like(scores), weights)
        weighted = tf.math.multiply_no_nan(scores, weights)
        self.total.assign_add(tf.cast(tf.reduce_sum(weighted), self.total.dtype))
        self.images.assign_add(tf.cast(tf.reduce_sum(weights), self.images.dtype))

    def result(self) -> tf.Tensor:
        """The mean over the images that have a score; NaN if none has."""
        return tf.convert_to_tensor(self.total) / tf.convert_to_tensor(self.images)

    def merge_state(self, metrics: Iterable["ImageMeanMetric"]) -> None:
        """Add the scores of other metrics of the same class."""
        for metric in metrics:
            self.total.assign_add(metric.total)
            self.images.assign_add(metric.images)

    def get_config(self) -> dict:
        return {**super().get_config(), "channel": self.channel}


@register
class CC(ImageMeanMetric):
    """Mean over images of Pearson's correlation with a fixation_density_map, -1..1.

    0 if a map is constant.
    """

    @staticmethod
    def per_image(density: tf.Tensor, saliency: tf.Tensor) -> tf.Tensor:
        a, b = (m - tf.reduce_mean(m, axis=1, keepdims=True) for m in (saliency, density))
        norm = tf.sqrt(tf.reduce_sum(a * a, axis=1) * tf.reduce_sum(b * b, axis=1))
        correlation = tf.clip_by_value(_divide(tf.reduce_sum(a * b, axis=1), norm), -1.0, 1.0)
        constant = tf.logical_or(_constant(saliency), _constant(density))[:, 0]
        return _skip_empty(
            tf.where(constant, tf.zeros_like(correlation), correlation), density)


@register
class KLD(ImageMeanMetric):
    """Mean over images of the Kullback-Leibler divergence (nats) to a fixation_density_map.

    Per image sum q log(eps + q / (p + eps)). Each map is divided by its sum, without shifting. A
    constant map counts as uniform. The score of a map with values of both signs is NaN, as in
    `kld`.
    """

    @staticmethod
    def per_image(density: tf.Tensor, saliency: tf.Tensor) -> tf.Tensor:
        p = _unit_sum(tf.where(_constant(saliency), tf.ones_like(saliency), saliency))
        q = _unit_sum(density)
        divergence = tf.reduce_sum(q * tf.math.log(EPS + _divide(q, p + EPS)), axis=1)
        # a sum of 0 made every p 0
        proper = tf.logical_and(tf.reduce_min(p, axis=1) > -EPS, tf.reduce_max(p, axis=1) > 0)
        return _skip_empty(tf.where(proper, divergence, _nan_like(divergence)), density)


@register
class SIM(ImageMeanMetric):
    """Mean over images of the similarity to a fixation_density_map, 0..1.

    The minima of the maps, each min-max normalised, of sum 1. A constant map counts as uniform.
    """

    @staticmethod
    def per_image(density: tf.Tensor, saliency: tf.Tensor) -> tf.Tensor:
        a, b = (_unit_sum(_shifted(m)) for m in (saliency, density))
        return _skip_empty(tf.reduce_sum(tf.minimum(a, b), axis=1), density)


@register
class NSS(ImageMeanMetric):
    """Mean over images of the normalised scanpath saliency at a fixation_map (counts).

    Mean of the standardised map (std with N - 1) at pixels with a fixation; 0 if it is constant.
    """

    @staticmethod
    def per_image(counts: tf.Tensor, saliency: tf.Tensor) -> tf.Tensor:
        fixated = tf.cast(counts > 0, tf.float64)
        centred = saliency - tf.reduce_mean(saliency, axis=1, keepdims=True)
        pixels = tf.cast(tf.shape(saliency)[1], tf.float64)
        deviation = tf.sqrt(tf.reduce_sum(centred * centred, axis=1) / (pixels - 1))
        mean = _divide(tf.reduce_sum(centred * fixated, axis=1), tf.reduce_sum(fixated, axis=1))
        score = tf.where(_constant(saliency)[:, 0], tf.zeros_like(mean), _divide(mean, deviation))
        return _skip_empty(score, fixated)


def _flat(maps, channel):
    """float64 [B, H * W]: one channel of [B, H, W, C]."""
    values = tf.cast(tf.convert_to_tensor(maps)[..., channel], tf.float64)
    shape = tf.shape(values)
    return tf.reshape(values, [shape[0], shape[1] * shape[2]])


def _constant(flat):
    """bool [B, 1]: no differences between the pixels."""
    return tf.equal(tf.reduce_max(flat, axis=1, keepdims=True),
                    tf.reduce_min(flat, axis=1, keepdims=True))


def _shifted(flat):
    """Maps minus their minimum; constant ones become ones."""
    return tf.where(_constant(flat), tf.ones_like(flat),
                    flat - tf.reduce_min(flat, axis=1, keepdims=True))


def _unit_sum(flat):
    return _divide(flat, tf.reduce_sum(flat, axis=1, keepdims=True))


def _nan_like(values):
    return tf.fill(tf.shape(values), tf.constant(float("nan"), values.dtype))


def _skip_empty(scores, reference):
    """NaN where the reference [B, N] sums to 0."""
    empty = tf.equal(tf.reduce_sum(reference, axis=1), 0)
    return tf.where(empty, _nan_like(scores), scores)
