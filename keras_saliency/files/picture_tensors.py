"""Steps that TensorFlow's decoders leave out: turning upright, and a ground under transparency.

The same as `orientation` and `picture_pixels` do in NumPy, in built-in operations, for tf.data and
exported graphs.
"""
import tensorflow as tf

from keras_saliency.files.orientation import (
    EXIF,
    FLIPPED,
    MIRRORED,
    MOST_PARTS,
    SHORT,
    TAG,
    TRANSPOSED,
)

PNG = b"\x89PNG\r\n\x1a\n"
_PADDING = b"\0" * 16  # behind what is read, so that what is cut off reads as 0


def upright(picture: tf.Tensor, contents: tf.Tensor) -> tf.Tensor:
    """Return a picture [H, W, C], decoded from the JPEG, PNG or other `contents`, upright."""
    found = orientation(contents)

    def turned():
        transposed = tf.reduce_any(found == TRANSPOSED)
        rows = tf.transpose(picture, tf.where(transposed, [1, 0, 2], [0, 1, 2]))
        return tf.raw_ops.Reverse(tensor=rows, dims=tf.stack([
            tf.reduce_any(found == FLIPPED), tf.reduce_any(found == MIRRORED), False]))

    return tf.ensure_shape(tf.cond(found > 1, turned, lambda: picture),
                           (None, None, picture.shape[-1]))


def may_be_transparent(contents: tf.Tensor) -> tf.Tensor:
    """Return bool, true for contents of a PNG that has transparency; one string or many."""
    start = tf.strings.substr(tf.strings.join([contents, _PADDING * 2]), 0, 26)
    color_type = tf.strings.substr(start, 25, 1)
    png = tf.strings.substr(start, 0, 8) == PNG
    return png & ((color_type == b"\x04") | (color_type == b"\x06")
                  | _holds(tf.where(png, contents, b""), "tRNS"))


def on_white(picture: tf.Tensor) -> tf.Tensor:
    """Return uint8 [H, W, 3] of a picture RGBA uint8 [H, W, 4] that lies on white."""
    color, alpha = (tf.cast(part, tf.int32) for part in (picture[..., :3], picture[..., 3:]))
    return tf.cast((color * alpha + 255 * (255 - alpha) + 127) // 255, tf.uint8)


def orientation(contents: tf.Tensor) -> tf.Tensor:
    """Return the EXIF orientation int32, 1 to 8, of the contents of a JPEG or PNG; 1 for others."""
    padded = tf.strings.join([contents, _PADDING])
    start = tf.strings.substr(padded, 0, 8)
    # A PNG is gone through only if it may have the chunk: there may be thousands.
    has_chunk = (start == PNG) & _holds(contents, "eXIf")
    kind = tf.where(tf.strings.substr(start, 0, 2) == b"\xff\xd8", 1, tf.where(has_chunk, 2, 0))
    return tf.switch_case(kind, [lambda: tf.constant(1), lambda: _of_tiff(_in_jpeg(padded)),
                                 lambda: _of_tiff(_in_png(padded))])


def _holds(contents, text):
    """True where `contents`, of any shape, hold the letters `text`."""
    without = tf.strings.regex_replace(contents, text, "", replace_global=False)
    return tf.strings.length(without) < tf.strings.length(contents)


def _in_jpeg(data):
    """The first Exif segment of a JPEG with `_PADDING` behind it, without heading; or empty."""
    size = tf.strings.length(data) - len(_PADDING)

    def segment(place):
        head = _bytes(tf.strings.substr(data, place, 4))
        return head[0], head[1], head[2] * 256 + head[3]

    def wanted(place):
        _, marker, _ = segment(place)
        return (marker == 0xe1) & (tf.strings.substr(data, place + 4, len(EXIF)) == EXIF)

    def goes_on(place):
        start, marker, _ = segment(place)
        return ((place + 4 <= size) & (start == 0xff) & (marker != 0xda) & (marker != 0xd9)
                & ~wanted(place))

    def after(place):
        _, marker, length = segment(place)
        alone = (marker == 0x01) | ((marker >= 0xd0) & (marker <= 0xd8))
        step = tf.where(marker == 0xff, 1, tf.where(alone, 2, 2 + tf.maximum(length, 2)))
        return tf.minimum(place + step, size)

    place = tf.while_loop(goes_on, lambda place: [after(place)], [tf.constant(2)],
                          maximum_iterations=MOST_PARTS)[0]
    found = (place + 4 <= size) & (segment(place)[0] == 0xff) & wanted(place)
    length = tf.where(found, segment(place)[2] - 2 - len(EXIF), 0)
    return _part(data, size, place + 4 + len(EXIF), length)


def _in_png(data):
    """The eXIf chunk of a PNG with `_PADDING` behind it, or no bytes."""
    size = tf.strings.length(data) - len(_PADDING)

    def length(place):
        return _number(_bytes(tf.strings.substr(data, place, 4)), 0, 4, True)

    def wanted(place):
        return tf.strings.substr(data, place + 4, 4) == b"eXIf"

    def after(place):
        return tf.cast(tf.minimum(tf.cast(place, tf.int64) + 12 + length(place),
                                  tf.cast(size, tf.int64)), tf.int32)

    place = tf.while_loop(lambda place: (place + 8 <= size) & ~wanted(place),
                          lambda place: [after(place)], [tf.constant(8)],
                          maximum_iterations=MOST_PARTS)[0]
    found = (place + 8 <= size) & wanted(place)
    return _part(data, size, place + 8, tf.where(found, length(place), 0))


def _part(data, size, place, length):
    """`length` bytes of a string from `place`; fewer where it ends at `size`."""
    place = tf.minimum(place, size)
    left = tf.cast(size - place, tf.int64)
    length = tf.clip_by_value(tf.cast(length, tf.int64), 0, left)
    return tf.strings.substr(data, place, tf.cast(length, tf.int32))


def _of_tiff(block):
    """The orientation int32 in the first directory of EXIF data."""
    padded = tf.strings.join([block, _PADDING])
    skipped = tf.where(tf.strings.substr(padded, 0, len(EXIF)) == EXIF, len(EXIF), 0)
    size = tf.strings.length(block) - skipped
    padded = tf.strings.substr(padded, skipped, size + len(_PADDING))
    big = tf.strings.substr(padded, 0, 4) == b"MM\0*"
    little = tf.strings.substr(padded, 0, 4) == b"II*\0"
    data, size = _bytes(padded), tf.cast(size, tf.int64)
    start = _number(data, 4, 4, big)
    count = _number(data, start, 2, big)
    whole = tf.maximum(size - start - 2, 0) // 12  # entries there are bytes for
    entries = start + 2 + 12 * tf.range(tf.minimum(tf.minimum(count, whole), MOST_PARTS))
    tagged = tf.boolean_mask(entries, _number(data, entries, 2, big) == TAG)
    # of none there is, an entry behind the end, which reads as 0
    entry = tf.concat([tagged, [size]], 0)[0]
    value = _number(data, entry + 8, 2, big)
    good = ((big | little) & (_number(data, entry + 2, 2, big) == SHORT)
            & (_number(data, entry + 4, 4, big) == 1) & (value >= 1) & (value <= 8))
    return tf.cast(tf.where(good, value, 1), tf.int32)


def _bytes(text):
    return tf.cast(tf.io.decode_raw(text, tf.uint8), tf.int32)


def _number(data, place, count, big):
    """int64 of `count` bytes of `data` int32 [N] from each `place`; those behind the end are 0."""
    last = tf.size(data, tf.int64) - 1
    places = tf.cast(place, tf.int64)[..., tf.newaxis] + tf.range(count, dtype=tf.int64)
    found = tf.cast(tf.gather(data, tf.minimum(places, last)), tf.int64)
    found = tf.where(places <= last, found, 0)
    power = 256 ** tf.range(count, dtype=tf.int64)
    return tf.reduce_sum(found * tf.where(big, power[::-1], power), axis=-1)
