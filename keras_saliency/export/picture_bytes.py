"""Decoding of a batch of pictures inside a graph, with errors that say which of them is at fault.

TensorFlow's decoders stop the whole call with a message that names no picture, and allocate what
a header claims. Here the header is read first; and the pictures pass through a dataset, the only
thing in a graph that can drop an element whose decoder fails, so that what is missing at its end
can be named. Built-in operations only.
"""
import functools

import tensorflow as tf

LIMIT = 40_000_000  # pixels


def decode_batch(image_bytes, limit=LIMIT):
    """Decode pictures of any sizes.

    Args:
        image_bytes: string [B]: JPEG, PNG or BMP. limit: largest number of pixels of one.

    Returns:
        string [B], to be read with `picture_of`: decoded pictures of different sizes do not fit
        into one tensor in any other way.

    Raises:
        tf.errors.InvalidArgumentError: when run, naming the places in the batch of pictures that
            are empty, of another type, or too large or damaged.
    """
    kinds = _kinds(image_bytes)
    with tf.control_dependencies([
            _require(tf.strings.length(image_bytes) > 0, "empty"),
            _require(kinds >= 0, "not JPEG, PNG or BMP pictures")]):
        decoded = tf.fill(tf.shape(image_bytes), "")
    for kind, decode in enumerate(_DECODERS):
        places = tf.where(kinds == kind)
        decoded = tf.cond(tf.size(places) > 0,
                          functools.partial(_decode_some, decoded, image_bytes, places, decode,
                                            limit), functools.partial(tf.identity, decoded))
    with tf.control_dependencies([_require(
            tf.strings.length(decoded) > 0, f"damaged, or larger than {limit} pixels")]):
        return tf.identity(decoded)


def _decode_some(decoded, image_bytes, places, decode, limit):
    """`decoded` [B] with the pictures at `places` [n, 1] filled in where they can be decoded."""
    def attempt(place, data):
        return place, tf.io.serialize_tensor(decode(data, limit))

    # A dataset is set up anew in every call: no branches in its function, which cost most.
    pictures = tf.data.Dataset.from_tensor_slices((places, tf.gather_nd(image_bytes, places)))
    found = pictures.map(attempt, num_parallel_calls=tf.data.AUTOTUNE).ignore_errors().batch(
        tf.size(places, out_type=tf.int64))
    nothing = (tf.zeros([0, 1], tf.int64), tf.zeros([0], tf.string))
    start = tuple(tf.raw_ops.PlaceholderWithDefault(input=t, shape=[None, *t.shape[1:]])
                  for t in nothing)
    return tf.tensor_scatter_nd_update(decoded, *found.reduce(start, lambda _, batch: batch))


def _jpeg(data, limit):
    height, width = tf.unstack(tf.cast(tf.io.extract_jpeg_shape(data), tf.int64)[:2])
    with _fitting(height, width, limit):
        return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")


def _png(data, limit):
    with _fitting(_integer(data, 20, big=True), _integer(data, 16, big=True), limit):
        return tf.io.decode_png(data, channels=3)


def _bmp(data, limit):
    # a negative height is that of a picture stored from the top down
    with _fitting(tf.abs(_integer(data, 22)), tf.abs(_integer(data, 18)), limit):
        return tf.io.decode_image(data, channels=3, expand_animations=False)


_DECODERS = (_jpeg, _png, _bmp)  # by `_kinds`


def _fitting(height, width, limit):
    """Nothing is decoded unless the size in the header is above 0 and within the limit."""
    return tf.control_dependencies([tf.debugging.Assert(
        (height > 0) & (width > 0) & (height * width <= limit), [height, width])])


def picture_of(decoded) -> tf.Tensor:
    """uint8 [H, W, 3] RGB of one string of `decode_batch`."""
    return tf.ensure_shape(tf.io.parse_tensor(decoded, tf.uint8), (None, None, 3))


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


def _integer(contents, start, big=False):
    """int64 of four bytes."""
    value = tf.io.decode_raw(tf.strings.substr(contents, start, 4), tf.int32,
                             little_endian=not big)[0]
    return tf.cast(value, tf.int64)
