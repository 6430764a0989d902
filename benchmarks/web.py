"""Ms per map in a browser, by LiteRT.js and onnxruntime-web, and natively by the same formats."""
import functools
import http.server
import os
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from keras_saliency.export import web_runtime
from keras_saliency.export.generated_pictures import generate
from keras_saliency.export.onnx_model import save_onnx
from keras_saliency.export.tflite import save_tflite
from keras_saliency.files import InputError, import_optional
from keras_saliency.models import facts_of, load_pretrained
from keras_saliency.prediction import runtimes

PAGES = Path(__file__).parent / "web_pages"
MODELS, RUNS, THREADS = ("msi_net", "ead"), 8, 2
ONNX_RUNTIME = "onnxruntime-web@1.30.0"
# {what: (page, ending of the file, how it is written, what opens it natively)}
FORMATS = {
    "LiteRT, float32": ("litert", ".tflite", save_tflite, runtimes.open_tflite),
    "LiteRT, int8": ("litert", ".tflite", functools.partial(save_tflite, quantize="dynamic"),
                     runtimes.open_tflite),
    "ONNX Runtime, float32": ("onnxruntime", ".onnx", save_onnx,
                              lambda path: runtimes.open_onnx(str(path), path)),
}


def run(log=print) -> dict:
    """Measure maps at the networks' own canvas on two cores; the best of RUNS counts.

    Returns:
        {(model, format): (ms in the browser, ms natively, largest difference of the map from the
        network's as a part of its range)}.

    Raises:
        InputError: KERAS_SALIENCY_WEB names no folder in which npm has installed the runtimes; no
            Chromium. MissingPackage: playwright, LiteRT or ONNX Runtime is not installed.
    """
    playwright = import_optional("playwright.sync_api", "browser")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    modules = Path(os.environ.get("KERAS_SALIENCY_WEB", ".")) / "node_modules"
    if not (modules / "onnxruntime-web").is_dir() or chromium is None:
        raise InputError("needs Chromium, and KERAS_SALIENCY_WEB: a folder in which was run\n  "
                         f"{web_runtime.COMMAND} {ONNX_RUNTIME}")
    results = {}
    with tempfile.TemporaryDirectory() as folder, playwright.sync_playwright() as driver:
        folder = Path(folder)
        (folder / "node_modules").symlink_to(modules.resolve())
        for page in PAGES.iterdir():
            shutil.copy(page, folder)
        with _served(folder) as address:
            for name in MODELS:
                model = load_pretrained(name)
                image = np.round(generate(1, facts_of(model).require_canvas()))
                expected = model(image, training=False).numpy()
                for kind, (page, ending, save, opened) in FORMATS.items():
                    file = save(model, folder / f"model{ending}")
                    native = _native(opened(file).run, image)
                    browser = driver.chromium.launch(executable_path=chromium,
                                                     args=["--no-sandbox"])
                    times, made = _in_browser(browser, f"{address}{page}.html", file.name,
                                              image)
                    browser.close()
                    differs = np.abs(np.reshape(made, expected.shape) - expected).max()
                    results[name, kind] = (min(times), native, differs / np.ptp(expected))
                    log(f"{name}, {kind}: {min(times):.0f} ms, natively {native:.0f} ms")
    log(table(results))
    return results


def table(results: dict) -> str:
    """Markdown: ms, frames/s, ms natively, times as long as natively, largest difference."""
    heads = ("ms in the browser", "frames/s", "ms natively", "times as long", "largest difference")
    rows = [f"| {name}, {kind} | {ms:.0f} | {1000 / ms:.2f} | {native:.0f} | {ms / native:.1f} | "
            f"{differs:.4f} |" for (name, kind), (ms, native, differs) in results.items()]
    return "\n".join([f"| model, format | {' | '.join(heads)} |",
                      "| --- |" + " ---: |" * len(heads), *rows])


def _native(forward, image) -> float:
    """Ms of a map."""
    best = np.inf
    for _ in range(RUNS):
        started = time.perf_counter()
        forward(image)
        best = min(best, 1000 * (time.perf_counter() - started))
    return best


def _in_browser(browser, address, file, image) -> tuple:
    """(ms of each map, the last map flat)."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]", state="attached")
    return page.evaluate("given => run(...given)", [
        file, list(image.shape), image.ravel().tolist(), THREADS, RUNS])


@contextmanager
def _served(folder):
    """The address of a server of `folder` whose pages may have threads."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            super().end_headers()

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
