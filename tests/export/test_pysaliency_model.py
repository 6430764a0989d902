"""A model handed to pysaliency."""
import sys

import numpy as np
import pytest

from keras_saliency import build_model, export, metrics, predict


def test_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysaliency", None)
    with pytest.raises(ImportError, match=r"pip install .keras_saliency\[pysaliency\]"):
        export.to_pysaliency(None)


def test_maps_and_scores_are_ours():
    pysaliency = pytest.importorskip("pysaliency")
    model = build_model("ead", width_multiplier=0.05)
    theirs = export.to_pysaliency(model, canvas=(48, 64))
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (60, 90, 3), np.uint8)
    expected = predict(model, image, (48, 64))
    np.testing.assert_array_equal(theirs.saliency_map(image), expected)
    gray = image[..., 0]
    np.testing.assert_array_equal(theirs.saliency_map(gray),
                                  predict(model, np.repeat(gray[..., None], 3, -1), (48, 64)))
    x, y = rng.permutation(90)[:20], rng.integers(0, 60, 20)
    fixations = pysaliency.FixationTrains.from_fixation_trains(
        [x.astype(float)], [y.astype(float)], [np.arange(20.0)], [0], [0])
    counts = np.zeros((60, 90), int)
    counts[y, x] = 1
    stimuli = pysaliency.Stimuli([image])
    # pysaliency divides by N, the MIT benchmark by N - 1
    assert theirs.NSS(stimuli, fixations) == pytest.approx(metrics.nss(expected, counts), rel=1e-3)
