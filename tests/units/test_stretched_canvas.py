"""Units of models that stretch stimuli over the canvas, against OpenCV on the whole canvas."""

import cv2
import keras
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.datasets import popout
from keras_saliency.maps import to_canvas
from keras_saliency.units import dissection
from keras_saliency.units.activations import activations
from keras_saliency.units.interpolation import WHOLE, canvas_resampling, canvas_span, resampling
from keras_saliency.units.regions import score_targets
from keras_saliency.units.unit_scores import score_dataset

LAYER, CANVAS, SIZE = "block4_conv1", (96, 128), (144, 96)  # portrait arrays


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    built = ks.build_model("ead", width_multiplier=0.03)
    built = ks.facts(built, canvas=CANVAS, fit="stretch")
    return built


@pytest.fixture(scope="module")
def dataset():
    return popout.load(count=6, size=SIZE)


@pytest.fixture(scope="module")
def enlarged(model, dataset):
    """float64 [6, units, H, W]: activation_maps in the size of the arrays."""
    stimuli = [cv2.imdecode(np.frombuffer(s, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
               for s in dataset.stimuli]
    batch = np.stack([to_canvas(s, CANVAS, fit="stretch") for s in stimuli])
    cells = next(activations(model, [LAYER], [batch]))[LAYER].numpy().astype(np.float64)
    return np.array([[cv2.resize(np.ascontiguousarray(image[..., unit]), SIZE[::-1])
                      for unit in range(image.shape[-1])] for image in cells])


def test_a_stretched_picture_covers_the_whole_extent():
    assert canvas_span(SIZE, CANVAS, "stretch") == WHOLE != canvas_span(SIZE, CANVAS)
    found = canvas_resampling(SIZE, (6, 8), CANVAS, fit="stretch")
    cells = np.random.default_rng(0).random((6, 8))
    np.testing.assert_allclose(found.rows @ cells @ found.columns.T,
                               cv2.resize(cells, SIZE[::-1]), atol=1e-7)
    np.testing.assert_array_equal(found.mean, resampling(SIZE, (6, 8)).mean)


def test_every_cell_of_a_stretched_image_counts_for_thresholds():
    assert dissection._shown(SIZE, CANVAS, (6, 8), "stretch").all()
    padded = dissection._shown(SIZE, CANVAS, (6, 8), "pad")  # the middle half of the columns
    np.testing.assert_array_equal(padded, np.tile([False] * 2 + [True] * 4 + [False] * 2, (6, 1)))


def test_unit_nss_of_stretched_stimuli(model, dataset, enlarged):
    found = score_dataset(model, [LAYER], dataset)[LAYER].moments
    scores = np.array([[ks.metrics.nss(unit, dataset.fixations.fixation_map(index))
                        for unit in image] for index, image in enumerate(enlarged)])
    np.testing.assert_allclose(found.mean, scores.mean(axis=0), atol=1e-4)
    model = ks.facts(model, fit="pad")
    padded = score_dataset(model, [LAYER], dataset)[LAYER].moments
    model = ks.facts(model, fit="stretch")
    assert np.abs(padded.mean - found.mean).max() > 0.05


def test_target_scores_of_stretched_arrays(model, dataset, enlarged):
    found = score_targets(model, [LAYER], dataset)[LAYER]
    expected = []
    for contents, image in zip(dataset.target_masks, enlarged):
        mask = cv2.imdecode(np.frombuffer(contents, np.uint8), cv2.IMREAD_GRAYSCALE) > 0
        expected.append([((unit - unit.mean()) / unit.std(ddof=1))[mask].mean() if unit.std() else 0
                         for unit in image])
    np.testing.assert_allclose(found.mean, np.mean(expected, axis=0), atol=1e-4)
