"""Inputs of training: datasets read from files, or cached responses of frozen layers to them.

The layers before the first trainable one give the same responses in every epoch. These are computed
once per stimulus (and per mirror image) and kept in float16, in memory or in an HDF5 file. If
nothing is frozen, the "responses" are the canvases themselves. Each dataset has its own loader, and
each canvas its own cache.
"""
import hashlib
import json
import math
from pathlib import Path
from typing import Any, Callable, Iterable, Optional, Sequence, Union

import h5py
import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.loading import training_pieces
from keras_saliency.datasets.orders import mixed_loader
from keras_saliency.files import AnyPath, InputError, atomic_path, remove_abandoned, require
from keras_saliency.models.pretrained import encoder_layers
from keras_saliency.training.run import Run

DTYPE = np.float16
MEMORY_SHARE = 0.7  # of free memory; the rest is for the network


class FeatureCacheError(InputError):
    """A cache that cannot be made: no memory, or responses beyond float16."""


def inputs(run: Run) -> tuple[keras.Model, Callable, list]:
    """Return (network, load, streams), the inputs of a run and the network to train with them.

    `load` is a graph function (share, index, mirrored, key) -> example, with shares numbered as in
    `training_pieces`; `streams` are the validation streams, one for each dataset.
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
    trunk, head = split_at_frozen(run.model)
    mirrors = (False, True) if settings.mirror else (False,)
    if settings.cache == "memory":  # all caches together must fit, before the first is filled
        spec = run.sections[0].spec  # a turned canvas has as many cells
        rows = sum(len(mirrors) * len(section.training) + len(section.evaluated)
                   for section in run.sections)
        require_memory(rows, response_shapes(
            trunk, (*spec.canvas, 3), (*spec.canvas, len(spec.targets))))
    validation = [pipeline.one_after_another([
        pipeline.indexed_stream(len(stimuli), _cached(
            run, trunk, section, stimuli, spec, (False,), "validation"), batch)
        for stimuli, spec in pipeline.by_canvas(section.evaluated, section.spec)])
        for section in run.sections]
    loaders = [_cached(run, trunk, section, stimuli, spec, mirrors, "training")
               for section, stimuli, spec in pieces]
    return head, mixed_loader(loaders), validation


def _cached(run, trunk, section, stimuli, spec, mirrors, part):
    """Return a loader of the responses of `trunk` to stimuli of one dataset and canvas."""
    settings = run.config.train
    fingerprint = cache_fingerprint(trunk, stimuli, [
        list(spec.canvas), spec.fit, spec.sigma, list(spec.targets), list(mirrors),
        section.data.options])
    names = [part, *([section.label] if len(run.sections) > 1 else []),
             *(["{}x{}".format(*spec.canvas)] if section.spec.upright else [])]
    path = None
    if settings.cache_folder is not None:  # shared with runs of other features
        path = Path(settings.cache_folder).expanduser() / f"features_{fingerprint[:16]}.h5"
    elif settings.cache == "disk":
        path = run.folder / f"features_{'_'.join(names)}.h5"
    streams = [pipeline.canvas_stream(stimuli, spec, run.config.evaluation.batch, mirrored=m)
               for m in mirrors]
    arrays = cache_features(trunk, streams, len(stimuli), path, fingerprint,
                            label=f"caching the {' '.join(names)} set")
    return cached_loader(arrays, len(stimuli))


def cache_fingerprint(network: keras.Model, dataset: SaliencyDataset, settings: Any) -> str:
    """Return a digest of everything that the responses of a network to a dataset depend on.

    These are its layers and weights, the contents of the dataset (`dataset.contents`), and
    `settings`: plain values such as a canvas.
    """
    digest = hashlib.sha256(json.dumps([
        [(layer.name, layer.compute_dtype, _layer_config(layer)) for layer in network.layers],
        dataset.contents(), settings], default=str).encode())
    for weights in network.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


def _layer_config(layer) -> dict:
    """Return the config of a layer; {} for one of the user's own that has none."""
    try:
        return layer.get_config()
    except NotImplementedError:
        return {}


def freeze_through(model: keras.Model, block: str) -> list[str]:
    """Freeze the encoder up to `block` ("block1" ... "block5"); return its convolutions' names."""
    blocks = {name: theirs.split("_")[0] for name, theirs in encoder_layers(model).items()}
    require(block in blocks.values(), f"{model.name} has no encoder block {block!r} to freeze; "
            f"it has {', '.join(sorted(set(blocks.values()))) or 'none'}")
    return _freeze(model, [name for name, theirs in blocks.items() if theirs <= block])


def finetune_last(model: keras.Model, count: Union[int, str]) -> list[str]:
    """Freeze all encoder convolutions but the last `count` (or "all"); return the frozen names."""
    blocks = encoder_layers(model)
    convolutions = sorted(blocks, key=blocks.get)
    require(count == "all" or isinstance(count, int) and 0 <= count <= len(convolutions),
            f"finetune_layers is 0 to {len(convolutions)} or all, not {count!r}")
    return _freeze(model, [] if count == "all" else convolutions[:len(convolutions) - count])


def _freeze(model, names) -> list:
    for name in names:
        model.get_layer(name).trainable = False
    return names


def split_at_frozen(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Cut a functional model where the trainable part begins: (trunk, head), with shared layers.

    `trunk` maps images to a list of responses, `head` maps these to the output; head(trunk(x))
    equals model(x).
    """
    require(model.trainable_weights, f"every layer of {model.name} is frozen; nothing to train",
            error=FeatureCacheError)
    fixed, cut = set(), {}
    for layer in model.layers:  # in topological order
        is_input = isinstance(layer, keras.layers.InputLayer)
        inputs = [] if is_input else tf.nest.flatten(layer.input)
        if all(id(t) in fixed for t in inputs) and not layer.trainable_weights:
            fixed.update(id(t) for t in tf.nest.flatten(layer.output))
        else:
            cut.update({id(t): t for t in inputs if id(t) in fixed})
    cut = list(cut.values())
    return (keras.Model(model.inputs[0], cut, name=f"{model.name}_trunk"),
            keras.Model(cut, model.outputs[0], name=f"{model.name}_head"))


def cache_features(trunk: keras.Model, streams: Sequence[tf.data.Dataset], count: int,
                   path: Optional[AnyPath] = None, fingerprint: str = "",
                   label: str = "caching") -> list:
    """Run `trunk` over whole datasets and keep its responses and the targets.

    Args:
        streams: tf.data of (image, target) batches, each of `count` examples: the stimuli, and
            their mirror images if wanted. They are stacked in this order.
        path: an HDF5 file, or None for memory. A file with the same `fingerprint`, a digest of all
            that the responses depend on, is used again.

    Returns a list of float16 arrays [len(streams) * count, ...]: the responses, then the target.
    """
    rows = len(streams) * count
    shapes = response_shapes(trunk, *(spec.shape[1:] for spec in streams[0].element_spec))
    if path is None:
        require_memory(rows, shapes)
        arrays = [np.empty((rows, *shape), DTYPE) for shape in shapes]
        _fill(arrays, trunk, streams, rows, label)
        return arrays
    path = Path(path)
    remove_abandoned(path.parent)
    if _fingerprint_of(path) != fingerprint:
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            arrays = [file.create_dataset(str(i), (rows, *shape), DTYPE)
                      for i, shape in enumerate(shapes)]
            _fill(arrays, trunk, streams, rows, label)
            file.attrs["fingerprint"] = fingerprint
    return _map_file(path)


def cached_loader(arrays: Sequence[np.ndarray], count: int) -> Callable:
    """Return a graph function (index, mirrored, key=None) -> (responses tuple, target), float32."""
    def load(index, mirrored, key=None):
        # a tensor of the whole arrays would need the memory twice
        row = tf.cast(index, tf.int64) + tf.cast(mirrored, tf.int64) * count
        read = tf.numpy_function(lambda r: [np.asarray(a[r]) for a in arrays], [row],
                                 [tf.as_dtype(DTYPE)] * len(arrays))
        for tensor, array in zip(read, arrays):
            tensor.set_shape(array.shape[1:])
        *features, target = (tf.cast(tensor, tf.float32) for tensor in read)
        return tuple(features), target

    return load


def response_shapes(trunk: keras.Model, canvas: Sequence[int],
                    target: Sequence[int]) -> list[tuple]:
    """Return the shapes cached for a stimulus: those of its responses, then that of its target.

    `canvas` and `target` are shapes (h, w, 3) and (h, w, C); the trunk may take any size.
    """
    outputs = trunk(tf.zeros((1, *canvas)), training=False)
    return [*(tuple(t.shape[1:]) for t in tf.nest.flatten(outputs)), tuple(target)]


def _fill(arrays, trunk, streams, rows, label):
    forward = tf.function(lambda images: tf.nest.flatten(trunk(images, training=False)),
                          reduce_retracing=True)
    row = 0
    with tqdm(total=rows, desc=label, unit="stimulus") as bar:
        for stream in streams:
            for images, target in stream:
                stop = row + len(images)
                for array, tensor in zip(arrays, [*forward(images), target]):
                    with np.errstate(over="ignore"):  # reported below, with the remedy
                        value = tensor.numpy().astype(DTYPE)
                    require(np.isfinite(value).all(), "responses exceed float16; train without a "
                            "cache: set train.cache=none", error=FeatureCacheError)
                    array[row:stop] = value
                bar.update(stop - row)
                row = stop
    require(row == rows, f"the stream had {row} examples, not {rows}", error=FeatureCacheError)


def require_memory(rows: int, shapes: Iterable[tuple],
                   remedy: str = "set train.cache=disk") -> None:
    """Raise `FeatureCacheError` unless float16 arrays [rows, *shape] fit into free memory."""
    needed = rows * sum(map(math.prod, shapes)) * DTYPE().nbytes
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return  # not Linux: the allocation itself may fail
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    require(needed <= MEMORY_SHARE * free, f"the cache needs {needed / 2**30:.1f} GiB of memory "
            f"and {free / 2**30:.1f} GiB are free: {remedy}", error=FeatureCacheError)


def _fingerprint_of(path: Path):
    try:
        with h5py.File(path, "r") as file:
            return file.attrs.get("fingerprint")
    except OSError:
        return None


def _map_file(path) -> list:
    """Return the datasets of a contiguous HDF5 file as read-only memory maps."""
    with h5py.File(path, "r") as file:
        return [np.memmap(path, DTYPE, "r", data.id.get_offset(), data.shape)
                for data in (file[str(i)] for i in range(len(file)))]
