"""Layers that Keras lacks: any image size, the same on Keras 2 and 3."""
import inspect
from typing import Any, Optional

import keras
import tensorflow as tf

from keras_saliency.compat import register
from keras_saliency.files import require

# Channel means of the ImageNet VGG16 in Caffe's order: blue, green, red.
CAFFE_MEANS = (103.939, 116.779, 123.68)

# mode -> (swap RGB to BGR, means to subtract, scale to multiply by)
PREPROCESSING = {
    # The released MSI-Net weights expect the BGR means on channels in RGB order.
    "msi_net": (False, CAFFE_MEANS, 1.0),
    "caffe": (True, CAFFE_MEANS, 1.0),
    "alexnet": (True, (104.00698793, 116.66876762, 122.67891434), 1.0),
    "opensalicon": (True, CAFFE_MEANS, 1 / 255),
    "salnet": (True, (100.0, 110.0, 118.0), 1 / 127.5),
    "unit": (False, (0.0, 0.0, 0.0), 1 / 255),
}


class MapLayer(keras.layers.Layer):
    """A layer whose output has the shape of its input, and which keeps each argument of its
    constructor as an attribute, from which its config is made."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        arguments = list(inspect.signature(type(self).__init__).parameters)[1:-1]
        return {**super().get_config(), **{name: getattr(self, name) for name in arguments}}


@register
class Preprocess(MapLayer):
    """Bring RGB 0..255 float32 [B, H, W, 3] into the colour order and range of an encoder; `mode`
    is a key of `PREPROCESSING`."""

    def __init__(self, mode: str = "caffe", **kwargs: Any):
        super().__init__(**kwargs)
        require(isinstance(mode, str) and mode in PREPROCESSING,
                f"preprocessing {mode!r} is unknown; choose from {sorted(PREPROCESSING)}")
        self.mode = mode

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        swap, means, scale = PREPROCESSING[self.mode]
        channels = inputs[..., ::-1] if swap else inputs
        return (channels - tf.constant(means, channels.dtype)) * scale


class _Resized(MapLayer):
    """A layer that turns a side of n cells into `side(n)` cells; subclasses have `side`."""

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, *sides, channels = input_shape
        return (batch, *(None if n is None else self.side(n) for n in sides), channels)


class _Upsample(_Resized):
    """Enlarge [B, h, w, C] to [B, h*factor, w*factor, C] with `resize` of the subclass."""

    def __init__(self, factor: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        resized = self.resize(inputs, tf.shape(inputs)[1:3] * self.factor)
        resized.set_shape(self.compute_output_shape(inputs.shape))
        return resized

    def side(self, n: int) -> int:
        return n * self.factor


@register
class NearestUpsample(_Upsample):
    """Repeat each cell; TensorFlow Lite cannot convert `keras.layers.UpSampling2D` of Keras 3."""

    def resize(self, images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeNearestNeighbor(
            images=images, size=size, align_corners=False, half_pixel_centers=True)


@register
class BilinearUpsample(_Upsample):
    """Enlarge bilinearly, as TensorFlow 1 did: without aligned corners or half-pixel centers,
    unlike `keras.layers.UpSampling2D`."""

    def resize(self, images: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(
            images=images, size=size, align_corners=False, half_pixel_centers=False)


class _GridLayer(MapLayer):
    """Bring maps [B, h, w, C] to the grid of a second input [B, H, W, *]; subclasses `spread`."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        maps, grid = inputs
        spread = self.spread(maps, tf.shape(grid))
        spread.set_shape([None, grid.shape[1], grid.shape[2], maps.shape[-1]])
        return spread

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        maps, grid = input_shape
        return (maps[0], grid[1], grid[2], maps[-1])


@register
class BroadcastTo(_GridLayer):
    """Spread image-level features [B, 1, 1, C] over the grid of a second input [B, h, w, *]: the
    bilinear resizing of one pixel, without its arithmetic."""

    def spread(self, maps: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
        return tf.broadcast_to(maps, [shape[0], shape[1], shape[2], maps.shape[-1]])


@register
class ResizeLike(_GridLayer):
    """Resize maps [B, h, w, C] bilinearly to the grid of a second input [B, H, W, *];
    `align_corners` aligns centers of corner cells, else outer corners, as in `tf.image.resize`."""

    def __init__(self, align_corners: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.align_corners = align_corners

    def spread(self, maps: tf.Tensor, shape: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(
            images=maps, size=shape[1:3], align_corners=self.align_corners,
            half_pixel_centers=not self.align_corners)


@register
class MinMax(MapLayer):
    """Stretch each map of [B, H, W, 1] to 0..1: (x - min) / (epsilon + max(x - min))."""

    def __init__(self, epsilon: float = 1e-7, **kwargs: Any):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shifted = inputs - tf.reduce_min(inputs, axis=(1, 2, 3), keepdims=True)
        return shifted / (self.epsilon + tf.reduce_max(shifted, axis=(1, 2, 3), keepdims=True))


@register
class MapDropout(MapLayer):
    """Silence whole maps of [B, H, W, C] in training, each with probability `rate`; the remaining
    maps grow by 1 / (1 - rate).

    The bits of the inputs' sum seed the draw, so there is no generator state for a checkpoint to
    keep: a resumed run draws the same maps as an uninterrupted one. `seed` makes layers that see
    the same inputs differ.
    """

    def __init__(self, rate: float = 0.5, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        require(0 <= rate < 1, f"dropout rate must be at least 0 and below 1, not {rate!r}")
        self.rate, self.seed = float(rate), int(seed)

    def call(self, inputs: tf.Tensor, training: Optional[bool] = None) -> tf.Tensor:
        if not training or not self.rate:
            return inputs
        total = tf.reduce_sum(tf.cast(inputs, tf.float32))
        key = tf.stack([tf.bitcast(total, tf.int32), self.seed])
        shape = tf.shape(inputs)
        chance = tf.random.stateless_uniform([shape[0], 1, 1, shape[3]], key)
        return inputs * tf.cast(chance >= self.rate, inputs.dtype) / (1 - self.rate)


@register
class CeilMaxPooling(_Resized):
    """Max pooling as in Caffe and Theano (ignore_border=False), which round the size up to
    ceil((n - size) / stride) + 1 cells along an axis of n.

    The last window may reach beyond the border; it then counts only cells of the map. Keras' "same"
    gives the same number but may begin one cell outside the map.
    """

    def __init__(self, size: int = 2, stride: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.size, self.stride = size, stride

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        shape = tf.shape(inputs)[1:3]
        # not -(-n // stride): ONNX divides towards zero
        windows = (shape - self.size + self.stride - 1) // self.stride + 1
        beyond = tf.maximum((windows - 1) * self.stride + self.size - shape, 0)
        padded = tf.pad(inputs, [[0, 0], [0, beyond[0]], [0, beyond[1]], [0, 0]],
                        constant_values=inputs.dtype.min)
        # To the same shape: TensorFlow Lite's converter loses the number of channels in the pad.
        padded = tf.reshape(padded, [tf.shape(inputs)[0], *tf.unstack(shape + beyond),
                                     inputs.shape[-1]])
        pooled = tf.nn.max_pool2d(padded, self.size, self.stride, "VALID")
        pooled.set_shape(self.compute_output_shape(inputs.shape))
        return pooled

    def side(self, n: int) -> int:
        return -(-(n - self.size) // self.stride) + 1


@register
class LocalResponseNormalization(MapLayer):
    """Normalise across channels as Caffe does, x / (k + alpha / n * sum of n squares) ** beta, with
    an odd n, `size`."""

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0,
                 **kwargs: Any):
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.nn.local_response_normalization(
            inputs, depth_radius=self.size // 2, bias=self.k, alpha=self.alpha / self.size,
            beta=self.beta)


@register
class GroupedConv2D(MapLayer):
    """"same" convolution with bias in `groups` of channels that do not see each other; `filters`
    over all groups, `kernel_size` odd. TensorFlow's CPU kernel has no grouped convolution."""

    def __init__(self, filters: int, kernel_size: int, groups: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.groups = filters, kernel_size, groups

    def build(self, input_shape: tuple) -> None:
        shape = (self.kernel_size, self.kernel_size, input_shape[-1] // self.groups, self.filters)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer="glorot_uniform")
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        parts = zip(tf.split(inputs, self.groups, axis=-1),
                    tf.split(tf.convert_to_tensor(self.kernel), self.groups, axis=-1))
        outputs = [tf.nn.conv2d(maps, kernel, 1, "SAME") for maps, kernel in parts]
        return tf.concat(outputs, axis=-1) + self.bias

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:3], self.filters)
