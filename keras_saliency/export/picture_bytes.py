"""Decoding of a batch of pictures inside a graph, with errors that say which of them is at fault.

TensorFlow's decoders stop the whole call with a message that names no picture, and allocate what
a header claims. Here the header is read first; and the pictures pass through a dataset, the only
thing in a graph that can drop an element whose decoder fails, so that what is missing at its end
can be named. Built-in operations only.
"""
import tensorflow as tf

from keras_saliency.datasets.pipeline import decode_stimulus

LIMIT = 40_000_000  # pixels


def decode_batch(image_bytes, prepare, limit=LIMIT):
    """Decode pictures of any sizes and bring each into the form that `prepare` gives it.

    Args:
        image_bytes: string [B]: JPEG, PNG or BMP. limit: largest number of pixels of one.
        prepare: graph function, uint8 [H, W, 3] RGB -> tuple of tensors of static shape.

    Returns:
        The tuple, each with a leading axis of B.

    Raises:
        tf.errors.InvalidArgumentError: when run, naming the places in the batch of pictures that
            are empty, of another type, too large, or damaged.
    """
    kinds = _kinds(image_bytes)
    with tf.control_dependencies([
            _require(tf.strings.length(image_bytes) > 0, "empty"),
            _require(kinds >= 0, "not JPEG, PNG or BMP pictures")]):
        count = tf.size(image_bytes, out_type=tf.int64)
        places = tf.range(count)

    def decode(place, data, kind):
        height, width = _claimed_size(data, kind)
        fits = (height > 0) & (width > 0) & (height * width <= limit)
        image = tf.cond(fits, lambda: decode_stimulus(data), lambda: tf.zeros([1, 1, 3], tf.uint8))
        return (place, fits, *prepare(tf.ensure_shape(image, (None, None, 3))))

    pictures = tf.data.Dataset.from_tensor_slices((places, image_bytes, kinds)).map(
        decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    nothing = tf.nest.map_structure(
        lambda spec: tf.raw_ops.PlaceholderWithDefault(
            input=tf.zeros([0, *spec.shape], spec.dtype), shape=[None, *spec.shape]),
        pictures.element_spec)
    found, fits, *prepared = pictures.ignore_errors().batch(tf.maximum(count, 1)).reduce(
        nothing, lambda _, batch: batch)
    whole = tf.scatter_nd(found[:, tf.newaxis], tf.ones_like(found, tf.int32), count[tf.newaxis])
    with tf.control_dependencies([
            _require(whole > 0, "damaged and cannot be decoded"),
            _require(fits, f"larger than {limit} pixels (or without any); make them smaller")]):
        return tuple(tf.identity(tensor) for tensor in prepared)


def require_size(images, limit=LIMIT):
    """An operation that fails unless `images` [B, H, W, 3] have pixels, at most `limit` each."""
    shape = tf.shape(images, out_type=tf.int64)
    pixels = shape[1] * shape[2]
    return tf.group(
        tf.debugging.Assert(pixels > 0, ["images have no pixels; their shape is", shape]),
        tf.debugging.Assert(pixels <= limit, [
            f"images have more than {limit} pixels each; make them smaller; their shape is",
            shape]))


def _require(good, problem):
    """An operation that fails unless all of `good` [B] is true, naming the places that are not."""
    return tf.debugging.Assert(tf.reduce_all(good), [
        "image_bytes at these places of the batch, counted from 0,", tf.where(~good)[:, 0],
        f"are {problem}"], summarize=20)


def _kinds(contents):
    """int32 [B]: 0 JPEG, 1 PNG, 2 BMP, -1 anything else, by the first bytes."""
    def start(codes):
        return tf.equal(tf.strings.substr(contents, 0, len(codes)), codes)

    long_enough = tf.strings.length(contents) >= 26
    contents = tf.where(long_enough, contents, tf.constant(b" " * 26))
    found = tf.stack([start(b"\xff\xd8\xff"), start(b"\x89PNG\r\n\x1a\n"), start(b"BM")])
    kind = tf.argmax(tf.cast(found, tf.int32), output_type=tf.int32)
    return tf.where(tf.reduce_any(found, axis=0), kind, -1)


def _claimed_size(contents, kind):
    """(height, width), int64, as the header has it."""
    def jpeg():
        size = tf.cast(tf.io.extract_jpeg_shape(contents), tf.int64)
        return size[0], size[1]

    def png():
        return _integer(contents, 20, big=True), _integer(contents, 16, big=True)

    def bmp():  # a negative height is that of a picture stored from the top down
        return tf.abs(_integer(contents, 22)), tf.abs(_integer(contents, 18))

    return tf.switch_case(kind, [jpeg, png, bmp])


def _integer(contents, start, big=False):
    """int64 of four bytes."""
    value = tf.io.decode_raw(tf.strings.substr(contents, start, 4), tf.int32,
                             little_endian=not big)[0]
    return tf.cast(value, tf.int64)
