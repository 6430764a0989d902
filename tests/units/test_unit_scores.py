"""Scores of units over a dataset: one pass, shards, best images, against resizing each unit."""
import cv2
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.datasets import popout
from keras_saliency.datasets.dataset import DatasetError
from keras_saliency.maps import to_canvas
from keras_saliency.units.activations import LayerError, activation_model, activations, layer_names
from keras_saliency.units.unit_scores import Best, UnitScores, score_dataset

LAYERS = ["block4_conv1", "block5_conv3"]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    built = ks.build_model("ead", width_multiplier=0.03)
    built = ks.facts(built, canvas=(96, 128))
    return built


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=20, size=(96, 192))  # strips of the canvas stay padding


@pytest.fixture(scope="module")
def whole(model, dataset):
    return score_dataset(model, LAYERS, dataset, keep=6)


def test_scores_are_those_of_enlarged_maps(model, dataset, whole):
    stimuli = [cv2.imdecode(np.frombuffer(s, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
               for s in dataset.stimuli]
    maps = next(activations(model, LAYERS, [np.stack([to_canvas(s, (96, 128)) for s in stimuli])]))
    for layer in LAYERS:
        values, scores = maps[layer].numpy().astype(np.float64), []
        for index in range(len(dataset)):
            # The canvas in pixels of the picture (1.5 to one of the canvas), less the padding
            large = [cv2.resize(values[index, ..., u], (192, 144)) for u in range(values.shape[-1])]
            scores.append([ks.metrics.nss(m[24:120], dataset.fixations.fixation_map(index))
                           for m in large])
        scores = np.array(scores)
        moments = whole[layer].moments
        np.testing.assert_allclose(moments.mean, scores.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(moments.squares, ((scores - scores.mean(0)) ** 2).sum(0),
                                   atol=1e-4)
        best = np.sort(scores, axis=0)[::-1]
        np.testing.assert_allclose(whole[layer].best.scores, best[:6], atol=1e-5)
        np.testing.assert_allclose(whole[layer].mean_of_best(5), best[:5].mean(0), atol=1e-5)
        alive = whole[layer].alive
        np.testing.assert_array_equal(alive, np.ptp(values, axis=(1, 2)).any(axis=0))


def test_shards_merge_to_one_pass(model, dataset, whole):
    order = np.random.default_rng(0).permutation(len(dataset))
    parts = [score_dataset(model, LAYERS, dataset, indices=part, keep=6, batch=3)
             for part in np.array_split(order, 3)]
    for layer in LAYERS:
        merged = parts[2][layer].merge(parts[0][layer]).merge(parts[1][layer])
        np.testing.assert_allclose(merged.moments.mean, whole[layer].moments.mean, atol=1e-6)
        np.testing.assert_allclose(merged.best.scores, whole[layer].best.scores, atol=1e-5)
        alive = whole[layer].alive  # dead units score 0 everywhere: ties go by index
        np.testing.assert_array_equal(merged.best.images[:, ~alive],
                                      np.arange(6)[:, None].repeat((~alive).sum(), 1))
        np.testing.assert_array_equal(merged.alive, alive)


def test_best_images_come_in_order_whatever_the_order_of_the_stream():
    scores = np.array([[1.0, np.nan], [3.0, 2.0], [3.0, np.nan], [0.5, np.nan]])
    forward = Best.of(scores[:2], [0, 1], 3).merge(Best.of(scores[2:], [2, 3], 3))
    backward = Best.of(scores[::-1], [3, 2, 1, 0], 3)
    for best in (forward, backward):
        assert best.images[:, 0].tolist() == [1, 2, 0]
        assert best.scores[:, 0].tolist() == [3, 3, 1]
        assert best.images[:, 1].tolist() == [1, -1, -1] and best.scores[1, 1] == -np.inf
    scores = UnitScores.of(scores, range(4), np.zeros((4, 2), bool), 3)
    np.testing.assert_allclose(scores.mean_of_best(2), [3, 2])
    with pytest.raises(ValueError, match="3 best images of each unit were kept; a mean of 5"):
        scores.mean_of_best()


def test_layers_that_cannot_be_analysed_are_named(model, dataset):
    assert layer_names(model)[1] == "block1_conv1" and "saliency" in layer_names(model)
    with pytest.raises(LayerError, match="no layer 'block9'.*block5_conv3"):
        activation_model(model, ["block1_conv1", "block9"])
    with pytest.raises(LayerError, match="no layer given"):
        score_dataset(model, [], dataset)
    dense = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(name="flat")])
    with pytest.raises(LayerError, match="no layer 'flat'"):
        activation_model(dense, ["flat"])


def test_a_dataset_without_fixations_is_an_error(model, dataset):
    import dataclasses
    bare = dataclasses.replace(dataset, fixations=None, density_files=dataset.names)
    with pytest.raises(DatasetError, match="no fixations"):
        score_dataset(model, LAYERS, bare)
