"""Long pictures in windows: by hand, without seams, in both directions, through every door."""
import warnings
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.files import InputError, InputWarning
from keras_saliency.maps.facts import Facts
from keras_saliency.prediction.screens import MOST, by_screens, is_strip, windows
from keras_saliency.serving import client

PAGE = np.random.default_rng(0).integers(0, 256, (450, 64, 3), np.uint8)


class Recorded:
    """A predictor whose map is a function of each window; `sizes` are those it was given."""

    def __init__(self, maps, canvas=(48, 64), density=False):
        self.function, self.facts, self.sizes = maps, Facts("made", canvas, density=density), []

    def predict(self, image, canvas=None):
        self.sizes.append(image.shape[:2])
        return self.function(image).astype(np.float32)

    def maps(self, batch):
        raise NotImplementedError

    def check_canvas(self, canvas):
        raise NotImplementedError


def brightness(image):
    return image.mean(axis=-1)


def test_two_windows_by_hand():
    starts, shares = windows(6, 4)
    assert starts == [0, 2]
    np.testing.assert_allclose(shares, [[1, 1, 3 / 4, 1 / 4], [1 / 4, 3 / 4, 1, 1]])
    levels = iter([8, 4])
    image = np.zeros((6, 2, 3))
    joined = by_screens(lambda window: np.full((4, 2), next(levels)), image, 4)
    np.testing.assert_array_equal(joined, np.repeat([[8, 8, 7, 5, 4, 4]], 2, axis=0).T)
    assert joined.dtype == np.float32


@pytest.mark.parametrize("length, screen", [(6, 4), (450, 60), (450, 449), (97, 10), (9, 1)])
def test_shares_sum_to_1_and_windows_overlap_by_half(length, screen):
    starts, shares = windows(length, screen)
    total = np.zeros(length)
    for start, share in zip(starts, shares):
        assert len(share) == screen and (share > 0).all()
        total[start:start + screen] += share
    np.testing.assert_allclose(total, 1, rtol=1e-6)
    assert starts[0] == 0 and starts[-1] == length - screen
    assert max(np.diff(starts)) <= max(screen / 2 + 1 / 2, 1)


@pytest.mark.parametrize("lying", [False, True])
def test_what_windows_agree_on_is_the_joined_map(lying):
    page = PAGE.transpose(1, 0, 2) if lying else PAGE
    model = Recorded(brightness)
    joined = ks.predict_screens(model, page, 80)
    np.testing.assert_allclose(joined, brightness(page), rtol=1e-6)
    assert set(model.sizes) == {(64, 80) if lying else (80, 64)} and len(model.sizes) == 11


@pytest.mark.parametrize("lying", [False, True])
def test_there_are_no_seams(lying):
    """Windows of the most different levels change over half a window."""
    page = PAGE[:440].transpose(1, 0, 2) if lying else PAGE[:440]
    count = iter(range(1000))
    joined = by_screens(lambda window: np.full(window.shape[:2], next(count) % 2), page, 80)
    along = joined[0] if lying else joined[:, 0]
    assert np.abs(np.diff(along)).max() <= 1.0001 * 2 / 80
    assert along.min() == 0 and along.max() > 0.95
    assert (joined == (along[None] if lying else along[:, None])).all()


def test_densities_stay_densities():
    page = PAGE[:400]
    uniform = Recorded(lambda image: np.full(image.shape[:2], 1 / image[..., 0].size), density=True)
    np.testing.assert_allclose(ks.predict_screens(uniform, page, 80), 1 / (400 * 64), rtol=1e-6)

    def spot(image):  # in the middle of each window
        density = np.zeros(image.shape[:2])
        density[image.shape[0] // 2, 5] = 1
        return density

    joined = ks.predict_screens(Recorded(spot, density=True), page, 80)
    assert joined.sum() == pytest.approx(1, abs=1e-6)
    assert np.flatnonzero(joined[:, 5]).tolist() == list(range(40, 400, 40))
    np.testing.assert_allclose(joined[80:320:40, 5], joined[80, 5], rtol=1e-6)  # screens are alike


@pytest.mark.parametrize("size", [(48, 64), (64, 48), (255, 64), (64, 255)])
def test_a_picture_of_one_screen_is_predicted_as_ever(size):
    image = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    model = Recorded(brightness)
    np.testing.assert_array_equal(ks.predict_screens(model, image), ks.predict(model, image))
    np.testing.assert_array_equal(ks.predict_screens(model, image, max(size)),
                                  ks.predict(model, image))
    assert set(model.sizes) == {size}


@pytest.mark.parametrize("size, canvas, window", [
    ((256, 64), (48, 64), (85, 64)), ((64, 256), (48, 64), (64, 85)),
    ((256, 64), None, (85, 64)), ((450, 50), (50, 50), (50, 50))])
def test_by_default_windows_have_the_shape_of_the_canvas(size, canvas, window):
    model = Recorded(brightness, canvas)
    ks.predict_screens(model, np.zeros((*size, 3)))
    assert set(model.sizes) == {window}


@pytest.mark.parametrize("screen, message", [
    (15, "screens of 15 pixels of a picture of 450x64 .* at least 16"), (0, "whole number"),
    (80.5, "whole number"), (True, "whole number"), ("900", "whole number")])
def test_screens_of_no_use_are_refused(screen, message):
    with pytest.raises(InputError, match=message):
        ks.predict_screens(Recorded(brightness), PAGE, screen)


def test_windows_have_a_number():
    with pytest.raises(InputError, match=f"at most {MOST}.*give a longer screen"):
        ks.predict_screens(Recorded(brightness), np.zeros((9999, 4, 3)), 8)


def test_a_strip_is_warned_of_once_and_by_predict_alone():
    with pytest.warns(InputWarning) as caught:
        ks.predict(Recorded(brightness), PAGE)
    assert str(caught[0].message) == (
        "a picture of 450x64 (height x width) is 7.03 times as long as wide, and the network sees "
        "64x9 pixels of it: its map shows little detail; predict it in screens (predict_screens, "
        "or --screens)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ks.predict_screens(Recorded(brightness), PAGE)
        ks.predict_screens(Recorded(brightness), PAGE, 80)
        ks.predict(Recorded(brightness), PAGE[:255])
        ks.predict(Recorded(brightness, canvas=(480, 640)), PAGE)  # is not shrunk
    assert is_strip((400, 100)) and is_strip((100, 400)) and not is_strip((399, 100))


def test_a_network_sees_each_window_by_itself():
    model = ks.facts(ks.build_model("msi_net", width_multiplier=0.03), canvas=(48, 64))
    joined = ks.predict_screens(model, PAGE, 80)
    starts, _ = windows(450, 80)
    np.testing.assert_array_equal(joined[:starts[1]], ks.predict(model, PAGE[:80])[:starts[1]])
    last = ks.predict(model, PAGE[-80:])
    np.testing.assert_array_equal(joined[starts[-2] + 80:], last[starts[-2] + 80 - 450:])


def test_the_commands(run, tmp_path):
    cv2.imwrite(str(tmp_path / "page.png"), PAGE[..., ::-1])
    (tmp_path / "areas.csv").write_text("area,left,top,right,bottom\ntop,0,0,64,90\n")
    page, model = tmp_path / "page.png", ks.build_model("center_bias")

    def predicted(name, *options):
        code, said = run("predict", page, "--weights", "center_bias", "--raw", "--out",
                         tmp_path / name, *options)
        assert code == 0, said
        return said, np.load(tmp_path / name / "page.npy")

    said, plain = predicted("plain")
    assert said.count("warning: a picture of 450x64") == 1
    np.testing.assert_array_equal(plain, ks.predict(model, PAGE))
    said, joined = predicted("number", "--screens", "80")
    assert "warning" not in said
    np.testing.assert_array_equal(joined, ks.predict_screens(model, PAGE, 80))
    _, joined = predicted("shape", "--screens")
    np.testing.assert_array_equal(joined, ks.predict_screens(model, PAGE))
    code, said = run("predict", "--screens", page)
    assert code == 2 and "a number of pixels, such as 900" in said
    for options, density in (((), plain), (("--screens",), joined)):
        code, said = run("areas", page, "--areas", tmp_path / "areas.csv", "--weights",
                         "center_bias", "--out", tmp_path / "shares", *options)
        assert code == 0 and ("warning" in said) is not bool(options), said
        rows = (tmp_path / "shares" / "areas.csv").read_text().splitlines()
        share = float(next(row for row in rows if ",top," in row).split(",")[2])
        assert share == pytest.approx(density[:90].sum() / density.sum(), rel=1e-4)
    assert plain[:90].sum() / plain.sum() < 0.1 < share  # its center is far below


def test_a_server_is_asked_for_each_window(monkeypatch):
    from keras_saliency.cli import options

    class Server(client.Client):
        def __init__(self):
            pass

        def predict(self, image):
            return brightness(image)

    server = Server()
    joined = options.served_function(SimpleNamespace(screens=80), server)(PAGE)
    np.testing.assert_allclose(joined, brightness(PAGE), rtol=1e-6)
    with pytest.warns(InputWarning, match="7.03 times as long as wide: its map"):
        plain = options.served_function(SimpleNamespace(screens=None), server)(PAGE)
    np.testing.assert_array_equal(plain, brightness(PAGE))
