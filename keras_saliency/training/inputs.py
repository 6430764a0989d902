"""Inputs of training and validation: datasets read from files, or their cached responses.

Each dataset has its own loader, and each canvas its own cache.
"""
import hashlib
import json
from pathlib import Path
from typing import Callable

import keras
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import training_pieces
from keras_saliency.datasets.orders import mixed_loader
from keras_saliency.training import features
from keras_saliency.training.run import Run


def inputs(run: Run) -> tuple[keras.Model, Callable, list]:
    """Return the inputs of a run, and the network that takes them.

    Returns:
        (network, load, streams): the network to train; a graph function (share, index, mirrored,
        key) -> example, with shares numbered as in `training_pieces`; the validation stream of
        each dataset.
    """
    settings, batch = run.config.train, run.config.evaluation.batch
    pieces = training_pieces(run.sections)
    if settings.cache == "none":
        augmentation = pipeline.Augmentation(settings.crop, settings.color)
        loaders = [pipeline.example_loader(stimuli, spec, augmentation)
                   for _, stimuli, spec in pieces]
        return run.model, mixed_loader(loaders), [
            pipeline.canvas_stream(section.evaluated, section.spec, batch)
            for section in run.sections]
    trunk, head = features.split_at_frozen(run.model)
    mirrors = (False, True) if settings.mirror else (False,)
    if settings.cache == "memory":
        _require_memory(trunk, run.sections, len(mirrors))

    validation = [pipeline.one_after_another([
        pipeline.indexed_stream(len(stimuli), _cached(
            run, trunk, section, stimuli, spec, (False,), "validation"), batch)
        for stimuli, spec in pipeline.by_canvas(section.evaluated, section.spec)])
        for section in run.sections]
    loaders = [_cached(run, trunk, section, stimuli, spec, mirrors, "training")
               for section, stimuli, spec in pieces]
    return head, mixed_loader(loaders), validation


def _require_memory(trunk, sections, mirrors) -> None:
    """Raise `FeatureCacheError` unless all caches together fit, before the first is filled."""
    spec = sections[0].spec  # a turned canvas has as many cells
    rows = sum(mirrors * len(section.training) + len(section.evaluated) for section in sections)
    features.require_memory(rows, features.response_shapes(
        trunk, (*spec.canvas, 3), (*spec.canvas, len(spec.targets))))


def _cached(run, trunk, section, stimuli, spec, mirrors, part):
    """Return a loader of the responses of `trunk` to stimuli of one dataset and canvas."""
    settings = run.config.train
    fingerprint = _fingerprint(trunk, section, stimuli, spec, mirrors)
    names = [part, *([section.label] if len(run.sections) > 1 else []),
             *(["{}x{}".format(*spec.canvas)] if section.spec.upright else [])]
    path = None
    if settings.cache_folder is not None:  # shared with runs of other features
        path = Path(settings.cache_folder).expanduser() / f"features_{fingerprint[:16]}.h5"
    elif settings.cache == "disk":
        path = run.folder / f"features_{'_'.join(names)}.h5"
    streams = [pipeline.canvas_stream(stimuli, spec, run.config.evaluation.batch, mirrored=m)
               for m in mirrors]
    arrays = features.cache_features(trunk, streams, len(stimuli), path, fingerprint,
                                     label=f"caching the {' '.join(names)} set")
    return features.cached_loader(arrays, len(stimuli))


def _fingerprint(trunk, section, dataset, spec, mirrors) -> str:
    """Return a digest of everything that the responses of `trunk` depend on."""
    # two folders of one name may have stimuli of the same names: "folder" and "folder-2"
    number = [section.label] if section.label != dataset.name else []
    digest = hashlib.sha256(json.dumps([
        [(layer.name, layer.compute_dtype) for layer in trunk.layers], list(dataset.names),
        list(spec.canvas), spec.fit, spec.sigma, list(spec.targets), list(mirrors),
        dataset.edition, *number]).encode())
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()
