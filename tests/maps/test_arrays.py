"""The geometry in NumPy equals TensorFlow's, whichever way a picture is resized."""
import numpy as np
import pytest

from keras_saliency import maps
from keras_saliency.maps import arrays, geometry
from keras_saliency.models import salnet_deep, salnet_shallow

CANVASES = [(240, 320), (320, 240), (48, 64), (1, 1), (7, 300)]
SIZES = [(600, 800), (800, 600), (240, 320), (239, 321), (241, 320), (37, 53), (37, 1000),
         (1000, 37), (1, 1), (1, 50), (50, 1), (2, 3), (333, 641)]
EXACT = 0.002  # of pixel values to 255: below 1e-5 of their range


def picture(size, channels=3):
    return np.random.default_rng(sum(size)).integers(0, 256, (*size, channels), np.uint8)


@pytest.mark.parametrize("fit", [geometry.PAD, geometry.STRETCH])
@pytest.mark.parametrize("canvas", CANVASES)
def test_to_the_canvas_and_back(canvas, fit):
    canvas_map = picture(canvas, 1).astype(np.float32)
    for size in SIZES:
        assert geometry.fitted_size(size, canvas, fit) == tuple(
            maps.fitted_size(size, canvas, fit).numpy())
        on_canvas = arrays.to_canvas(picture(size), canvas, fit)
        assert on_canvas.dtype == np.float32
        np.testing.assert_allclose(
            on_canvas, maps.to_canvas(picture(size), canvas, fit=fit), atol=EXACT)
        back = arrays.from_canvas(canvas_map, size, fit)
        assert back.dtype == np.float32
        np.testing.assert_allclose(back, maps.from_canvas(canvas_map, size, fit), atol=EXACT)


def test_resizing_may_shrink_one_side_and_enlarge_the_other():
    for size, made in (((30, 90), (70, 40)), ((90, 30), (40, 70)), ((1, 9), (5, 4)),
                       ((64, 64), (64, 65)), ((64, 64), (63, 64)), ((5, 5), (1, 1))):
        np.testing.assert_allclose(arrays.resize(picture(size), made),
                                   maps.resize(picture(size), made), atol=EXACT)


def test_any_numbers_keep_their_range():
    image = np.random.default_rng(0).normal(0, 1e6, (20, 30, 3)).astype(np.float32)
    for made in ((48, 64), (9, 12)):
        on_canvas = arrays.to_canvas(image, made)
        np.testing.assert_allclose(on_canvas, maps.to_canvas(image, made), atol=1e6 * 1e-4)
        back = arrays.from_canvas(on_canvas, (31, 17))
        assert on_canvas.min() <= back.min() and back.max() <= on_canvas.max()


@pytest.mark.parametrize("profile", [salnet_deep.PUBLISHED.blur, salnet_shallow.GAUSSIAN])
def test_blur(profile):
    for size in ((40, 60), (3, 5), (1, 1)):
        image = picture(size, 1).astype(np.float32)
        np.testing.assert_allclose(arrays.blur(image, profile), maps.blur(image, profile),
                                   atol=EXACT)
