"""EXIF orientation: read alike in Python and TensorFlow, turned as PIL turns."""
import io
import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from keras_saliency.files import picture_tensors
from keras_saliency.files.orientation import orientation, turn, turn_back, turned_size
from keras_saliency.files.picture_pixels import decode_pixels

RGB = np.kron(np.random.default_rng(0).integers(0, 256, (3, 4, 3)), np.ones((8, 8, 1)))
RGB = RGB.astype(np.uint8)
KINDS = {"JPEG": {"quality": 100, "subsampling": 0}, "PNG": {}, "WEBP": {"lossless": True},
         "TIFF": {}}
in_graph = tf.function(picture_tensors.orientation,
                       input_signature=[tf.TensorSpec([], tf.string)])


def encoded(kind, tag=None, **options) -> bytes:
    exif, file = Image.Exif(), io.BytesIO()
    if tag is not None:
        exif[0x0112] = tag
    Image.fromarray(RGB).save(file, kind, exif=exif, **KINDS[kind], **options)
    return file.getvalue()


def exif_data(order="<", tag=0x0112, kind=3, count=1, value=6, before=0) -> bytes:
    """A directory with `before` other entries and one of orientation, written out by hand."""
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    entries = [struct.pack(f"{order}HHII", 0x0100, 4, 1, 9)] * before
    entries.append(struct.pack(f"{order}HHIHH", tag, kind, count, value, 0))
    return head + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + b"\0" * 4


def jpeg(*segments) -> bytes:
    """A JPEG with APP1 segments of these contents before all others."""
    plain = encoded("JPEG")
    return plain[:2] + b"".join(
        b"\xff\xe1" + struct.pack(">H", 2 + len(part)) + part for part in segments) + plain[2:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tag", range(1, 9))
def test_all_eight_are_turned_as_pil_turns_them(kind, tag):
    contents = encoded(kind, tag)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(contents))))
    upright, stored = decode_pixels(contents), decode_pixels(contents, upright=False)
    assert orientation(contents) == tag
    assert upright.shape == expected.shape
    np.testing.assert_allclose(upright.astype(int), expected, atol=2)  # two decoders of JPEG
    np.testing.assert_allclose(stored.astype(int), RGB, atol=3 if kind == "JPEG" else 0)
    assert turned_size(RGB.shape[:2], tag) == upright.shape[:2]
    np.testing.assert_array_equal(turn_back(turn(RGB, tag), tag), RGB)
    if kind in ("JPEG", "PNG"):
        assert int(in_graph(contents)) == tag
        turned = picture_tensors.upright(tf.constant(RGB), tf.constant(contents))
        np.testing.assert_array_equal(turned, turn(RGB, tag))


@pytest.mark.parametrize("segments, expected", [
    ([b"Exif\0\0" + exif_data("<")], 6), ([b"Exif\0\0" + exif_data(">")], 6),
    ([b"Exif\0\0" + exif_data(">", before=5, value=8)], 8),
    ([b"http://ns.adobe.com/xap/1.0/\0<x/>", b"Exif\0\0" + exif_data()], 6),
    ([b"Exif\0\0" + exif_data(value=3), b"Exif\0\0" + exif_data()], 3),
    ([b"Exif\0\0" + exif_data(value=0)], 1), ([b"Exif\0\0" + exif_data(value=9)], 1),
    ([b"Exif\0\0" + exif_data(value=99)], 1), ([b"Exif\0\0" + exif_data(tag=0x0113)], 1),
    ([b"Exif\0\0" + exif_data(kind=2)], 1), ([b"Exif\0\0" + exif_data(count=2)], 1),
    ([b"Exif\0\0" + exif_data()[:20]], 1), ([b"Exif\0\0" + exif_data()[:9]], 1),
    ([b"Exif\0\0" + b"II*\0\xff\xff\xff\xff"], 1), ([b"Exif\0\0" + b"MM\0*\0\0\0\x08\xff\xff"], 1),
    ([b"Exif\0\0" + b"JJ" + exif_data()[2:]], 1), ([b"Exif\0\0"], 1), ([b"Exif"], 1), ([], 1)])
def test_tags_that_are_odd_or_damaged(segments, expected):
    contents = jpeg(*segments)
    assert orientation(contents) == int(in_graph(contents)) == expected
    assert decode_pixels(contents).shape[:2] == turned_size(RGB.shape[:2], expected)


def test_only_a_tag_before_the_compressed_data_counts():
    plain = encoded("JPEG")
    contents = plain[:-2] + jpeg(b"Exif\0\0" + exif_data())[2:]
    assert orientation(contents) == int(in_graph(contents)) == 1
    padded = plain[:2] + b"\xff\xff\xff" + jpeg(b"Exif\0\0" + exif_data())[2:]  # fill bytes
    assert orientation(padded) == int(in_graph(padded)) == 6


def test_a_chunk_behind_the_pixels_of_a_png_counts():
    plain, block = encoded("PNG"), exif_data(value=5)
    chunk = struct.pack(">I4s", len(block), b"eXIf") + block + b"\0" * 4
    contents = plain[:-12] + chunk + plain[-12:]
    assert orientation(contents) == int(in_graph(contents)) == 5
    false = plain[:-12] + struct.pack(">I4s", 4, b"tEXt") + b"eXIf" + b"\0" * 4 + plain[-12:]
    assert orientation(false) == int(in_graph(false)) == 1


def test_big_tiff_and_no_picture_at_all():
    big = struct.pack("<2sHHHQQHHQHHI", b"II", 43, 8, 0, 16, 1, 0x0112, 3, 1, 7, 0, 0)
    assert orientation(big) == 7
    for contents in (b"", b"\xff", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"II*\0",
                     b"RIFF\0\0\0\0WEBP"):
        assert orientation(contents) == int(in_graph(contents)) == 1


def test_python_and_tensorflow_agree_about_damaged_files():
    rng, turned = np.random.default_rng(0), 0
    files = [encoded(kind, tag) for kind in ("JPEG", "PNG") for tag in range(2, 9)]
    files += [jpeg(b"Exif\0\0" + exif_data(">", value=tag)) for tag in range(2, 9)]
    for _ in range(600):
        data = bytearray(files[rng.integers(len(files))])
        for place in rng.integers(10, min(len(data), 90), rng.integers(1, 4)):
            data[place] = rng.choice([0, 1, 2, 6, 0x12, 0xff, 0xe1, rng.integers(256)])
        contents = bytes(data[:rng.integers(len(data))] if rng.random() < 0.2 else data)
        found = orientation(contents)
        assert found == int(in_graph(contents)), contents[:120]
        turned += found > 1
    assert 100 < turned < 500  # both happen
