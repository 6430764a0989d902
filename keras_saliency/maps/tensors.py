"""Map mathematics in TensorFlow: canvas geometry, resizing, densities, min-max.

A *canvas* is the fixed (height, width) a network works at. The *fit* of a picture is "pad", which
keeps the aspect ratio and pads symmetrically, or "stretch", which fills the canvas whatever the
picture's shape. Everything here runs in graphs with unknown sizes: in tf.data pipelines,
prediction and exported models.

Source: the preprocessing of Kroner et al. (2020): area interpolation when shrinking, bicubic
when growing, both with aligned corners; padding 126 for stimuli and 0 for maps.
"""
from typing import Optional, Sequence

import tensorflow as tf

from keras_saliency.maps.finish import Finish
from keras_saliency.maps.geometry import PAD, STIMULUS_PADDING, STRETCH

DENSITY, FIXATIONS = "fixation_density_map", "fixation_map"  # that training compares with
MAP_PADDING = 0.0
TensorLike = tf.types.experimental.TensorLike


def fitted_size(size: TensorLike, canvas: TensorLike, fit: str = PAD) -> tf.Tensor:
    """Return the size int32 [2] of the part of `canvas` that a picture of `size` (H, W) covers.

    With "pad" this is the largest (h, w) of its aspect ratio, at least one pixel each way, however
    long and narrow the picture is; with "stretch" it is the whole canvas.
    """
    if fit == STRETCH:
        return tf.cast(canvas, tf.int32)
    size = tf.cast(size, tf.float64)
    ratio = tf.reduce_min(tf.cast(canvas, tf.float64) / size)
    fitted = tf.cast(tf.round(size * ratio), tf.int32)
    return tf.clip_by_value(fitted, 1, tf.cast(canvas, tf.int32))


def resize(image: TensorLike, size: TensorLike) -> tf.Tensor:
    """Resize `image` [H, W, C] to float32 [h, w, C]: area when shrinking, bicubic when growing.

    If one side shrinks and the other grows, it shrinks first. Corners are aligned. Bicubic
    interpolation may overshoot the range of the input.
    """
    image = tf.cast(image, tf.float32)[tf.newaxis]
    size = tf.cast(size, tf.int32)
    current = tf.shape(image)[1:3]
    shrunk = tf.minimum(current, size)
    smaller = tf.cond(
        tf.reduce_any(current > shrunk),
        lambda: tf.raw_ops.ResizeArea(images=image, size=shrunk, align_corners=True),
        lambda: image)
    return tf.cond(
        tf.reduce_any(shrunk < size),
        lambda: tf.raw_ops.ResizeBicubic(images=smaller, size=size, align_corners=True),
        lambda: smaller)[0]


def canvas_offset(size: TensorLike, canvas: TensorLike, fit: str = PAD) -> tf.Tensor:
    """Return (top, left), int32 [2], of a picture of `size` (H, W) on `canvas`."""
    return (tf.cast(canvas, tf.int32) - fitted_size(size, canvas, fit)) // 2


def to_canvas(image: TensorLike, canvas: TensorLike, padding: float = STIMULUS_PADDING,
              fit: str = PAD) -> tf.Tensor:
    """Resize `image` [H, W, C] into `canvas` (h, w), float32 [h, w, C]; pad the rest, floor first.

    The values stay within the range of the image (bicubic overshoot is cut).
    """
    canvas = tf.cast(canvas, tf.int32)
    image = tf.cast(image, tf.float32)
    low, high = tf.reduce_min(image), tf.reduce_max(image)
    fitted = fitted_size(tf.shape(image)[:2], canvas, fit)
    resized = tf.clip_by_value(resize(image, fitted), low, high)
    before = (canvas - fitted) // 2
    after = canvas - fitted - before
    return tf.pad(resized, [[before[0], after[0]], [before[1], after[1]], [0, 0]],
                  constant_values=padding)


def from_canvas(canvas_map: TensorLike, size: TensorLike, fit: str = PAD) -> tf.Tensor:
    """Crop the padding of a canvas map [h, w, C] and resize it to `size`, float32 [H, W, C].

    The result stays within the range of the canvas map, so a density stays non-negative.
    """
    canvas_map = tf.cast(canvas_map, tf.float32)
    canvas = tf.shape(canvas_map)[:2]
    fitted = fitted_size(size, canvas, fit)
    offset = (canvas - fitted) // 2
    cropped = tf.slice(canvas_map, tf.concat([offset, [0]], 0), tf.concat([fitted, [-1]], 0))
    return tf.clip_by_value(
        resize(cropped, size), tf.reduce_min(cropped), tf.reduce_max(cropped))


def finished(canvas_map: TensorLike, size: TensorLike, fit: str, finish: Finish) -> tf.Tensor:
    """Return the published map float32 [H, W, 1] of a canvas map [h, w, 1]."""
    values = tf.cast(canvas_map, tf.float32)
    if (finish.scale, finish.shift) != (1.0, 0.0):
        values = values * finish.scale + finish.shift
    if finish.clip is not None:
        values = tf.clip_by_value(values, *finish.clip)
    values = from_canvas(values, size, fit)
    if finish.blur:
        values = blur(values, finish.blur)
    if finish.lower is not None:
        values = tf.maximum(values, finish.lower)
    return values / tf.reduce_sum(values) if finish.normalise else values


def points_to_canvas(points: TensorLike, size: TensorLike, canvas: TensorLike,
                     fit: str = PAD) -> tf.Tensor:
    """Move points float32 [n, 2] (x, y) of a picture of `size` (H, W) onto `canvas` (h, w).

    The center of a point's pixel keeps its relative place, so it never leaves the picture.
    """
    fitted = tf.cast(fitted_size(size, canvas, fit), tf.float32)
    scale = fitted / tf.cast(size, tf.float32)
    offset = tf.cast(canvas_offset(size, canvas, fit), tf.float32)
    return (tf.floor(tf.cast(points, tf.float32)) + 0.5) * scale[::-1] + offset[::-1]


def fixation_map(points: TensorLike, size: TensorLike) -> tf.Tensor:
    """Count points [n, 2] (x, y) inside `size` (H, W) at each pixel; float32 [H, W, 1]."""
    pixels = tf.cast(tf.floor(tf.cast(points, tf.float32)), tf.int32)[:, ::-1]
    size = tf.cast(size, tf.int32)
    counts = tf.scatter_nd(pixels, tf.ones(tf.shape(pixels)[:1]), size)
    return counts[..., tf.newaxis]


def density_map(points: TensorLike, size: TensorLike, sigma: TensorLike) -> tf.Tensor:
    """Return the density float32 [H, W, 1] of points [n, 2] (x, y); sums to 1, or 0 without any.

    Equals `keras_saliency.datasets.fixations.density_map`: an untruncated Gaussian of `sigma`
    pixels around the pixel of each point, as the product of row and column profiles.
    """
    points = tf.floor(tf.cast(points, tf.float32))
    sigma = tf.cast(sigma, tf.float32)

    def profile(length, centers):
        distance = tf.range(tf.cast(length, tf.float32))[:, tf.newaxis] - centers[tf.newaxis]
        return tf.exp(-0.5 * tf.square(distance / sigma))

    density = tf.matmul(profile(size[0], points[:, 1]), profile(size[1], points[:, 0]),
                        transpose_b=True)
    return tf.math.divide_no_nan(density, tf.reduce_sum(density))[..., tf.newaxis]


def blur(image: TensorLike, profile: Sequence[float]) -> tf.Tensor:
    """Blur `image` [H, W, 1] by a separable filter, whose odd number of weights is `profile`.

    At the border the weights inside the image are scaled to sum to 1: a constant stays constant.
    """
    profile = tf.constant(profile, tf.float32)

    def blurred(values):
        for shape in ([len(profile), 1, 1, 1], [1, len(profile), 1, 1]):
            values = tf.nn.conv2d(values, tf.reshape(profile, shape), 1, "SAME")
        return values

    batch = tf.cast(image, tf.float32)[tf.newaxis]
    return (blurred(batch) / blurred(tf.ones_like(batch)))[0]


def min_max(values: TensorLike, axis: Optional[Sequence[int]] = None) -> tf.Tensor:
    """Scale `values` to 0..1 over `axis` (kept); a constant map becomes all zero."""
    low = tf.reduce_min(values, axis=axis, keepdims=True)
    high = tf.reduce_max(values, axis=axis, keepdims=True)
    return tf.math.divide_no_nan(values - low, high - low)


def peak_normalize(values: TensorLike) -> tf.Tensor:
    """Divide non-negative `values` by their maximum; an all-zero map stays all zero."""
    return tf.math.divide_no_nan(values, tf.reduce_max(values))
