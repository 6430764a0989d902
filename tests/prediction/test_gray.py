"""Pictures that hold maps: pixels as they are stored."""
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_saliency.files import InputError
from keras_saliency.files.picture_pixels import decode_pixels
from keras_saliency.prediction.pictures import read_gray, read_map, read_picture


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_bits_are_kept(tmp_path, dtype):
    values = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (7, 9)).astype(dtype)
    cv2.imwrite(str(tmp_path / "a.png"), values)
    found = read_gray(tmp_path / "a.png", (7, 9))
    assert found.dtype == dtype and np.array_equal(found, values)


def test_no_picture_is_turned(tmp_path):
    """A stimulus is not either, so that its map keeps lying on it."""
    exif, buffer = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.fromarray(np.zeros((6, 10), np.uint8)).save(buffer, "JPEG", exif=exif)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())
    assert read_gray(tmp_path / "a.jpg").shape == (6, 10)


def test_what_cannot_be_read_is_named(tmp_path, bomb):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((7, 9), np.uint8))
    with pytest.raises(InputError, match="a.png: not a readable picture of 9x7; replace it"):
        read_gray(tmp_path / "a.png", (9, 7))
    (tmp_path / "b.png").write_bytes(bomb((7, 900)))  # a header and less than its pixels
    with pytest.raises(InputError, match="b.png: not a readable picture$"):
        read_gray(tmp_path / "b.png")


@pytest.mark.parametrize("shape", [(7, 9), (7, 9, 3)])
def test_a_picture_of_floating_point_numbers_is_named_and_a_map_is_read(tmp_path, shape):
    values = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    cv2.imwrite(str(tmp_path / "a.tif"), values)
    with pytest.raises(InputError, match="a.tif: its pixels are floating-point numbers"):
        read_picture(tmp_path / "a.tif")
    assert decode_pixels((tmp_path / "a.tif").read_bytes()) is None  # of a dataset
    if len(shape) == 2:
        np.testing.assert_array_equal(read_map(tmp_path / "a.tif"), values)
    for dtype in (np.uint8, np.uint16):
        levels = (values * np.iinfo(dtype).max).astype(dtype)
        cv2.imwrite(str(tmp_path / "b.tif"), levels)
        found = read_picture(tmp_path / "b.tif")
        expected = np.broadcast_to(levels.reshape(7, 9, -1)[..., ::-1], (7, 9, 3))
        assert np.abs(found - expected * (255 / np.iinfo(dtype).max)).max() <= 1
