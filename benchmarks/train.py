"""How fast training is: bare step, full loop, frozen blocks, cached features, in one run."""
import time

import keras
import tensorflow as tf

from keras_saliency import losses
from keras_saliency.datasets import pipeline, popout
from keras_saliency.models import build_model
from keras_saliency.models.precision import BFLOAT16, FLOAT32, at_precision, native_bfloat16
from keras_saliency.training import features

CANVAS = (240, 320)
LOSSES = {"msi_net": "kld", "ead": "ead"}


def run(names=("msi_net", "ead"), batch=2, steps=3, rounds=6, stimuli=16, log=print) -> dict:
    """Measure images/s of training each model at 240x320 on search arrays of 600x800 pixels.

    The variants take turns in many short rounds, and the best round of each counts: what else
    happens on a machine can only slow a round down.

    Args:
        names: models. batch: images a step. steps: steps a round. stimuli: size of the set.

    Returns:
        {model: {(variant, precision): images/s}} with the variants `step` (the compiled step on a
        constant batch, every layer trained), `frozen` (the same with blocks 1-4 frozen), `loop`
        (the first with the pipeline) and `cached` (blocks 1-4 frozen, from cached responses), in
        float32 and, where this machine has it, in bfloat16.
    """
    dataset = popout.load(count=stimuli, size=(600, 800))
    sigma = pipeline.sigma_pixels(dataset)
    results = {}
    for name in names:
        spec = pipeline.CanvasSpec(CANVAS, sigma, losses.required_targets([LOSSES[name]]))
        variants = {
            (variant, precision): prepare(name, precision, dataset, spec, batch)
            for variant, prepare in VARIANTS.items()
            for precision in (FLOAT32, *([BFLOAT16] if native_bfloat16() else []))}
        speeds = {variant: [] for variant in variants}
        for train in variants.values():
            train(1)  # compile
        for _ in range(rounds):
            for variant, train in variants.items():
                start = time.perf_counter()
                train(steps)
                speeds[variant].append(steps * batch / (time.perf_counter() - start))
        results[name] = {key: max(values) for key, values in speeds.items()}
        log(describe(name, results[name]))
    return results


def describe(name: str, speeds: dict) -> str:
    """Markdown: images/s of each variant, and how much faster bfloat16 is."""
    lines = [f"| {name}, images/s | float32 | bfloat16 | times as fast |",
             "| --- | ---: | ---: | ---: |"]
    for variant in VARIANTS:
        plain, fast = speeds[variant, FLOAT32], speeds.get((variant, BFLOAT16))
        lines.append(f"| {variant} | {plain:.2f} | " + (
            f"{fast:.2f} | {fast / plain:.2f} |" if fast else "| |"))
    return "\n".join(lines)


def _compiled(network, name, precision):
    network = at_precision(network, precision)
    network.compile(optimizer=keras.optimizers.Adam(1e-6), jit_compile=False,
                    loss=losses.weighted({LOSSES[name]: 1.0}))
    return network


def _orders(dataset, batch):
    return pipeline.epoch_orders(len(dataset), batch, 0, False, range(10_000))


def _step(name, precision, dataset, spec, batch, freeze=None):
    model = build_model(name)
    if freeze:
        features.freeze_through(model, freeze)
    network = _compiled(model, name, precision)
    images, targets = next(iter(pipeline.canvas_stream(dataset, spec, batch)))

    def train(steps):
        for _ in range(steps):
            network.train_on_batch(images, targets)

    return train


def _frozen(name, precision, dataset, spec, batch):
    return _step(name, precision, dataset, spec, batch, "block4")


def _loop(name, precision, dataset, spec, batch):
    network = _compiled(build_model(name), name, precision)
    load = pipeline.example_loader(dataset, spec)
    return _fit(network, pipeline.training_stream(_orders(dataset, batch), load, batch))


def _cached(name, precision, dataset, spec, batch):
    model = build_model(name)
    features.freeze_through(model, "block4")
    trunk, head = features.split_at_frozen(at_precision(model, precision))
    arrays = features.cache_features(
        trunk, [pipeline.canvas_stream(dataset, spec, 4)], len(dataset))
    load = features.cached_loader(arrays, len(dataset))
    return _fit(_compiled(head, name, FLOAT32),  # its layers have their precision
                pipeline.training_stream(_orders(dataset, batch), load, batch))


def _fit(network, stream: tf.data.Dataset):
    def train(steps):
        network.fit(stream, steps_per_epoch=steps, epochs=1, verbose=0, shuffle=False)

    return train


VARIANTS = {"step": _step, "frozen": _frozen, "loop": _loop, "cached": _cached}
