"""Layers of models that predict a density: feature scale, learned blur, monotone nonlinearity,
center_bias, softmax, a share of uniform."""
import keras
import numpy as np
import tensorflow as tf

from keras_saliency.compat import register

PRIOR_CELLS = 64
# Of `MonotoneLog`: parts of its range, and what is added to a map, whose zeros have no logarithm.
SEGMENTS, FLOOR = 10, 1e-3
START_SHARE = 0.01  # of `MixUniform`


@register
class FeatureScale(keras.layers.Layer):
    """Each map of [B, H, W, C] divided by its standard deviation over a dataset.

    `std` [C] is a weight that is measured, not trained; 1 until then.
    """

    def build(self, input_shape):
        self.std = self.add_weight(name="std", shape=(input_shape[-1],), initializer="ones",
                                   trainable=False)
        super().build(input_shape)

    def call(self, inputs):
        return inputs / self.std

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class GaussianBlur(keras.layers.Layer):
    """Maps [B, H, W, 1] under a Gaussian whose width is learned, exp(`log_sigma`) in cells.

    Untruncated; where it reaches beyond the border, the weights inside grow to sum to 1, so that a
    constant map stays as it is.
    """

    def build(self, input_shape):
        self.log_sigma = self.add_weight(name="log_sigma", shape=(), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        shape = tf.shape(inputs)
        blurred = gaussian_blur(inputs[..., 0], tf.exp(tf.convert_to_tensor(self.log_sigma)),
                                shape[1], shape[2])
        return tf.expand_dims(blurred, -1)  # tf.newaxis TensorFlow Lite does not have

    def compute_output_shape(self, input_shape):
        return input_shape


def gaussian_blur(maps, sigma, height, width):
    """Maps [B, h, w] under the Gaussian of `GaussianBlur`, sigma in cells."""
    def kernel(length):
        places = tf.range(tf.cast(length, maps.dtype))
        distance = places[:, tf.newaxis] - places[tf.newaxis]
        return tf.nn.softmax(-0.5 * tf.square(distance / sigma), axis=1)

    return tf.einsum("yh,bhw,xw->byx", kernel(height), maps, kernel(width))


@register
class MonotoneLog(keras.layers.Layer):
    """Logarithms of maps [B, H, W, 1] of 0..1 under a monotone function that is learned.

    The logarithm of map + `FLOOR` is cut into `SEGMENTS` equal parts; in each the function rises by
    its own one of `slopes` [SEGMENTS], not below 0. With all slopes 1, as at the start, the softmax
    of the result is the map divided by its sum.
    """

    def build(self, input_shape):
        self.slopes = self.add_weight(name="slopes", shape=(SEGMENTS,), initializer="ones",
                                      constraint="non_neg")
        super().build(input_shape)

    def call(self, inputs):
        return monotone_log(inputs, tf.convert_to_tensor(self.slopes))

    def compute_output_shape(self, input_shape):
        return input_shape


def monotone_log(maps, slopes):
    """Maps of 0..1 of any shape under the function of `MonotoneLog`; `slopes` [SEGMENTS]."""
    knots = np.linspace(np.log(FLOOR), np.log1p(FLOOR), SEGMENTS + 1).tolist()
    logs = tf.math.log(tf.nn.relu(maps) + FLOOR)
    parts = [slopes[segment] * (tf.clip_by_value(logs, low, high) - low)
             for segment, (low, high) in enumerate(zip(knots, knots[1:]))]
    return knots[0] + tf.add_n(parts)


@register
class AddCenterBias(keras.layers.Layer):
    """Maps [B, H, W, 1] plus `alpha`, which is learned, times a log-density of relative places.

    `log_density` [64, 64] is a weight that is measured, not trained: of the training fixations,
    rows and columns spread over the canvas; 0 (uniform) until then.
    """

    def build(self, input_shape):
        self.alpha = self.add_weight(name="alpha", shape=(), initializer="ones")
        self.log_density = self.add_weight(
            name="log_density", shape=(PRIOR_CELLS, PRIOR_CELLS), initializer="zeros",
            trainable=False)
        super().build(input_shape)

    def call(self, inputs):
        shape = tf.shape(inputs)
        rows, columns = between_cells(shape[1]), between_cells(shape[2])
        resized = tf.matmul(rows @ tf.convert_to_tensor(self.log_density), columns,
                            transpose_b=True)
        return inputs + self.alpha * tf.expand_dims(resized, -1)

    def set_uniform(self) -> None:
        """Make the log-density that is added 0, of no place more than of another."""
        self.log_density.assign(tf.zeros_like(tf.convert_to_tensor(self.log_density)))

    def compute_output_shape(self, input_shape):
        return input_shape


def between_cells(length):
    """[length, PRIOR_CELLS]: what each place takes of the cells, bilinear, outer corners aligned.

    As a matrix, since OpenVINO cannot resize what is constant.
    """
    cells = tf.range(PRIOR_CELLS, dtype=tf.float32)
    places = (tf.range(tf.cast(length, tf.float32)) + 0.5) * (
        PRIOR_CELLS / tf.cast(length, tf.float32)) - 0.5
    places = tf.clip_by_value(places, 0.0, PRIOR_CELLS - 1.0)
    return tf.nn.relu(1.0 - tf.abs(places[:, tf.newaxis] - cells[tf.newaxis]))


@register
class LogSoftmax(keras.layers.Layer):
    """Each map of [B, H, W, 1] as a log-density over its cells, in nats, logsumexp 0."""

    def call(self, inputs):
        return inputs - tf.reduce_logsumexp(inputs, axis=(1, 2, 3), keepdims=True)

    def compute_output_shape(self, input_shape):
        return input_shape


@register
class MixUniform(keras.layers.Layer):
    """Log-densities [B, H, W, 1] mixed with a share of uniform density, which is learned.

    The weight `logit` is the logarithm of share / (1 - share); no density is below share / (H W).
    """

    def build(self, input_shape):
        start = keras.initializers.Constant(np.log(START_SHARE / (1 - START_SHARE)))
        self.logit = self.add_weight(name="logit", shape=(), initializer=start)
        super().build(input_shape)

    def call(self, inputs):
        return mix_uniform(inputs, tf.convert_to_tensor(self.logit))

    def compute_output_shape(self, input_shape):
        return input_shape


def mix_uniform(log_densities, logit):
    """Log-densities [B, H, W, ...] under `MixUniform`."""
    shape = tf.shape(log_densities)
    uniform = tf.math.log_sigmoid(logit) - tf.math.log(tf.cast(shape[1] * shape[2], logit.dtype))
    own = log_densities + tf.math.log_sigmoid(-logit)
    return own + tf.math.softplus(uniform - own)
