"""The web page of a network in a real browser, Chromium without a window.

Where KERAS_SALIENCY_WEB names a folder in which `web_runtime.COMMAND` was run, as CI does, nothing
of it may be missing; elsewhere it is skipped.
"""
import base64
import functools
import http.server
import io
import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import keras_saliency as ks
from keras_saliency.areas.files import read_areas
from keras_saliency.export import web_page
from keras_saliency.export.web_page import export_web, osie_validation
from keras_saliency.maps import arrays
from keras_saliency.models import MODELS, facts_of, with_facts
from keras_saliency.prediction.pictures import read_picture

RUNTIME = os.environ.get("KERAS_SALIENCY_WEB")
GALLERY = Path(__file__).resolve().parents[2] / "docs" / "gallery"
CLOSE = 0.05  # of maps from 0 to 1, weights in 8 bits
READY = 120000  # milliseconds

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not RUNTIME, reason="KERAS_SALIENCY_WEB names no folder with the page's runtime")]


@pytest.fixture(scope="module")
def model():
    """MSI-Net on a canvas of 3/10, where each side of the comparison takes a tenth of the time."""
    trained = ks.load_pretrained("msi_net")
    return with_facts(trained, facts_of(trained).changed(canvas=(72, 96)))


@pytest.fixture(scope="module")
def demo(model, tmp_path_factory):
    """The exported folder, for one canvas and turned: as large for the camera as for pictures."""
    folder = tmp_path_factory.mktemp("web") / "demo"
    said = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web_page, "_half", lambda model, canvas: canvas)
        export_web(model, folder, runtime=RUNTIME, log=said.append)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert size < 40e6, said
    return folder


@pytest.fixture(scope="module")
def address(demo):
    """Of the folder, as `python -m http.server` serves it."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(demo))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "install Chromium (apt-get install chromium)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[
            "--no-sandbox", "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, **options):
    """The page, ready, with the network shut: what it asks of another machine fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    asked, wrong = [], []
    context.route(lambda url: not url.startswith((address, "blob:", "data:")),
                  lambda route: (asked.append(route.request.url), route.abort()))
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=READY)
    yield page
    context.close()
    assert not asked and not wrong


@pytest.fixture(scope="module")
def ready(browser, address):
    with opened(browser, address, permissions=["camera"]) as page:
        yield page


def choose(page, path, field="#file"):
    page.set_input_files(field, str(path))


def predicted(page, path):
    """Choose a picture, and wait until it is predicted."""
    choose(page, path)
    page.wait_for_selector(f"figcaption:text('{Path(path).name}'):text(' ms')", timeout=READY)


def maps_of(page, demo, paths):
    """What the page's own network makes of files: a map [H, W] for each."""
    served = demo / "pictures"
    served.mkdir(exist_ok=True)
    for path in paths:
        shutil.copyfile(path, served / Path(path).name)
    for name in (Path(path).name for path in paths):
        found = page.evaluate("""async name => {
          const {loadNetwork} = await import('/network.js');
          const {readPicture} = await import('/picture.js');
          const settings = await (await fetch('/model.json')).json();
          self.network ??= await loadNetwork(settings, () => {});
          const blob = await (await fetch(`/pictures/${name}`)).blob();
          const picture = await readPicture(new File([blob], name));
          const {map} = await self.network.predict(picture);
          const bytes = new Uint8Array(map.buffer, map.byteOffset, map.byteLength);
          const url = await new Promise(resolve => {
            const reader = new FileReader();
            reader.onload = () => resolve(reader.result);
            reader.readAsDataURL(new Blob([bytes]));
          });
          return {map: url.split(',')[1], size: picture.size};
        }""", name)
        values = np.frombuffer(base64.b64decode(found["map"]), np.float32)
        yield values.reshape(found["size"])
    shutil.rmtree(served)


def test_it_predicts_what_the_network_does(ready, demo, model):
    paths = sorted(GALLERY.glob("*.jpg"))
    assert len(paths) == 8
    for path, found in zip(paths, maps_of(ready, demo, paths)):
        expected = ks.predict(model, read_picture(path))
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < CLOSE, path.name


def test_it_scores_as_the_network_does(ready, demo, model, osie_root):
    stimuli, _ = osie_validation(osie_root)
    stimuli = stimuli.select(np.arange(5))
    fixated = [stimuli.fixations.fixation_map(index) for index in range(5)]
    expected = [ks.metrics.nss(ks.predict(model, read_picture(path)), fixations)
                for path, fixations in zip(stimuli.stimuli, fixated)]
    found = [ks.metrics.nss(saliency_map, fixations)
             for saliency_map, fixations in zip(maps_of(ready, demo, stimuli.stimuli), fixated)]
    assert np.mean(found) == pytest.approx(np.mean(expected), abs=0.02)
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_it_has_threads_and_does_without(ready, browser, address):
    assert ready.evaluate("crossOriginIsolated")
    with opened(browser, address, service_workers="block") as page:
        assert "one thread" in page.inner_text("#status")
        predicted(page, GALLERY / "coffee.jpg")


def test_areas(ready, model, tmp_path):
    picture = GALLERY / "astronaut.jpg"
    predicted(ready, picture)
    box = ready.locator(".pictures canvas").first.bounding_box()

    def drag(*places):
        for number, (x, y) in enumerate(places):
            ready.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
            if number == 0:
                ready.mouse.down()
        ready.mouse.up()

    drag((0.3, 0.05), (0.5, 0.2), (0.62, 0.36))
    drag((0.05, 0.5), (0.2, 0.6), (0.4, 0.95))
    drag((0.2, 0.7), (0.3, 0.6))            # moves the second
    drag((0.15, 0.4), (0.2, 0.3), (0.4, 0.3))  # by its corner, over the first
    ready.click("#table tr:nth-child(1) input", click_count=3)  # what is there is selected
    ready.keyboard.type("=face")
    ready.keyboard.press("Tab")
    ready.locator(".pictures canvas").first.focus()
    for key in ("n", "ArrowRight", "Shift+ArrowDown"):
        ready.keyboard.press(key)
    assert ready.locator("#table input").count() == 3
    ready.keyboard.press("Delete")
    assert ready.locator("#table input").count() == 2
    ready.locator(".pictures canvas").first.focus()
    ready.keyboard.press("n")
    ready.click("#table tr:nth-child(1) td:nth-child(3)")  # selects the first
    assert ready.locator("tr.selected input").input_value() == "=face"
    ready.click("#table tr:nth-child(3) button")
    assert ready.locator("#table input").count() == 2

    saved = {}
    for button in ("#csv", "#png", "#report"):
        with ready.expect_download() as download:
            ready.click(button)
        saved[button] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[button])
    image = read_picture(picture)
    areas = read_areas(saved["#csv"]).of(picture, image.shape[:2])
    assert list(areas) == ["=face", "area 2"]
    expected = ks.analysis.attention_share(ks.predict(model, image), areas)
    assert expected.repeated > 0
    rows = [line.split("\t") for line in ready.inner_text("#table").splitlines()[1:]]
    shares = [float(row[2].rstrip(" %")) / 100 for row in rows]
    np.testing.assert_allclose(shares[:2], expected.share, atol=0.005)
    np.testing.assert_allclose(shares[2:], [expected.rest, -expected.repeated], atol=0.01)
    assert sum(shares) == pytest.approx(1, abs=0.002)
    np.testing.assert_allclose([float(row[4]) for row in rows[:2]], expected.ratio, rtol=0.02)
    assert [int(row[5]) for row in rows[:2]] == expected.rank.tolist()
    assert cv2.imread(str(saved["#png"])).shape == image.shape
    page = saved["#report"].read_text()
    assert "data:image/jpeg" in page and "=face" in page and "http" not in page


def test_two_pictures_are_compared(ready):
    predicted(ready, GALLERY / "coffee.jpg")
    ready.locator(".pictures canvas").first.focus()
    ready.keyboard.press("n")
    choose(ready, GALLERY / "chelsea.jpg", "#other")
    ready.wait_for_selector("figcaption:text('B: chelsea.jpg'):text(' ms')", timeout=READY)
    assert "share of B" in ready.inner_text("#table")
    ready.select_option("#view", "side")
    assert ready.locator(".pictures canvas:visible").count() == 4
    ready.select_option("#view", "contours")
    ready.select_option("#view", "overlay")


def test_camera(ready):
    ready.click("#camera")
    ready.wait_for_selector("figcaption:text('frames/s'):not(:text(' 0.0 frames/s'))",
                            timeout=READY)
    rate = float(ready.inner_text("figcaption").split()[-2])
    assert 0 < rate < 60
    ready.click("#camera")
    assert ready.inner_text("#status") == "The camera is off"


def test_bad_pictures_give_a_message(ready, tmp_path):
    random = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    (tmp_path / "text.jpg").write_text("no picture")
    cv2.imwrite(str(tmp_path / "whole.png"), random)
    whole = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "damaged.png").write_bytes(whole[:len(whole) // 3])
    wide = io.BytesIO()
    Image.new("L", (12000, 10)).save(wide, "png")
    (tmp_path / "wide.png").write_bytes(wide.getvalue())
    for name, message in (("text.jpg", "text.jpg: not a picture"),
                          ("damaged.png", "damaged.png: "),
                          ("wide.png", "wide.png: 12000 x 10 pixels; make it smaller")):
        choose(ready, tmp_path / name)
        ready.wait_for_selector(f"#status.error:text('{message}')", timeout=READY)
    predicted(ready, tmp_path / "whole.png")


def test_a_strip_is_named(ready, tmp_path):
    for name, size in (("long.png", (60, 240)), ("page.png", (240, 60)), ("other.png", (239, 60))):
        cv2.imwrite(str(tmp_path / name), np.zeros((*size, 3), np.uint8))
        predicted(ready, tmp_path / name)
        assert ("predict --screens" in ready.inner_text("figcaption")) is (name != "other.png")


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(ready, width):
    predicted(ready, GALLERY / "rocket.jpg")
    ready.locator(".pictures canvas").first.focus()
    ready.keyboard.press("n")
    ready.set_viewport_size({"width": width, "height": 900})
    assert ready.evaluate("document.documentElement.scrollWidth") <= width
    ready.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("size, made", [((7, 9), (3, 20)), ((5, 4), (5, 1)), ((1, 30), (4, 13))])
def test_resizing_is_that_of_the_package(ready, size, made):
    values = np.random.default_rng(0).uniform(0, 255, (*size, 3)).astype(np.float32)
    found = ready.evaluate("""async ([values, size, made]) => {
      const {resize} = await import('/geometry.js');
      return Array.from(resize(Float32Array.from(values), size, 3, made));
    }""", [values.ravel().tolist(), size, made])
    expected = arrays.resize(values, made)
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, atol=1e-3)


FINISHES = {spec.finish: name for name, spec in MODELS.items() if not spec.classical}


@pytest.mark.parametrize("finish", FINISHES, ids=FINISHES.get)
@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_finishes_are_those_of_the_package(ready, finish, fit):
    canvas_map = np.random.default_rng(0).uniform(-1, 1, (24, 32, 1)).astype(np.float32)
    if finish.normalise:
        canvas_map = np.abs(canvas_map)
    found = ready.evaluate("""async ([finish, map, fit]) => {
      const {finished} = await import('/finish.js');
      return Array.from(finished(Float32Array.from(map), [24, 32], [40, 30], fit, finish));
    }""", [finish.to_dict(), canvas_map.ravel().tolist(), fit])
    expected = arrays.finished(canvas_map, (40, 30), fit, finish)[..., 0]
    np.testing.assert_allclose(np.reshape(found, expected.shape), expected, rtol=1e-3,
                               atol=1e-4 * np.abs(expected).max())
