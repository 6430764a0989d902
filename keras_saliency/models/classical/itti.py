"""Itti, Koch and Niebur, "A Model of Saliency-Based Visual Attention for Rapid Scene Analysis"
(TPAMI 1998).

Three kinds of features have dyadic Gaussian pyramids of levels 0..8. Intensity is the mean of red,
green and blue. Colors are R - G and B - Y of the broadly tuned channels, computed from r, g and b
divided by intensity where that exceeds a tenth of its maximum, and 0 elsewhere. Orientation is
Gabor energy at 0, 45, 90 and 135 degrees. Center-surround contrast is the absolute difference of
levels c in {2, 3, 4} and c + {3, 4}, enlarged to c: 6 maps of intensity, 12 of color, 24 of
orientation. N(.) stretches a map to 0..1 and multiplies it by (1 - mean of its other local
maxima)^2. Maps are added at the level of the coarsest center, 4, into three conspicuity maps
(orientation: N of each angle's sum). The saliency_map is the mean of their N. The paper's
winner-take-all network is left out.

Where the paper is silent, this follows the Saliency Toolbox of Walther and Koch (2006): low-pass
[1 5 10 10 5 1] / 32; Gabor filters of 9x9 pixels, period 7, deviation 7/3, both phases, absolute
responses added; local maxima count above a tenth of the maximum.

Departures: the surround of a double-opponent map is subtracted, |RG(c) - RG(s)|, as in the Toolbox;
the printed formula reverses the surround's sign and would respond to a uniform color. A plateau is
one local maximum, and maxima at the border count. Contrast of the size of rounding errors is 0.
Enlargement is bilinear. The map is stretched to 0..1. Levels go on while the shorter side keeps a
pixel, so images with a side below 256 have no level 8, and pairs that need it are dropped. If none
is left (below 32 pixels), the coarsest level is paired with the third level below it, or level 0.
"""
from functools import partial
from typing import Sequence

import cv2
import numpy as np

from keras_saliency.models.classical import features
from keras_saliency.models.classical.features import min_max, pyramid, resized
from keras_saliency.models.spec import ModelSpec

_gabor = partial(features.gabor_pair, period=7.0, deviation=7 / 3, elongation=1.0, radius=4)
_DARK = 0.1   # of the brightest: below, hue cannot be seen
_LEAST = 0.1  # of the maximum: below, a local maximum does not count


def itti(image: np.ndarray, centers: Sequence = (2, 3, 4), deltas: Sequence = (3, 4),
         angles: Sequence = (0, 45, 90, 135)) -> np.ndarray:
    """Return the saliency_map of Itti, Koch and Niebur; zeros for a constant image.

    `centers` are pyramid levels, each in 0..8, `deltas` the levels from a center to its surrounds,
    each in 1..8, `angles` orientations in degrees, each in 0..180.
    """
    rgb = features.check_image(image) / 255
    pairs = scale_pairs(rgb.shape[:2], features.check_numbers("centers", centers, 0, 8, whole=True),
                        features.check_numbers("deltas", deltas, 1, 8, whole=True))
    angles = features.check_numbers("angles", angles, 0, 180)
    coarsest = max(surround for _, surround in pairs)
    intensity = pyramid(rgb.mean(axis=2), coarsest)
    size = intensity[max(center for center, _ in pairs)].shape

    def total(levels):
        """Sum the normalized center-surround maps of a pyramid."""
        return sum(resized(normalized(_contrast(levels[c], levels[s])), size) for c, s in pairs)

    colors = sum(total(pyramid(opponent, coarsest)) for opponent in opponents(rgb))
    orientations = sum(
        normalized(total([features.gabor_energy(level, _gabor(angle)) for level in intensity]))
        for angle in angles)
    saliency = sum(normalized(c) for c in (total(intensity), colors, orientations)) / 3
    return min_max(resized(min_max(saliency), rgb.shape[:2]))


def scale_pairs(size: tuple, centers: tuple, deltas: tuple) -> list:
    """Return the (center, surround) levels that an image of `size` has room for, at least one."""
    coarsest = min(size).bit_length() - 1
    pairs = [(c, c + d) for c in sorted(set(centers)) for d in sorted(set(deltas))
             if c + d <= coarsest]
    return pairs or [(max(0, coarsest - 3), coarsest)]


def opponents(rgb: np.ndarray) -> tuple:
    """Return R - G and B - Y, float32 [H, W], of an image [H, W, 3] in 0..1."""
    intensity = rgb.mean(axis=2, keepdims=True)
    bright = intensity > max(_DARK * intensity.max(), features.NOISE)
    r, g, b = np.moveaxis(np.where(bright, rgb / np.where(bright, intensity, 1), 0), 2, 0)
    red, green, blue = (np.maximum(one - (two + three) / 2, 0)
                        for one, two, three in ((r, g, b), (g, r, b), (b, r, g)))
    yellow = np.maximum((r + g) / 2 - np.abs(r - g) / 2 - b, 0)
    return red - green, blue - yellow


def normalized(feature: np.ndarray) -> np.ndarray:
    """N(.): stretch `feature` [h, w] to 0..1 and multiply by (1 - mean of other local maxima)^2:
    one peak keeps its height, many equal peaks cancel."""
    from scipy import ndimage  # slow to import, and other models do not need it

    feature = min_max(feature)
    # all pixels of a plateau equal their neighborhood's maximum
    highest = cv2.dilate(feature, np.ones((3, 3), np.uint8))
    peaks, count = ndimage.label((feature == highest) & (feature > _LEAST), np.ones((3, 3)))
    if count < 2:
        return feature
    heights = ndimage.maximum(feature, peaks, np.arange(1, count + 1))
    others = (heights.sum() - heights.max()) / (count - 1)
    return feature * np.float32((1 - others) ** 2)


def _contrast(center, surround):
    """Return |center - surround| in the size of `center`; zeros if it is only rounding."""
    difference = np.abs(center - resized(surround, center.shape))
    return difference if difference.max() > features.NOISE else np.zeros_like(difference)


SPEC = ModelSpec(
    itti, citation="Itti, Koch and Niebur (1998), A model of saliency-based visual attention for "
                   "rapid scene analysis, TPAMI")
