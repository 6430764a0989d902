"""Labelled regions: Assoc, OS_c and OD_c by hand and on planted units."""
import cv2
import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency.datasets.region_labels import load_regions
from keras_saliency.metrics.streaming import Moments
from keras_saliency.units.regions import (
    RegionScores,
    category_statistics,
    output_difference,
    output_saliency,
    score_regions,
)
from keras_saliency.units.unit_nss import unit_region_nss


@pytest.fixture
def labels(planted, tmp_path):
    """Two regions in each of five stimuli: left half "person head", right half "text"."""
    halves = np.ones((64, 96), np.int32)
    halves[:, 48:] = 2
    for folder in ("SegmentationObject", "SegmentationClass"):
        (tmp_path / folder).mkdir()
    for name in planted.names[:5]:
        np.save(tmp_path / "SegmentationObject" / f"{name}.npy", halves)
        np.save(tmp_path / "SegmentationClass" / f"{name}.npy", np.where(halves == 1, 1, 37))
    return load_regions(tmp_path, planted.names)


@pytest.fixture
def scores(planted, color_model, labels):
    return score_regions(color_model, ["colors"], planted, labels, sigma=8)


def test_each_region_is_scored_with_its_own_fixations(planted, color_model, labels, scores):
    assoc = {"person head": [], "text": []}
    output = {"person head": [], "text": []}
    for index in range(5):
        image = cv2.imdecode(np.frombuffer(planted.stimuli[index], np.uint8), -1)[..., ::-1]
        cells = image.reshape(16, 4, 24, 4, 3).mean(axis=(1, 3))
        regions = labels.regions(planted.names[index], (64, 96))
        masks = [region.mask for region in regions]
        rows = unit_region_nss(cells[None], [planted.fixations.of(index)], [masks], (64, 96))[0]
        predicted = ks.predict(color_model, image)
        for region, row in zip(regions, rows):
            assoc[region.category].append(row)
            output[region.category].append(ks.metrics.nss(
                predicted, planted.fixations.fixation_map(index) * region.mask))
    for category in assoc:
        moments = scores.units["colors"][category]
        np.testing.assert_allclose(moments.mean[:3], np.nanmean(assoc[category], axis=0),
                                   atol=1e-5)
        assert moments.count[0] + moments.skipped[0] == 5
        np.testing.assert_allclose(scores.output[category], output[category], atol=1e-6)
        assert output_saliency(scores)[category] == pytest.approx(np.nanmean(output[category]))


def test_statistics_of_a_category():
    means = np.concatenate([[5.0, 1.6], np.linspace(1.4, 0, 18)])
    moments = Moments.of(np.stack([means - 1, means + 1]))
    table = category_statistics({"text": moments, "food": Moments.of([[np.nan] * 20])})
    assert table["text"].above == 2 and table["text"].best == 0 and table["text"].regions == 2
    assert table["text"].top == pytest.approx(np.sort(means)[::-1][:10].mean())
    assert np.isnan(table["food"].top) and table["food"].above == 0


def test_difference_of_output_and_density_by_hand():
    scores = RegionScores({}, {"text": np.array([1.0, 3.0, np.nan])},
                          {"text": np.array([2.0, 1.0, np.nan])}, {"text": np.array([0, 0, 1])})
    assert output_saliency(scores) == {"text": 2.0}
    assert output_difference(scores) == {"text": 1.5}


def test_shards_merge_to_one_pass(planted, color_model, labels, scores):
    parts = [score_regions(color_model, ["colors"], planted, labels, sigma=8, indices=part)
             for part in ([0, 3, 11], [1, 2, 4])]
    merged = parts[0].merge(parts[1])
    for category, moments in scores.units["colors"].items():
        np.testing.assert_allclose(merged.units["colors"][category].mean, moments.mean, atol=1e-6)
        np.testing.assert_allclose(np.sort(merged.output[category]),
                                   np.sort(scores.output[category]), atol=1e-5)
        assert scores.images[category].tolist() == [0, 1, 2, 3, 4]
        assert merged.images[category].tolist() == [0, 3, 1, 2, 4]


def test_the_published_sample_has_five_regions(osie_root, osie_sr_sample):
    osie = ks.datasets.load_dataset("osie", osie_root)
    labels = load_regions(osie_sr_sample, osie.names)
    model = ks.build_model("ead", width_multiplier=0.05)
    scores = score_regions(model, ["block5_conv3"], osie, labels, sigma=24)
    moments = scores.units["block5_conv3"]["unlabelled"]
    assert moments.count[0] + moments.skipped[0] == 5 and moments.mean.shape == (26,)
    assert len(scores.output["unlabelled"]) == 5
