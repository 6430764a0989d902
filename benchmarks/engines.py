"""Ms per map of MSI-Net on every engine that is installed, at every precision, in one run."""
import time

import numpy as np
import tensorflow as tf

from keras_saliency.config import PRECISIONS
from keras_saliency.engines import ENGINES, accelerate
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import build_model, load_pretrained
from keras_saliency.prediction.forward import forward_function

KERAS = "Keras, float32"


def run(rounds=12, log=print, **options) -> dict:
    """Measure one map at the model's canvas; engines take turns and the best round of each counts.

    Args:
        rounds: of one map each. options: of MSI-Net; without them it has its pretrained weights.

    Returns:
        {engine and precision: (ms, largest difference of its map from Keras' in float32)}.
    """
    model = build_model("msi_net", **options) if options else load_pretrained("msi_net")
    image = _picture(model.canvas)
    forwards = {KERAS: forward_function(model), **_accelerated(model, log)}
    maps = {name: np.asarray(forward(image)) for name, forward in forwards.items()}
    best = dict.fromkeys(forwards, np.inf)
    for _ in range(rounds):
        for name, forward in forwards.items():
            start = time.perf_counter()
            np.asarray(forward(image))
            best[name] = min(best[name], 1000 * (time.perf_counter() - start))
    results = {name: (best[name], float(np.abs(maps[name] - maps[KERAS]).max()))
               for name in forwards}
    log(table(results))
    return results


def table(results: dict) -> str:
    """Markdown: ms, times as fast as Keras, largest difference."""
    first = results[KERAS][0]
    rows = [f"| {name} | {ms:.0f} | {first / ms:.2f} | {difference:.4f} |"
            for name, (ms, difference) in results.items()]
    return "\n".join(["| one map of MSI-Net | ms | times as fast | largest difference |",
                      "| --- | ---: | ---: | ---: |", *rows])


def _accelerated(model, log) -> dict:
    """{engine and precision: function}, of those that are installed and that this machine has."""
    found = {}
    for engine, spec in ENGINES.items():
        for precision in (p for p in PRECISIONS if p != "auto" and p in spec.precisions):
            try:
                forward = accelerate(model, engine, precision, log=lambda line: None)
            except (MissingPackage, InputError) as error:
                log(f"left out: {error}")
                continue
            if forward.precision == precision:
                found[f"{engine}, {precision}"] = forward
    return found


def _picture(canvas) -> tf.Tensor:
    """float32 [1, h, w, 3]: coarse colours, enlarged."""
    coarse = np.random.default_rng(0).uniform(0, 255, (1, 6, 8, 3))
    return tf.clip_by_value(tf.image.resize(coarse, canvas, "bicubic"), 0, 255)
