"""How fast training is: bare step, full loop, loop on cached features, in one run."""
import time

import keras
import tensorflow as tf

from keras_saliency import losses
from keras_saliency.datasets import pipeline, popout
from keras_saliency.models import build_model
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
        {model: {variant: images/s}} with the variants `step` (the compiled step on a constant
        batch, every layer trained), `loop` (the same with the pipeline) and `cached` (blocks
        1-4 frozen, from cached responses).
    """
    dataset = popout.load(count=stimuli, size=(600, 800))
    sigma = pipeline.sigma_pixels(dataset)
    results = {}
    for name in names:
        spec = pipeline.CanvasSpec(CANVAS, sigma, losses.required_targets([LOSSES[name]]))
        variants = {
            "step": _step(name, dataset, spec, batch),
            "loop": _loop(name, dataset, spec, batch),
            "cached": _cached(name, dataset, spec, batch),
        }
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
    """Images/s and the ratios that matter, in one line."""
    return (f"{name}: bare step {speeds['step']:.2f} images/s, full loop {speeds['loop']:.2f} "
            f"({speeds['loop'] / speeds['step']:.2f} of the step), cached features "
            f"{speeds['cached']:.2f} ({speeds['cached'] / speeds['loop']:.1f}x the loop that "
            "trains every layer)")


def _compiled(network, name):
    network.compile(optimizer=keras.optimizers.Adam(1e-6), jit_compile=False,
                    loss=losses.weighted({LOSSES[name]: 1.0}))
    return network


def _orders(dataset, batch):
    return pipeline.epoch_orders(len(dataset), batch, 0, False, range(10_000))


def _step(name, dataset, spec, batch):
    network = _compiled(build_model(name), name)
    images, targets = next(iter(pipeline.canvas_stream(dataset, spec, batch)))

    def train(steps):
        for _ in range(steps):
            network.train_on_batch(images, targets)

    return train


def _loop(name, dataset, spec, batch):
    network = _compiled(build_model(name), name)
    load = pipeline.example_loader(dataset, spec)
    return _fit(network, pipeline.training_stream(_orders(dataset, batch), load, batch))


def _cached(name, dataset, spec, batch):
    model = build_model(name)
    features.freeze_through(model, "block4")
    trunk, head = features.split_at_frozen(model)
    arrays = features.cache_features(
        trunk, [pipeline.canvas_stream(dataset, spec, 4)], len(dataset))
    load = features.cached_loader(arrays, len(dataset))
    return _fit(_compiled(head, name),
                pipeline.training_stream(_orders(dataset, batch), load, batch))


def _fit(network, stream: tf.data.Dataset):
    def train(steps):
        network.fit(stream, steps_per_epoch=steps, epochs=1, verbose=0)

    return train
