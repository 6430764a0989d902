"""How much of an engine's own speed is left when a folder of pictures is predicted."""
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from keras_saliency import export
from keras_saliency.export.openvino_model import save_openvino
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import build_model, facts_of, load_pretrained, with_facts
from keras_saliency.prediction import prediction_files
from keras_saliency.prediction.exported import load_exported
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.prediction.predictor import predict

SIZE = (600, 800)
CANVAS = (240, 320)  # of the paper; that of the pretrained weights is larger
KERAS = "Keras"
# What a program without this package would do.
FIRST_MAP = """
import sys
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
image = tf.io.decode_jpeg(tf.io.read_file(sys.argv[2]), channels=3)
print(float(tf.reduce_max(served(images=image[tf.newaxis])["saliency"])))
"""
PREDICT = str(Path(__file__).resolve().parents[1] / "scripts" / "predict.py")


def run(images=30, rounds=3, log=print, **options) -> dict:
    """Measure MSI-Net in Keras and, where OpenVINO is installed, from exported files; the best of
    the rounds counts.

    Args:
        images: pictures of 600x800 in the folder.
        options: of the model; without them it has its pretrained weights.

    Returns:
        {name: {"bare": maps/s on a canvas in memory, "folder": pictures/s from JPEG to PNG files,
        "start": seconds from starting Python to the first map}}.
    """
    model = build_model("msi_net", **options) if options else load_pretrained("msi_net")
    model = with_facts(model, facts_of(model).changed(canvas=CANVAS))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        _write_pictures(folder / "pictures", images)
        picture = next((folder / "pictures").iterdir())
        saved = export.save(model, folder / "saved_model")
        contenders = {KERAS: (model, forward_function(model),
                              [sys.executable, "-c", FIRST_MAP, str(saved), str(picture)])}
        for weights in ("float32", "bfloat16", "int8"):
            try:
                file = save_openvino(model, folder / weights, dynamic_canvas=True, log=log,
                                     weights=weights if weights == "int8" else "float32")
                loaded = load_exported(file, weights)
                in_work = load_exported(file, weights, at_once=prediction_files.AT_ONCE)
            except (MissingPackage, InputError) as error:
                log(f"left out: {error}")
                continue
            contenders[f"OpenVINO file, {weights}"] = (in_work, loaded.maps, [
                sys.executable, PREDICT, str(picture), "--weights", str(file), "--precision",
                weights, "--out", str(folder / "first")])
        results = {name: _measure(*contender, folder, images, rounds)
                   for name, contender in contenders.items()}
    log(table(results))
    return results


def table(results: dict) -> str:
    """Markdown: what was measured, the share of the bare rate, and how much faster than Keras."""
    slowest = results[KERAS]["folder"]
    rows = [f"| {name} | {r['bare']:.2f} | {r['folder']:.2f} | {r['folder'] / r['bare']:.2f} | "
            f"{r['folder'] / slowest:.2f} | {r['start']:.1f} |" for name, r in results.items()]
    return "\n".join(["| MSI-Net | maps/s | pictures/s | share | times as fast | first map, s |",
                      "| --- |" + " ---: |" * 5, *rows])


def _measure(model, forward, command, folder, images, rounds) -> dict:
    canvases = np.random.default_rng(0).uniform(0, 255, (images, 1, *CANVAS, 3))
    canvases = canvases.astype(np.float32)
    np.asarray(forward(canvases[0]))
    bare = end_to_end = start = np.inf
    for _ in range(rounds):
        bare = min(bare, _seconds(lambda: [np.asarray(forward(c)) for c in canvases]))
        end_to_end = min(end_to_end, _seconds(lambda: prediction_files.predict_all(
            functools.partial(predict, model), [folder / "pictures"], folder / "out")))
        start = min(start, _seconds(lambda: subprocess.run(
            command, check=True, capture_output=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})))
    return {"bare": images / bare, "folder": images / end_to_end, "start": start}


def _seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _write_pictures(folder, count) -> None:
    """Photographs' sizes and smoothness, without photographs."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = rng.integers(0, 256, (12, 16, 3), np.uint8)
        picture = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
        noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{index:03d}.jpg"), noisy)
