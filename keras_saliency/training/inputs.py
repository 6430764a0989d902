"""What a run's network trains and validates on: its datasets from files, or their cached responses.

Each dataset keeps its own loader, and each canvas its own cache.
"""
import hashlib
import json
from pathlib import Path

import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.loading import training_pieces
from keras_saliency.datasets.orders import mixed_loader
from keras_saliency.training import features


def inputs(run) -> tuple:
    """The inputs of a run.

    Returns:
        (network, load, streams): what is trained; a graph function (share, index, mirrored, key)
        -> example, shares numbered as `training_pieces` has them; and the validation stream of
        each dataset.
    """
    settings, batch = run.config.train, run.config.evaluation.batch
    pieces = training_pieces(run.sections)
    if settings.cache == "none":
        augmentation = pipeline.Augmentation(settings.crop, settings.color)
        loaders = [pipeline.example_loader(stimuli, spec, augmentation)
                   for stimuli, spec, _ in pieces]
        return run.model, mixed_loader(loaders), [
            pipeline.canvas_stream(section.evaluated, section.spec, batch)
            for section in run.sections]
    trunk, head = features.split_at_frozen(run.model)

    def streams(section):
        return [pipeline.indexed_stream(
            len(stimuli), _cached(run, trunk, stimuli, spec, (False,), "validation", section),
            batch) for stimuli, spec in pipeline.by_canvas(section.evaluated, section.spec)]

    validation = [pipeline.one_after_another(streams(section)) for section in run.sections]
    mirrors = (False, True) if settings.mirror else (False,)
    loaders = [_cached(run, trunk, stimuli, spec, mirrors, "training", section)
               for section in run.sections
               for stimuli, spec in pipeline.by_canvas(section.training, section.spec)]
    return head, mixed_loader(loaders), validation


def _cached(run, trunk, stimuli, spec, mirrors, part, section):
    """The loader of the responses of `trunk` to stimuli of one dataset that share a canvas."""
    settings, fingerprint = run.config.train, _fingerprint(trunk, stimuli, spec, mirrors)
    names = [part, *([section.label] if len(run.sections) > 1 else []),
             *(["{}x{}".format(*spec.canvas)] if section.spec.upright else [])]
    path = None
    if settings.cache_folder is not None:  # runs with other features have other files there
        path = Path(settings.cache_folder).expanduser() / f"features_{fingerprint[:16]}.h5"
    elif settings.cache == "disk":
        path = run.folder / f"features_{'_'.join(names)}.h5"
    streams = [pipeline.canvas_stream(stimuli, spec, run.config.evaluation.batch, mirrored=m)
               for m in mirrors]
    arrays = features.cache_features(trunk, streams, len(stimuli), path, fingerprint,
                                     label=f"caching the {' '.join(names)} set")
    return features.cached_loader(arrays, len(stimuli))


def _fingerprint(trunk, dataset, spec, mirrors) -> str:
    """Changes with everything that the responses of `trunk` depend on."""
    digest = hashlib.sha256(json.dumps([
        [(layer.name, layer.compute_dtype) for layer in trunk.layers], list(dataset.names),
        list(spec.canvas), spec.fit, spec.sigma, list(spec.targets), list(mirrors),
        dataset.edition]).encode())
    for weights in trunk.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()
