"""Masks of units against enlarging every map with OpenCV."""
import cv2
import numpy as np
import pytest

from keras_saliency.units.interpolation import active_pixels, resampling


@pytest.mark.parametrize("cells, size", [((15, 20), (60, 80)), ((6, 4), (37, 101)),
                                         ((30, 40), (17, 23)), ((5, 1), (9, 8)),
                                         ((7, 9), (7, 9))])
@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_the_same_pixels_as_enlarging_every_map(cells, size, quantile):
    rng = np.random.default_rng(5)
    maps = rng.normal(size=(*cells, 6)).astype(np.float32)
    thresholds = np.quantile(maps, quantile, axis=(0, 1)).astype(np.float32)
    thresholds[5] = np.nan
    found = active_pixels(maps, thresholds, resampling(size, cells))
    masks = np.zeros((6, size[0] * size[1]), int)
    np.add.at(masks, (found.units, found.pixels), 1)
    assert masks.max() == 1 and masks[5].sum() == 0  # no pixel twice
    for unit in range(5):
        large = cv2.resize(maps[..., unit], size[::-1], interpolation=cv2.INTER_LINEAR)
        different = masks[unit].reshape(size) != (large > thresholds[unit])
        # only where rounding decides
        assert np.abs(large - thresholds[unit])[different].max(initial=0) < 1e-5


def test_constant_maps_and_maps_above_the_threshold():
    plan = resampling((12, 16), (3, 4))
    none = active_pixels(np.zeros((3, 4, 2)), [0, 1], plan)
    assert len(none.units) == len(none.pixels) == 0
    every = active_pixels(np.ones((3, 4, 1)), [0.5], plan)
    assert sorted(every.pixels.tolist()) == list(range(12 * 16))
