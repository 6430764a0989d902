"""Layers of models that predict a density."""
import keras
import numpy as np
import tensorflow as tf

from keras_saliency.compat import register
from keras_saliency.models.layers import MapLayer

PRIOR_CELLS = 64
# Of `MonotoneLog`: the number of segments, and the constant added before the logarithm of a zero.
SEGMENTS, FLOOR = 10, 1e-3
START_SHARE = 0.01  # of `MixUniform`


@register
class FeatureScale(MapLayer):
    """Divide each map of [B, H, W, C] by its standard deviation over a dataset, the weight `std`
    [C], which is measured, not trained; 1 until then."""

    def build(self, input_shape: tuple) -> None:
        self.std = self.add_weight(name="std", shape=(input_shape[-1],), initializer="ones",
                                   trainable=False)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs / self.std


@register
class GaussianBlur(MapLayer):
    """Blur maps [B, H, W, 1] with an untruncated Gaussian of learned width, exp(`log_sigma`) cells;
    weights inside the map are renormalised to sum to 1, so that a constant map does not change."""

    def build(self, input_shape: tuple) -> None:
        self.log_sigma = self.add_weight(name="log_sigma", shape=(), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        blurred = gaussian_blur(inputs[..., 0], tf.exp(tf.convert_to_tensor(self.log_sigma)))
        return tf.expand_dims(blurred, -1)  # TensorFlow Lite has no tf.newaxis


def gaussian_blur(maps: tf.Tensor, sigma: tf.Tensor) -> tf.Tensor:
    """Blur maps [B, h, w] as `GaussianBlur` does, with sigma in cells."""
    def kernel(length):
        places = tf.range(tf.cast(length, maps.dtype))
        distance = places[:, tf.newaxis] - places[tf.newaxis]
        return tf.nn.softmax(-0.5 * tf.square(distance / sigma), axis=1)

    shape = tf.shape(maps)
    return tf.einsum("yh,bhw,xw->byx", kernel(shape[1]), maps, kernel(shape[2]))


@register
class MonotoneLog(MapLayer):
    """Take logarithms of maps [B, H, W, 1] of 0..1 through a learned monotone function.

    In each of `SEGMENTS` equal parts of the range of log(map + `FLOOR`) it rises with its own slope
    from `slopes`, at least 0. With all slopes 1, as at the start, the softmax of the result is the
    map divided by its sum.
    """

    def build(self, input_shape: tuple) -> None:
        self.slopes = self.add_weight(name="slopes", shape=(SEGMENTS,), initializer="ones",
                                      constraint="non_neg")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return monotone_log(inputs, tf.convert_to_tensor(self.slopes))


def monotone_log(maps: tf.Tensor, slopes: tf.Tensor) -> tf.Tensor:
    """Apply the function of `MonotoneLog` to maps of 0..1 of any shape; `slopes` [SEGMENTS]."""
    knots = np.linspace(np.log(FLOOR), np.log1p(FLOOR), SEGMENTS + 1).tolist()
    logs = tf.math.log(tf.nn.relu(maps) + FLOOR)
    parts = [slopes[segment] * (tf.clip_by_value(logs, low, high) - low)
             for segment, (low, high) in enumerate(zip(knots, knots[1:]))]
    return knots[0] + tf.add_n(parts)


@register
class AddCenterBias(MapLayer):
    """Add `alpha` (learned) times a center_bias to maps [B, H, W, 1]: the weight `log_density`
    [64, 64], spread over the canvas, measured on the training fixations; 0 (uniform) until then."""

    def build(self, input_shape: tuple) -> None:
        cells = (PRIOR_CELLS, PRIOR_CELLS)
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="ones")
        self.log_density = self.add_weight(name="log_density", shape=cells, initializer="zeros",
                                           trainable=False)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(inputs)
        rows, columns = between_cells(shape[1]), between_cells(shape[2])
        resized = tf.matmul(rows @ tf.convert_to_tensor(self.log_density), columns,
                            transpose_b=True)
        return inputs + self.alpha * tf.expand_dims(resized, -1)

    def set_uniform(self) -> None:
        """Make the center_bias uniform: log_density 0 everywhere."""
        self.log_density.assign(tf.zeros_like(tf.convert_to_tensor(self.log_density)))


def between_cells(length: tf.Tensor) -> tf.Tensor:
    """Return bilinear weights [length, PRIOR_CELLS] of the cells at each place, outer corners
    aligned: a matrix product, because OpenVINO cannot resize a constant."""
    cells, length = tf.range(PRIOR_CELLS, dtype=tf.float32), tf.cast(length, tf.float32)
    places = (tf.range(length) + 0.5) * (PRIOR_CELLS / length) - 0.5
    places = tf.clip_by_value(places, 0.0, PRIOR_CELLS - 1.0)
    return tf.nn.relu(1.0 - tf.abs(places[:, tf.newaxis] - cells[tf.newaxis]))


@register
class LogSoftmax(MapLayer):
    """Turn each map of [B, H, W, 1] into a log_density over its cells: nats, logsumexp 0."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs - tf.reduce_logsumexp(inputs, axis=(1, 2, 3), keepdims=True)


@register
class MixUniform(MapLayer):
    """Mix log-densities [B, H, W, 1] with a learned share of the uniform density: none falls below
    share / (H W). The weight `logit` is log(share / (1 - share))."""

    def build(self, input_shape: tuple) -> None:
        start = keras.initializers.Constant(np.log(START_SHARE / (1 - START_SHARE)))
        self.logit = self.add_weight(name="logit", shape=(), initializer=start)
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return mix_uniform(inputs, tf.convert_to_tensor(self.logit))


def mix_uniform(log_densities: tf.Tensor, logit: tf.Tensor) -> tf.Tensor:
    """Mix log-densities [B, H, W, ...] as `MixUniform` does."""
    shape = tf.shape(log_densities)
    uniform = tf.math.log_sigmoid(logit) - tf.math.log(tf.cast(shape[1] * shape[2], logit.dtype))
    own = log_densities + tf.math.log_sigmoid(-logit)
    return own + tf.math.softplus(uniform - own)
