"""Ms per map of MSI-Net on every engine that is installed, at every precision, in one run."""
import time

import numpy as np
import tensorflow as tf

from keras_saliency.export import int8
from keras_saliency.export.accelerated import accelerate
from keras_saliency.export.formats import AUTO, engines
from keras_saliency.export.generated_pictures import generate
from keras_saliency.files import InputError, MissingPackage
from keras_saliency.models import build_model, facts_of, load_pretrained, with_facts
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.prediction.runtimes import PRECISIONS

KERAS = "Keras, float32"
PICTURES = 10  # that maps are compared on
CANVAS = (240, 320)  # of the paper; that of the pretrained weights is larger


def run(rounds=12, log=print, **options) -> dict:
    """Measure one map of 240x320; engines take turns and the best round of each counts.

    Args:
        rounds: of one map each. options: of MSI-Net; without them it has its pretrained weights.

    Returns:
        {engine and precision: (ms, largest difference of its maps from Keras' in float32, their
        losses, see `int8.losses`)}.
    """
    model = build_model("msi_net", **options) if options else load_pretrained("msi_net")
    model = with_facts(model, facts_of(model).changed(canvas=CANVAS))
    images = [tf.constant(p[np.newaxis]) for p in generate(PICTURES, CANVAS, seed=1)]
    forwards = {KERAS: forward_function(model), **_accelerated(model, log)}
    maps = {name: [np.asarray(forward(image))[0] for image in images]
            for name, forward in forwards.items()}
    best = dict.fromkeys(forwards, np.inf)
    for _ in range(rounds):
        for name, forward in forwards.items():
            start = time.perf_counter()
            np.asarray(forward(images[0]))
            best[name] = min(best[name], 1000 * (time.perf_counter() - start))
    results = {name: (best[name], float(np.abs(np.subtract(maps[name], maps[KERAS])).max()),
                      int8.losses(maps[KERAS], maps[name])) for name in forwards}
    log(table(results))
    return results


def table(results: dict) -> str:
    """Markdown: ms, times as fast as Keras, largest difference, losses."""
    first = results[KERAS][0]
    rows = [f"| {name} | {ms:.0f} | {first / ms:.2f} | {difference:.4f} | "
            + " | ".join(f"{abs(lost[metric]):.4f}" for metric in int8.LIMITS) + " |"
            for name, (ms, difference, lost) in results.items()]
    heads = ("ms", "times as fast", "largest difference",
             *(f"{metric.upper()} lost" for metric in int8.LIMITS))
    return "\n".join([f"| one map of MSI-Net | {' | '.join(heads)} |",
                      "| --- |" + " ---: |" * len(heads), *rows])


def _accelerated(model, log) -> dict:
    """{engine and precision: function}, of those that are installed and that this machine has."""
    found = {}
    for engine, spec in engines().items():
        for precision in (p for p in PRECISIONS if p != AUTO and p in spec.precisions):
            try:
                forward = accelerate(model, engine, precision, log=lambda line: None)
            except (MissingPackage, InputError) as error:
                log(f"left out: {error}")
                continue
            if forward.precision == precision:
                found[f"{engine}, {precision}"] = forward.maps
    return found
