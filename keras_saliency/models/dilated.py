"""Dilated convolution in place, without splitting the maps into `rate` x `rate` smaller ones.

Keras passes dilated convolutions to `tf.nn.convolution`, which rearranges its maps before and after
(SpaceToBatch). At MSI-Net's sizes that costs more than the arithmetic. `tf.nn.conv2d` needs no
rearranging, but not every CPU has its gradient, so training, and any call outside a graph, uses
gradients made of plain operations. Inference in a graph calls the kernel alone, so that bias and
activation can be fused into it; give training=True to differentiate a graph.
"""
from typing import Any, Optional

import keras
import tensorflow as tf

from keras_saliency.compat import register


def conv2d(filters: int, size: int, dilation: int = 1, **options: Any) -> keras.layers.Conv2D:
    """Return a "same" convolution layer with a kernel [size, size]; `options` as Keras' layer."""
    kind = keras.layers.Conv2D if dilation == 1 else DilatedConv2D
    return kind(filters, size, padding="same", dilation_rate=dilation, **options)


def scaled(filters: int, width_multiplier: float) -> int:
    """Return a number of filters times a builder's `width_multiplier`, at least 1."""
    return max(1, round(filters * width_multiplier))


@register
class DilatedConv2D(keras.layers.Conv2D):
    """A faster `keras.layers.Conv2D` for `dilation_rate` > 1, odd kernels, stride 1 and padding
    "same", with the same weights and results."""

    def call(self, inputs: tf.Tensor, training: Optional[bool] = None) -> tf.Tensor:
        rate, kernel = self.dilation_rate[0], tf.convert_to_tensor(self.kernel)
        if training or tf.executing_eagerly():
            maps = _differentiable(rate)(inputs, kernel)
        else:
            maps = tf.nn.conv2d(inputs, kernel, 1, "SAME", dilations=rate)
        if self.use_bias:
            maps = tf.nn.bias_add(maps, tf.convert_to_tensor(self.bias))
        return maps if self.activation is None else self.activation(maps)


def _differentiable(rate: int):
    """Return a function (maps [B, H, W, C], kernel [k, k, C, F]) -> [B, H, W, F]."""
    @tf.custom_gradient
    def convolve(maps, kernel):
        def gradient(slope):
            flipped = tf.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
            return (tf.nn.conv2d(slope, flipped, 1, "SAME", dilations=rate),
                    _kernel_gradient(maps, slope, kernel.shape[0], rate))

        return tf.nn.conv2d(maps, kernel, 1, "SAME", dilations=rate), gradient

    return convolve


def _kernel_gradient(maps, slope, size: int, rate: int):
    """Return [size, size, C, F]: for each kernel cell, its inputs times the output's slopes."""
    margin = size // 2 * rate
    padded = tf.pad(maps, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
    height, width = tf.unstack(tf.shape(maps)[1:3])
    slopes = tf.reshape(slope, [-1, slope.shape[-1]])

    def seen_from(row, column):
        part = padded[:, row * rate:row * rate + height, column * rate:column * rate + width]
        return tf.matmul(tf.reshape(part, [-1, maps.shape[-1]]), slopes, transpose_a=True)

    return tf.stack([tf.stack([seen_from(row, column) for column in range(size)])
                     for row in range(size)])
