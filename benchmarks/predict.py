"""How much of the network's own speed is left when a folder of pictures is predicted."""
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf

from keras_saliency import export
from keras_saliency.models import build_model
from keras_saliency.prediction import prediction_files
from keras_saliency.prediction.forward import predict

SIZE = (600, 800)
# What a program without this package would do.
FIRST_MAP = """
import sys
import tensorflow as tf
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
image = tf.io.decode_jpeg(tf.io.read_file(sys.argv[2]), channels=3)
print(float(tf.reduce_max(served(images=image[tf.newaxis])["saliency"])))
"""


def run(images=30, rounds=3, log=print, **options) -> dict:
    """Measure and print; returns {"share": end to end / bare, "first_map": seconds}.

    Args:
        images: pictures of 600x800 in the folder. rounds: of which the best counts.
        options: of the model, MSI-Net.
    """
    model = build_model("msi_net", **options)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        _write_pictures(folder / "pictures", images)
        canvas_images = tf.random.stateless_uniform([images, 1, *model.canvas, 3], [1, 2], 0, 255)
        bare = end_to_end = np.inf
        model(canvas_images[0], training=False)
        for _ in range(rounds):
            start = time.perf_counter()
            for batch in canvas_images:
                model(batch, training=False).numpy()
            bare = min(bare, time.perf_counter() - start)
            start = time.perf_counter()
            prediction_files.predict_all(functools.partial(predict, model),
                                         [folder / "pictures"], folder / "out")
            end_to_end = min(end_to_end, time.perf_counter() - start)
        log(f"bare forward pass {images / bare:.2f} images/s; folder of {SIZE[0]}x{SIZE[1]} "
            f"pictures to PNG files {images / end_to_end:.2f} images/s, {bare / end_to_end:.2f} of "
            "it")
        exported = export.save(model, folder / "model")
        first = min(_first_map(exported, next((folder / "pictures").iterdir()))
                    for _ in range(rounds))
        log(f"from starting Python to the first map with a SavedModel: {first:.1f} s")
    return {"share": bare / end_to_end, "first_map": first}


def _write_pictures(folder, count) -> None:
    """Photographs' sizes and smoothness, without photographs."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = rng.integers(0, 256, (12, 16, 3), np.uint8)
        picture = cv2.resize(coarse, SIZE[::-1], interpolation=cv2.INTER_CUBIC)
        noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{index:03d}.jpg"), noisy)


def _first_map(exported, picture) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", FIRST_MAP, str(exported), str(picture)], check=True,
                   capture_output=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    return time.perf_counter() - start
