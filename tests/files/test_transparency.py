"""Transparent pictures on a ground: all kinds of files, in Python and in TensorFlow."""
import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_saliency.datasets.pipeline import decode_stimulus
from keras_saliency.files.picture_pixels import decode_pixels

rng = np.random.default_rng(0)
RGBA = rng.integers(0, 256, (20, 30, 4), np.uint8)
RGBA[:4, :, 3], RGBA[4:8, :, 3] = 0, 255
GRAY = RGBA[..., :1]


def encoded(array, kind, mode=None, **options) -> bytes:
    picture, file = Image.fromarray(array), io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, kind, **options)
    return file.getvalue()


def on(rgb, alpha, background=255):
    """By the definition, in floating point."""
    alpha = alpha[..., None] / 255
    return rgb * alpha + np.asarray(background) * (1 - alpha)


PALETTE = Image.fromarray(RGBA[..., :3]).quantize(16)
INDICES = np.asarray(PALETTE)
FILES = {
    "rgba.png": (encoded(RGBA, "PNG"), RGBA[..., :3], RGBA[..., 3]),
    "gray.png": (encoded(RGBA[..., [0, 3]], "PNG"), GRAY, RGBA[..., 3]),
    "deep.png": (cv2.imencode(".png", RGBA[..., [2, 1, 0, 3]].astype(np.uint16) * 257)[1].tobytes(),
                 RGBA[..., :3], RGBA[..., 3]),
    "one color of gray.png": (encoded(GRAY[..., 0], "PNG", transparency=int(GRAY[0, 0, 0])), GRAY,
                              np.where(GRAY[..., 0] == GRAY[0, 0, 0], 0, 255)),
    "one color.png": (encoded(RGBA[..., :3] // 128 * 128, "PNG", transparency=(128, 0, 0)),
                      RGBA[..., :3] // 128 * 128,
                      np.where((RGBA[..., :3] // 128 == (1, 0, 0)).all(-1), 0, 255)),
    "palette.png": (encoded(INDICES, "PNG", None), None, None),
    "rgba.webp": (encoded(RGBA, "WEBP", lossless=True, exact=True), RGBA[..., :3], RGBA[..., 3]),
    "rgba.tif": (encoded(RGBA, "TIFF"), RGBA[..., :3], RGBA[..., 3]),
    "gray.tif": (encoded(RGBA[..., [0, 3]], "TIFF"), GRAY, RGBA[..., 3]),
    "opencv.tif": (cv2.imencode(".tif", RGBA[..., [2, 1, 0, 3]])[1].tobytes(), RGBA[..., :3],
                   RGBA[..., 3])}
file = io.BytesIO()
PALETTE.save(file, "PNG", transparency=3)
FILES["palette.png"] = (file.getvalue(), np.asarray(PALETTE.convert("RGB")),
                        np.where(INDICES == 3, 0, 255))


@pytest.mark.parametrize("name", FILES)
def test_transparent_pictures_lie_on_the_background(name):
    contents, rgb, alpha = FILES[name]
    assert (alpha == 0).any() and (alpha == 255).any()
    white = decode_pixels(contents)
    assert white.dtype == np.uint8 and white.shape == (20, 30, 3)
    np.testing.assert_allclose(white, np.broadcast_to(on(rgb, alpha), white.shape), atol=0.51)
    np.testing.assert_allclose(decode_pixels(contents, (0, 10, 200)),
                               np.broadcast_to(on(rgb, alpha, (0, 10, 200)), white.shape),
                               atol=0.51)
    if name.endswith(".png"):
        np.testing.assert_array_equal(decode_stimulus(tf.constant(contents)), white)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_others_are_as_they_were(kind, mode):
    """Also those of a few bits a pixel, whose added opacity TensorFlow's decoder leaves low."""
    contents = encoded(RGBA[..., :3], kind, mode)
    expected = np.asarray(Image.open(io.BytesIO(contents)).convert("RGB"))
    np.testing.assert_array_equal(decode_pixels(contents, (9, 9, 9)), expected)
    if kind == "PNG":
        np.testing.assert_array_equal(decode_stimulus(tf.constant(contents)), expected)


def test_opaque_pictures_with_a_channel_of_opacity_are_as_they_were():
    opaque = np.dstack([RGBA[..., :3], np.full((20, 30), 255, np.uint8)])
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(decode_pixels(encoded(opaque, kind)), RGBA[..., :3])


def test_a_dark_logo_is_seen_where_it_is():
    left = np.zeros((40, 60, 4), np.uint8)
    left[10:30, 5:25, 3] = 255
    found = decode_pixels(encoded(left, "PNG"))
    assert (found[10:30, 5:25] == 0).all() and (found[:, 30:] == 255).all()
    np.testing.assert_array_equal(decode_pixels(encoded(np.fliplr(left), "PNG")), np.fliplr(found))
