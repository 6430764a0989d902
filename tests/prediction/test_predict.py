"""ks.predict on pictures of all kinds."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import maps, prediction
from keras_saliency.models import MODELS, facts_of


@pytest.fixture(scope="module")
def model():
    model = ks.build_model("msi_net", width_multiplier=0.03)
    model = ks.facts(model, canvas=(48, 64))
    return model


@pytest.mark.parametrize("size", [(60, 80), (80, 60), (1, 1), (37, 300), (300, 5), (48, 64)])
def test_map_has_the_size_of_the_picture(model, size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    saliency_map = ks.predict(model, image)
    assert saliency_map.shape == size and saliency_map.dtype == np.float32
    assert np.isfinite(saliency_map).all()
    assert saliency_map.min() >= 0 and saliency_map.max() <= 1


def test_portrait_pictures_turn_the_canvas(model):
    image = np.random.default_rng(0).integers(0, 256, (64, 48, 3), np.uint8)
    np.testing.assert_allclose(ks.predict(model, image),
                               model(image[None].astype(np.float32))[0, ..., 0], atol=1e-5)


def test_a_model_of_stretched_pictures_predicts_so():
    model = ks.build_model("ead", width_multiplier=0.03)
    model = ks.facts(model, canvas=(48, 64), fit="stretch")
    image = np.random.default_rng(0).integers(0, 256, (96, 64, 3), np.uint8)
    canvas = maps.to_canvas(image, (48, 64), fit="stretch")
    expected = maps.from_canvas(model(canvas[None])[0], (96, 64), "stretch")[..., 0]
    np.testing.assert_allclose(ks.predict(model, image), np.maximum(expected, 0), atol=1e-5)
    model = ks.facts(model, fit="pad")
    assert np.abs(ks.predict(model, image) - np.maximum(expected, 0)).max() > 1e-3


@pytest.mark.parametrize("name, fit", [("salnet_shallow", "stretch"), ("vgg_linear", "stretch"),
                                       ("msi_net", "pad"), ("ead", "pad"), ("salgan", "pad")])
def test_built_models_fit_pictures_as_their_authors(name, fit):
    assert facts_of(ks.build_model(name, width_multiplier=0.02)).fit == fit


@pytest.mark.parametrize("name", ["itti", "gbvs", "bms", "center_bias"])
def test_classical_models_predict_through_the_same_door(name):
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    saliency_map = ks.predict(ks.build_model(name), image)
    np.testing.assert_array_equal(saliency_map, MODELS[name].builder(image))
    assert saliency_map.dtype == np.float32 and name in ks.list_models()
    with pytest.raises(ValueError, match=f"{name} has no option 'asp'; its options are"):
        ks.build_model(name, asp=True)
    with pytest.raises(ValueError, match="has no encoder"):
        ks.build_model(name, encoder_weights="imagenet")
    with pytest.raises(ValueError, match=r"\[H, W, 3\] RGB"):
        ks.predict(ks.build_model(name), image[..., 0])


def test_options_of_a_classical_model_count():
    image = np.zeros((40, 60, 3), np.uint8)
    narrow, wide = (ks.predict(ks.build_model("center_bias", sigma=(s, s)), image)
                    for s in (0.1, 0.5))
    assert narrow.mean() < wide.mean()


def test_a_fixed_input_shape_is_respected():
    model = ks.build_model("msi_net", input_shape=(48, 64, 3), width_multiplier=0.03)
    assert ks.predict(model, np.zeros((64, 48, 3), np.uint8)).shape == (64, 48)


def test_float_and_uint8_agree(model):
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_array_equal(ks.predict(model, image),
                                  ks.predict(model, image.astype(np.float64)))


@pytest.mark.parametrize("image, message", [
    (np.zeros((4, 5)), r"must be \[H, W, 3\] RGB, not float64 of shape \(4, 5\)"),
    (np.zeros((4, 5, 4)), r"\(4, 5, 4\)"),
    (np.zeros((0, 5, 3)), r"\(0, 5, 3\)"),
    (np.full((4, 5, 3), np.nan), "not finite"),
])
def test_wrong_images_are_refused(model, image, message):
    with pytest.raises(ValueError, match=message):
        ks.predict(model, image)


def test_read_picture_kinds(tmp_path):
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (20, 30, 3), np.uint8)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    cv2.imwrite(str(tmp_path / "rgb.png"), bgr)
    cv2.imwrite(str(tmp_path / "gray.png"), rgb[..., 0])
    cv2.imwrite(str(tmp_path / "deep.png"), bgr.astype(np.uint16) * 256)
    cv2.imwrite(str(tmp_path / "alpha.png"), np.dstack([bgr, np.full((20, 30), 255, np.uint8)]))
    np.testing.assert_array_equal(prediction.read_picture(tmp_path / "rgb.png"), rgb)
    np.testing.assert_array_equal(prediction.read_picture(tmp_path / "gray.png"),
                                  np.repeat(rgb[..., :1], 3, -1))
    np.testing.assert_array_equal(prediction.read_picture(tmp_path / "deep.png"), rgb)
    np.testing.assert_array_equal(prediction.read_picture(tmp_path / "alpha.png"), rgb)


def test_read_picture_turns_upright(tmp_path):
    from PIL import Image
    picture = Image.fromarray(np.zeros((20, 30, 3), np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6  # rotated by 90 degrees
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert prediction.read_picture(tmp_path / "turned.jpg").shape == (30, 20, 3)


def test_unreadable_pictures_are_named(tmp_path):
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "empty.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match="text.jpg: not a picture"):
        prediction.read_picture(tmp_path / "text.jpg")
    with pytest.raises(ValueError, match="empty.jpg: the file is empty"):
        prediction.read_picture(tmp_path / "empty.jpg")
    with pytest.raises(ValueError, match="none.jpg: No such file"):
        prediction.read_picture(tmp_path / "none.jpg")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(ValueError, match="no pictures in this folder"):
        prediction.find_pictures(tmp_path / "nothing")
    with pytest.raises(ValueError, match="no such file or folder"):
        prediction.find_pictures(tmp_path / "never")
