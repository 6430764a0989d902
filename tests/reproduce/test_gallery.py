"""The gallery: a row per picture, with what each model says of it."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import config as configs
from keras_saliency.reproduce import gallery


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Rows and titles that would be drawn, with small models in place of the pretrained ones."""
    seen = {}
    monkeypatch.setattr(gallery, "load_pretrained", lambda name: ks.build_model(
        name, input_shape=(48, 64, 3), width_multiplier=0.03))
    original = gallery.figures.sample_strip

    def strip(rows, path, titles):
        seen.update(rows=rows, titles=titles)
        original(rows, path, titles)

    monkeypatch.setattr(gallery.figures, "sample_strip", strip)
    seen["config"] = configs.from_dict({
        "name": "gallery", "output": str(tmp_path), "data": {
            "name": "popout", "sigma_pixels": 6, "options": {"count": 24, "size": [96, 128]}}})
    return seen


def test_validation_stimuli_come_with_their_densities(drawn, tmp_path):
    path = gallery.run(drawn["config"], log=lambda line: None)
    assert path == tmp_path / "gallery" / "gallery.png"
    assert drawn["titles"] == ("stimulus", "fixation density", "MSI-Net", "EAD", "center bias")
    assert len(drawn["rows"]) == 8
    for image, *maps, label in drawn["rows"]:
        assert image.shape == (96, 128, 3) and label
        assert all(m.shape == (96, 128) and np.ptp(m) > 0 for m in maps)
    assert cv2.imread(str(path)).shape[0] > 8 * 100


def test_own_pictures_have_no_density(drawn, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, shape in (("tall_one.png", (60, 40, 3)), ("wide.jpg", (40, 90, 3))):
        cv2.imwrite(str(folder / name), np.random.default_rng(0).integers(0, 255, shape, np.uint8))
    gallery.run(drawn["config"], pictures=folder, log=lambda line: None)
    assert drawn["titles"] == ("picture", "MSI-Net", "EAD", "center bias")
    assert [row[-1] for row in drawn["rows"]] == ["tall one", "wide"]
    assert [row[3].shape for row in drawn["rows"]] == [(60, 40), (40, 90)]
