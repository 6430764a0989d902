"""Orientation of filters: gratings, blobs and noise."""
import numpy as np
import pytest

from papers.shared.filters import chance_coherence, coherence


def _gray(function):
    y, x = np.mgrid[-2:3, -2:3].astype(float)
    return np.repeat(function(x, y)[..., np.newaxis], 3, axis=2)


def test_edges_are_oriented_and_blobs_are_not():
    angle = np.radians(30)
    filters = np.stack([
        _gray(lambda x, y: np.sign(x)), _gray(lambda x, y: np.sign(y)),
        _gray(lambda x, y: np.sin(np.cos(angle) * x + np.sin(angle) * y)),
        _gray(lambda x, y: np.exp(-(x ** 2 + y ** 2))), _gray(lambda x, y: 1 + 0 * x)], axis=-1)
    vertical, horizontal, slanted, blob, constant = coherence(filters)
    assert vertical == pytest.approx(horizontal) and min(vertical, slanted) > 0.99
    assert blob < 1e-9 and constant == 0


def test_brightness_scale_and_offset_do_not_matter():
    kernel = np.random.default_rng(1).normal(size=(5, 5, 3, 4))
    assert np.allclose(coherence(kernel), coherence(2 + 7 * kernel))


def test_chance_is_what_noise_reaches():
    limit = chance_coherence(5, 3)
    noise = np.random.default_rng(5).normal(size=(5, 5, 3, 4000))
    assert (coherence(noise) > limit).mean() == pytest.approx(0.05, abs=0.01)
    assert chance_coherence(5, 3, share=0.5) < limit < 0.9
