"""Images that are handed in from Python, and what is said of those that are none."""
from pathlib import Path

import numpy as np
import pytest

from keras_saliency import predict, predictor
from keras_saliency.files import InputError
from keras_saliency.maps.images import rgb_array

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
