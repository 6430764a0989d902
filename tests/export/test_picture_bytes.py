"""What an exported module refuses before it decodes: many large pictures, JPEGs of many scans."""
import io
import re

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import keras_saliency as ks

LIMIT = 2000  # pixels of one


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    model = ks.build_model("msi_net", width_multiplier=0.02)
    model = ks.facts(model, canvas=(16, 24))
    exported = ks.export.save(model, tmp_path_factory.mktemp("model") / "m", limit=LIMIT)
    loaded = tf.saved_model.load(str(exported))
    signature = loaded.signatures["serve_bytes"]
    signature.kept = loaded  # its variables live as long as this
    return lambda contents: signature(image_bytes=tf.constant(contents))


def encoded(kind, height, width):
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(kind, picture)[1].tobytes()


def progressive(scans) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    last, end = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    return data[:end] + data[last:end] * (scans - data.count(b"\xff\xda")) + data[end:]


@pytest.mark.parametrize("kinds", [(".jpg",), (".png",), (".bmp",), (".jpg", ".png", ".bmp")])
def test_a_batch_has_a_limit_in_total(serve, kinds):
    pictures = [encoded(kinds[i % len(kinds)], 40, 50 if i < 3 else 25) for i in range(5)]
    assert serve(pictures)["saliency"].shape[0] == 5  # 8000 pixels, four times the limit
    assert serve(pictures[:4])["saliency"].shape[0] == 4
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        serve([*pictures, encoded(".png", 1, 1)])
    assert re.search(r"image_bytes have more than 8000 pixels together; send them in several "
                     r"requests; their pixels are.*8001", str(error.value)), error.value


def test_a_picture_that_is_too_large_for_itself_is_named_by_its_place(serve):
    """To send it in another request would not help."""
    pictures = [encoded(".jpg", 10, 10)] * 6
    for kind in (".jpg", ".png", ".bmp"):
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            serve([*pictures[:4], encoded(kind, 100, 90), pictures[0][:60], *pictures])
        assert "[4 5]" in str(error.value) and "larger than 2000 pixels" in str(error.value)


def test_jpegs_of_many_scans_are_named_by_their_places(serve):
    good = progressive(500)
    assert serve([good])["original_size"].numpy().tolist() == [[8, 8]]
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        serve([good, progressive(501), encoded(".png", 9, 9), progressive(5000)])
    assert "[1 3]" in str(error.value) and "JPEGs of too many scans" in str(error.value)


def test_scans_of_large_pictures_are_fewer(serve):
    """Each may go over all pixels: 100 at the limit."""
    data = bytearray(progressive(101))
    frame = data.find(b"\xff\xc2")
    data[frame + 5:frame + 9] = (40).to_bytes(2, "big") + (50).to_bytes(2, "big")
    with pytest.raises(tf.errors.InvalidArgumentError, match="too many scans"):
        serve([bytes(data)])
    data[frame + 5:frame + 9] = (40).to_bytes(2, "big") + (49).to_bytes(2, "big")
    assert serve([bytes(data)])["original_size"].numpy().tolist() == [[40, 49]]


def test_other_kinds_may_hold_the_bytes_of_a_scan(serve):
    picture = np.tile(np.array([0xff, 0xda, 0x00], np.uint8), (30, 40, 1))
    bmp = cv2.imencode(".bmp", picture)[1].tobytes()
    assert bmp.count(b"\xff\xda") == 1200
    assert serve([bmp])["original_size"].numpy().tolist() == [[30, 40]]
