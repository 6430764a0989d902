"""Cached responses of frozen layers."""
import subprocess
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks
from keras_saliency.datasets import pipeline, popout
from keras_saliency.files import temporary_path
from keras_saliency.training import features
from keras_saliency.training.features import FeatureCacheError

SPEC = pipeline.CanvasSpec((48, 64), 6.0)


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=10, size=(96, 128))


@pytest.fixture(params=["ead", pytest.param("msi_net", marks=pytest.mark.one_stack)])
def model(request):
    keras.utils.set_random_seed(1)
    return ks.build_model(request.param, width_multiplier=0.05)


def streams(dataset, mirrors=(False,)):
    return [pipeline.canvas_stream(dataset, SPEC, 4, mirrored=m) for m in mirrors]


@pytest.mark.parametrize("block, frozen", [("block1", 2), ("block3", 7), ("block5", 13)])
def test_freeze_through_a_block(model, block, frozen):
    assert len(features.freeze_through(model, block)) == frozen
    assert not model.get_layer("block1_conv2").trainable
    assert model.get_layer("block5_conv3").trainable == (block != "block5")


def test_unknown_block_lists_the_valid_ones(model):
    with pytest.raises(ValueError, match="no encoder block 'block6' .*block1, block2"):
        features.freeze_through(model, "block6")


@pytest.mark.parametrize("block", [None, "block2", "block4", "block5"])
def test_trunk_and_head_are_the_model(model, block):
    if block:
        features.freeze_through(model, block)
    trunk, head = features.split_at_frozen(model)
    image = np.random.default_rng(0).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    np.testing.assert_array_equal(head(trunk(image)), model(image))
    assert not trunk.trainable_weights
    assert len(head.trainable_weights) == len(model.trainable_weights)


def test_msi_net_is_cut_at_both_pools():
    model = ks.build_model("msi_net", width_multiplier=0.05)
    features.freeze_through(model, "block4")
    trunk, _ = features.split_at_frozen(model)
    assert {t.shape[-1] for t in trunk.outputs} == {13, 26}  # block3_pool, block4_pool


def test_everything_frozen_is_an_error(model):
    model.trainable = False
    with pytest.raises(FeatureCacheError, match="nothing to train"):
        features.split_at_frozen(model)


def test_cached_rows_are_the_responses_and_their_mirrors(model, dataset):
    features.freeze_through(model, "block4")
    trunk, _ = features.split_at_frozen(model)
    arrays = features.cache_features(trunk, streams(dataset, (False, True)), len(dataset))
    assert all(a.dtype == np.float16 and len(a) == 20 for a in arrays)
    load = features.cached_loader(arrays, len(dataset))
    image, target = pipeline.example_loader(dataset, SPEC)(7, tf.constant(True))
    responses, cached = load(7, True)
    for ours, expected in zip(responses, tf.nest.flatten(trunk(image[None]))):
        np.testing.assert_allclose(ours, expected[0], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(cached, target, atol=1e-3)


def test_float16_is_all_that_a_cache_changes(model, dataset, monkeypatch):
    monkeypatch.setattr(features, "DTYPE", np.float32)
    features.freeze_through(model, "block4")
    trunk, _ = features.split_at_frozen(model)
    arrays = features.cache_features(trunk, streams(dataset), len(dataset))
    row = 0
    for images, target in streams(dataset)[0]:
        for array, expected in zip(arrays, [*tf.nest.flatten(trunk(images)), target]):
            np.testing.assert_allclose(array[row:row + len(images)], expected, rtol=1e-5, atol=1e-5)
        row += len(images)
    assert row == len(dataset) and arrays[0].dtype == np.float32


def test_disk_cache_equals_memory_and_is_used_again(model, dataset, tmp_path):
    features.freeze_through(model, "block4")
    trunk, _ = features.split_at_frozen(model)
    memory = features.cache_features(trunk, streams(dataset), len(dataset))
    path = tmp_path / "features.h5"
    disk = features.cache_features(trunk, streams(dataset), len(dataset), path, "a")
    for a, b in zip(memory, disk):
        np.testing.assert_array_equal(a, b)
    assert isinstance(disk[0], np.memmap)
    written = path.stat().st_mtime_ns
    features.cache_features(trunk, streams(dataset), len(dataset), path, "a")
    assert path.stat().st_mtime_ns == written
    features.cache_features(trunk, streams(dataset), len(dataset), path, "b")
    with h5py.File(path) as file:
        assert file.attrs["fingerprint"] == "b"


def test_the_fingerprint_knows_contents_not_names(model, dataset, tmp_path):
    features.freeze_through(model, "block4")
    trunk, _ = features.split_at_frozen(model)

    def in_files(folder, stimuli):
        paths = [tmp_path / folder / f"{name}.png" for name in dataset.names]
        paths[0].parent.mkdir()
        for path, picture in zip(paths, stimuli):
            path.write_bytes(picture)
        return replace(dataset, name="folder", stimuli=tuple(paths))

    def mark(stimuli, settings=("pad", 6.0)):
        return features.cache_fingerprint(trunk, stimuli, settings)

    first, copied = (in_files(folder, dataset.stimuli) for folder in ("a", "b"))
    before, points = mark(first), dataset.fixations
    assert before == mark(copied) == mark(dataset)  # a copy of the folder needs no new cache
    copied.stimuli[3].write_bytes(dataset.stimuli[4])
    moved = replace(points, x=np.where(np.arange(len(points)) == 5, points.x + 1, points.x))
    others = [mark(copied), mark(replace(first, fixations=moved)),
              mark(replace(first, fixations=points.where(np.arange(len(points)) != 5))),
              mark(replace(first, density_files=first.stimuli)),
              mark(replace(first, density_files=copied.stimuli)),
              mark(first, ("stretch", 6.0))]
    layer = model.get_layer("block1_conv1")
    layer.set_weights([1.5 * weights for weights in layer.get_weights()])
    others.append(mark(first))
    assert len({before, *others}) == 1 + len(others)


def test_a_cache_follows_its_data_and_an_abandoned_one_goes(model, dataset, tmp_path):
    """A resumed run whose pictures changed, in a folder where a killed process left half a file."""
    trunk, _ = features.split_at_frozen(model)
    swapped = replace(dataset, stimuli=dataset.stimuli[::-1])
    path, foreign = tmp_path / "features.h5", tmp_path / "others.h5"
    host = temporary_path(path).name.split("-")[1]
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = tmp_path / f".ks-{host}-{ended.pid}-0123abcd.h5"
    for file in (left, foreign):
        file.write_bytes(b"half")
    first, second = (
        features.cache_features(trunk, streams(stimuli), len(stimuli), path,
                                features.cache_fingerprint(trunk, stimuli, []))[0].copy()
        for stimuli in (dataset, swapped))
    np.testing.assert_array_equal(second, first[::-1])
    assert foreign.exists() and not left.exists()


def test_responses_beyond_float16_are_refused(dataset):
    inputs = keras.Input((48, 64, 3))
    trunk = keras.Model(inputs, [keras.layers.Rescaling(1e4)(inputs)])
    with pytest.raises(FeatureCacheError, match="exceed float16.*train.cache=none"):
        features.cache_features(trunk, streams(dataset), len(dataset))


def test_too_little_memory_is_refused(model, dataset, monkeypatch):
    monkeypatch.setattr(features, "MEMORY_SHARE", 1e-9)
    trunk, _ = features.split_at_frozen(model)
    with pytest.raises(FeatureCacheError, match="GiB.*train.cache=disk"):
        features.cache_features(trunk, streams(dataset), len(dataset))
