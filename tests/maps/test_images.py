"""Images that are handed in from Python, and what is said of those that are none."""
from pathlib import Path

import numpy as np
import pytest

from keras_saliency import build_model, predict, prediction, predictor
from keras_saliency.files import InputError
from keras_saliency.maps.images import check_image, rgb_array

IMAGE = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


class Tensor:
    """Like one of PyTorch: an array of channels first, or on another device."""

    def __init__(self, values=None):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        if self.values is None:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self.values


@pytest.mark.parametrize("image, message", [
    ("photo.jpg", "not the path 'photo.jpg': read it by keras_saliency.prediction.read_picture"),
    (Path("a/photo.jpg"), "not the path .*photo.jpg.*read_picture"),
    (IMAGE[..., 0], r"shape \(6, 8\): a gray image; repeat it by np.dstack"),
    (IMAGE[..., :1], "a gray image"), (IMAGE[np.newaxis], "a batch; predict one image at a time"),
    (IMAGE.transpose(2, 0, 1), "channels come last; np.moveaxis"),
    (Tensor(IMAGE.transpose(2, 0, 1)), "channels come last"),
    (Tensor(), "of type Tensor is no array .*cuda:0.*convert it to NumPy first"),
    (np.dstack([IMAGE, IMAGE[..., :1]]), "an alpha channel; take image"),
    (IMAGE[:0], "it is empty"), (None, "not object of shape"), (IMAGE.astype(str), "not <U"),
    (IMAGE.astype(complex), "not complex128")])
def test_what_is_no_image_is_named_with_the_remedy(image, message):
    for check in (rgb_array, lambda given: predict("center_bias", given)):
        with pytest.raises(InputError, match=message):
            check(image)


def test_the_remedies_give_the_image():
    first = IMAGE.transpose(2, 0, 1)
    assert (rgb_array(np.moveaxis(first, 0, -1)) == IMAGE).all()
    assert (rgb_array(np.dstack([IMAGE[..., 0]] * 3)) == IMAGE[..., :1]).all()
    assert rgb_array(IMAGE) is IMAGE and rgb_array(IMAGE.tolist()).shape == (6, 8, 3)
    assert rgb_array(IMAGE[:3]).shape == (3, 8, 3)  # three rows, not channels first


def test_image_and_model_in_the_wrong_order():
    with pytest.raises(InputError, match=r"^an array of shape \(6, 8, 3\) is nothing that predic"):
        predict(IMAGE, predictor("center_bias"))


def test_a_model_may_be_named():
    expected = predictor("center_bias").predict(IMAGE)
    np.testing.assert_array_equal(predict("center_bias", IMAGE), expected)


DOORS = {"check": check_image, "predict": lambda image: predict("center_bias", image),
         "screens": lambda image: prediction.predict_screens("center_bias", image),
         "classical": build_model("bms")}


@pytest.mark.parametrize("image, message", [
    (IMAGE / 255, "float with values from .* multiply one of 0..1 by 255"),
    ((IMAGE / 255).astype(np.float32), "multiply one of 0..1 by 255"),
    (np.float16(IMAGE / 255), "multiply one of 0..1 by 255"),
    (IMAGE / 255 * 1.1, "multiply one of 0..1 by 255"),  # resized, with overshoot
    (IMAGE / 127.5 - 1, "from -1 to .*clip or rescale.*normalised"),
    (IMAGE - np.float32([103.9, 116.8, 123.7]), "clip or rescale.*normalised"),
    (IMAGE.astype(np.int16) - 128, "normalised"),
    (IMAGE.astype(np.uint16) * 16, r"up to 12 bits: image \* \(255 / 4095\)"),
    (IMAGE.astype(np.uint16) * 257, r"up to 16 bits: image \* \(255 / 65535\)"),
    (IMAGE * 257.0, "up to 16 bits"), (IMAGE * 1e6, "to .*e.08; clip or rescale them to 0..255$"),
    (IMAGE > 99, "true and false"), (np.full((6, 8, 3), np.inf), "not finite")])
def test_values_of_another_range_are_refused(image, message):
    for door in DOORS.values():
        with pytest.raises(InputError, match=message):
            door(image)


@pytest.mark.parametrize("image", [
    IMAGE, IMAGE.astype(np.float64), IMAGE.astype(np.float32), IMAGE.astype(np.int64),
    IMAGE.astype(np.uint16), IMAGE.astype(np.float32) + np.float32(1e-5), IMAGE // 255,
    np.zeros((6, 8, 3)), np.zeros((6, 8, 3), np.uint8), np.ones((6, 8, 3), np.uint8),
    np.full((6, 8, 3), 255.0), np.full((6, 8, 3), 3.5), (IMAGE % 9).astype(float)])
def test_right_pictures_pass_as_they_are(image):
    """Also dark ones, and those of one color."""
    assert check_image(image) is image
    for door in DOORS.values():
        assert door(image).shape[:2] == (6, 8)


def test_the_remedies_give_the_map_of_the_picture():
    model = build_model("bms")
    expected = predict(model, IMAGE)
    deep = IMAGE.astype(np.uint16) * 257
    for image in (IMAGE / 255 * 255, deep * (255 / 65535)):
        np.testing.assert_allclose(predict(model, image), expected, atol=1e-3)
