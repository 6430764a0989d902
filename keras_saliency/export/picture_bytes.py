"""Decoding of a batch of pictures inside a graph, with errors that say which of them is at fault.

TensorFlow's decoders stop the whole call with a message that names no picture, and allocate what
a header claims. Here the headers are read first; and the pictures pass through a dataset, the only
thing in a graph that can drop an element whose decoder fails, so that what is missing at its end
can be named. Built-in operations only.
"""
import functools

import tensorflow as tf

from keras_saliency.files.picture_headers import LIMIT, MOST_SCANS, SCANS_AT_LIMIT
from keras_saliency.files.picture_tensors import may_be_transparent, on_white

LARGEST_AT_ONCE = 4  # pictures of `limit` pixels in one request, or more that are smaller


def decode_batch(image_bytes: tf.Tensor, limit: int = LIMIT) -> tf.Tensor:
    """Decode pictures of any sizes.

    Args:
        image_bytes: string [B]: JPEG, PNG or BMP. limit: largest number of pixels of one; all
            together may have LARGEST_AT_ONCE times as many.

    Returns string [B], to be read with `picture_of`: decoded pictures of different sizes do not fit
    into one tensor in any other way. Raises tf.errors.InvalidArgumentError when run, naming the
    places in the batch of pictures that are empty, of another type, too large, damaged, or JPEGs of
    so many scans that they would keep a decoder busy; or saying that they are too large together.
    """
    limit = min(limit, 2 ** 50)  # its multiples are int64
    kinds = _kinds(image_bytes)
    with tf.control_dependencies([
            _require(tf.strings.length(image_bytes) > 0, "empty"),
            _require(kinds >= 0, "not JPEG, PNG or BMP pictures"),
            _require_total(image_bytes, kinds, limit)]):
        decoded = tf.fill(tf.shape(image_bytes), "")
    scans = tf.where(kinds == _JPEG, _scans(image_bytes), 1)
    for kind, (size, decode) in enumerate(_READERS):
        places = tf.where(kinds == kind)
        decoded = tf.cond(tf.size(places) > 0,
                          functools.partial(_decode_some, decoded, image_bytes, scans, places, size,
                                            decode, limit), functools.partial(tf.identity, decoded))
    with tf.control_dependencies([_require(
            tf.strings.length(decoded) > 0,
            f"damaged, larger than {limit} pixels, or JPEGs of too many scans")]):
        return tf.identity(decoded)


def _decode_some(decoded, image_bytes, scans, places, size, decode, limit):
    """`decoded` [B] with the pictures at `places` [n, 1] filled in where they can be decoded."""
    def attempt(place, data, most):
        height, width = size(data)
        with tf.control_dependencies([tf.debugging.Assert(
                (height > 0) & (width > 0) & (height * width <= most), [height, width])]):
            return place, tf.io.serialize_tensor(decode(data))

    most = tf.where(scans <= MOST_SCANS, tf.minimum(SCANS_AT_LIMIT * limit // scans, limit), 0)
    # A dataset is set up anew in every call: no branches in its function, which cost most.
    pictures = tf.data.Dataset.from_tensor_slices(
        (places, tf.gather_nd(image_bytes, places), tf.gather_nd(most, places)))
    found = pictures.map(attempt, num_parallel_calls=tf.data.AUTOTUNE).ignore_errors().batch(
        tf.size(places, out_type=tf.int64))
    nothing = (tf.zeros([0, 1], tf.int64), tf.zeros([0], tf.string))
    start = tuple(tf.raw_ops.PlaceholderWithDefault(input=t, shape=[None, *t.shape[1:]])
                  for t in nothing)
    return tf.tensor_scatter_nd_update(decoded, *found.reduce(start, lambda _, batch: batch))


def _require_total(image_bytes, kinds, limit):
    """An operation that fails if all together are too large, before one of them is decoded."""
    def total():
        jpegs, *others = (tf.boolean_mask(image_bytes, kinds == kind)
                          for kind in range(len(_READERS)))
        pixels = sum(tf.reduce_sum(_pixels(size, limit, pictures))
                     for (size, _), pictures in zip(_READERS[1:], others))
        # What is damaged or too large for itself is named later, by its place.
        jpegs = tf.data.Dataset.from_tensor_slices(jpegs).map(
            functools.partial(_pixels, _jpeg_size, limit)).ignore_errors()
        return jpegs.reduce(pixels, tf.add)

    most = LARGEST_AT_ONCE * limit
    few = functools.partial(tf.constant, 0, tf.int64)  # at most `limit` each
    pixels = tf.cond(tf.size(image_bytes) > LARGEST_AT_ONCE, total, few)
    return tf.debugging.Assert(pixels <= most, [
        f"image_bytes have more than {most} pixels together; send them in several requests; "
        "their pixels are", pixels])


def _pixels(size, limit, data):
    """int64, of one picture or of each; 0 if they are above `limit`."""
    height, width = size(data)
    return tf.where((height > 0) & (width > 0) & (height * width <= limit), height * width, 0)


def _scans(image_bytes):
    """Return int64 [B], the largest number of scans that a JPEG can have."""
    # Compressed data never hold the bytes of this marker. Those within a preview or in a film
    # behind the picture count too: to walk from marker to marker would take a loop.
    pieces = tf.raw_ops.StringSplitV2(input=image_bytes, sep=b"\xff\xda")
    rows = pieces.indices[:, 0]
    counts = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, tf.size(image_bytes))
    return tf.maximum(counts - 1, 1)


def _jpeg_size(data):
    return tf.unstack(tf.cast(tf.io.extract_jpeg_shape(data), tf.int64)[:2])


def _png_size(data):
    return _integer(data, 20, big=True), _integer(data, 16, big=True)


def _bmp_size(data):
    # a negative height is that of a picture stored from the top down
    return tf.abs(_integer(data, 22)), tf.abs(_integer(data, 18))


_JPEG = 0
_READERS = (  # by `_kinds`; all sizes but JPEG's are read of many pictures as of one
    (_jpeg_size, functools.partial(tf.io.decode_jpeg, channels=3, dct_method="INTEGER_ACCURATE")),
    (_png_size, functools.partial(tf.io.decode_png, channels=3)),
    (_bmp_size, functools.partial(tf.io.decode_image, channels=3, expand_animations=False)),
    (_png_size, lambda data: on_white(tf.io.decode_png(data, channels=4))))  # with transparency


def picture_of(decoded: tf.Tensor) -> tf.Tensor:
    """uint8 [H, W, 3] RGB of one string of `decode_batch`."""
    return tf.ensure_shape(tf.io.parse_tensor(decoded, tf.uint8), (None, None, 3))


def require_size(images: tf.Tensor, limit: int = LIMIT) -> tf.Operation:
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
    """int32 [B]: 0 JPEG, 1 PNG, 2 BMP, 3 transparent PNG, -1 anything else."""
    def start(codes):
        return tf.equal(tf.strings.substr(contents, 0, len(codes)), codes)

    long_enough = tf.strings.length(contents) >= 26
    contents = tf.where(long_enough, contents, tf.constant(b" " * 26))
    found = tf.stack([start(b"\xff\xd8\xff"), start(b"\x89PNG\r\n\x1a\n"), start(b"BM")])
    kind = tf.argmax(tf.cast(found, tf.int32), output_type=tf.int32)
    kind = tf.where(may_be_transparent(contents), 3, kind)
    return tf.where(tf.reduce_any(found, axis=0), kind, -1)


def _integer(contents, start, big=False):
    """int64 of four bytes of one string or of each."""
    value = tf.io.decode_raw(tf.strings.substr(contents, start, 4), tf.int32,
                             little_endian=not big)
    return tf.cast(tf.reshape(value, tf.shape(contents)), tf.int64)
