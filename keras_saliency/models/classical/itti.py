"""Itti, Koch and Niebur, "A Model of Saliency-Based Visual Attention for Rapid Scene Analysis"
(TPAMI 1998).

Dyadic Gaussian pyramids of levels 0..8 of three kinds of features: intensity (mean of red, green
and blue); colors R - G and B - Y of the broadly tuned channels, themselves of r, g and b divided by
intensity where that exceeds a tenth of its maximum, elsewhere 0; Gabor energy at 0, 45, 90 and 135
degrees. Center-surround contrast is the absolute difference of levels c in {2, 3, 4} and
c + {3, 4}, enlarged to c: 6 maps of intensity, 12 of color, 24 of orientation. N(.) stretches a map
to 0..1 and multiplies it by (1 - mean of its other local maxima)^2. Maps are added at the level of
the coarsest center, 4, into three conspicuity maps (orientation: N of each angle's sum), whose N
average to the saliency_map. The paper's winner-take-all network is not part of it.

What the paper leaves open is taken from the Saliency Toolbox of Walther and Koch (2006): the
pyramid's low-pass [1 5 10 10 5 1] / 32; Gabor filters of 9x9 pixels, period 7, deviation 7/3, both
phases, absolute responses added; local maxima count above a tenth of the maximum.

Departures: the surround of a double-opponent map is subtracted, |RG(c) - RG(s)|, as in the
Toolbox; the formula printed has the surround's sign reversed and would answer to a uniform color.
A plateau is one local maximum, and those at the border count. Contrast of the size of rounding
errors is 0. Enlargement is bilinear. The map is stretched to 0..1. Images with a shorter side below
256 pixels have no level 8 (levels go on as long as that side keeps a pixel), and pairs that need it
are dropped; where none is left, below 32 pixels, the pair of the coarsest level and the third below
it, or level 0, takes their place.
"""
from functools import partial

import cv2
import numpy as np

from keras_saliency.models.classical.features import (
    NOISE,
    check_image,
    check_numbers,
    gabor_energy,
    gabor_pair,
    min_max,
    pyramid,
    resized,
)
from keras_saliency.models.spec import ModelSpec

_gabor = partial(gabor_pair, period=7.0, deviation=7 / 3, elongation=1.0, radius=4)
_DARK = 0.1   # of the brightest: below, hue cannot be seen
_LEAST = 0.1  # of the maximum: below, a local maximum does not count


def itti(image, centers=(2, 3, 4), deltas=(3, 4), angles=(0, 45, 90, 135)) -> np.ndarray:
    """The saliency_map of Itti, Koch and Niebur; see the module's docstring.

    Args:
        image: [H, W, 3] RGB, uint8 or float within 0..255, any size from 1x1.
        centers: pyramid levels of the centers, each in 0..8.
        deltas: levels from a center to its surrounds, each in 1..8.
        angles: orientations in degrees, each in 0..180.

    Returns:
        float32 [H, W] within 0..1; zeros for a constant image.

    Raises:
        InputError: an image of another shape or with values outside 0..255, or an option out of
            range.
    """
    rgb = check_image(image) / 255
    pairs = scale_pairs(rgb.shape[:2],
                        check_numbers("centers", centers, 0, 8, whole=True),
                        check_numbers("deltas", deltas, 1, 8, whole=True))
    angles = check_numbers("angles", angles, 0, 180)
    coarsest = max(surround for _, surround in pairs)
    intensity = pyramid(rgb.mean(axis=2), coarsest)
    size = intensity[max(center for center, _ in pairs)].shape

    def total(levels):
        """The sum of the normalized center-surround maps of a pyramid."""
        return sum(resized(normalized(_contrast(levels[c], levels[s])), size) for c, s in pairs)

    colors = sum(total(pyramid(opponent, coarsest)) for opponent in opponents(rgb))
    orientations = sum(
        normalized(total([gabor_energy(level, _gabor(angle)) for level in intensity]))
        for angle in angles)
    saliency = sum(normalized(c) for c in (total(intensity), colors, orientations)) / 3
    return min_max(resized(min_max(saliency), rgb.shape[:2]))


def scale_pairs(size, centers, deltas) -> list:
    """(center, surround) levels that an image of `size` (H, W) has room for, at least one."""
    coarsest = min(size).bit_length() - 1
    pairs = [(c, c + d) for c in sorted(set(centers)) for d in sorted(set(deltas))
             if c + d <= coarsest]
    return pairs or [(max(0, coarsest - 3), coarsest)]


def opponents(rgb) -> tuple:
    """R - G and B - Y, float32 [H, W], of an image [H, W, 3] in 0..1."""
    intensity = rgb.mean(axis=2, keepdims=True)
    bright = intensity > max(_DARK * intensity.max(), NOISE)
    r, g, b = np.moveaxis(np.where(bright, rgb / np.where(bright, intensity, 1), 0), 2, 0)
    red, green, blue = (np.maximum(one - (two + three) / 2, 0)
                        for one, two, three in ((r, g, b), (g, r, b), (b, r, g)))
    yellow = np.maximum((r + g) / 2 - np.abs(r - g) / 2 - b, 0)
    return red - green, blue - yellow


def normalized(feature) -> np.ndarray:
    """N(.): `feature` [h, w] stretched to 0..1, times (1 - mean of the other local maxima)^2.

    One peak keeps its height, many equal ones cancel; float32.
    """
    from scipy import ndimage  # here: it takes long, and other models do without

    feature = min_max(feature)
    # a plateau's pixels all equal their neighborhood's maximum
    highest = cv2.dilate(feature, np.ones((3, 3), np.uint8))
    peaks, count = ndimage.label((feature == highest) & (feature > _LEAST), np.ones((3, 3)))
    if count < 2:
        return feature
    heights = ndimage.maximum(feature, peaks, np.arange(1, count + 1))
    others = (heights.sum() - heights.max()) / (count - 1)
    return feature * np.float32((1 - others) ** 2)


def _contrast(center, surround):
    """float32 [h, w] in the size of `center`; zeros where there is nothing but rounding."""
    difference = np.abs(center - resized(surround, center.shape))
    return difference if difference.max() > NOISE else np.zeros_like(difference)


SPEC = ModelSpec(
    itti, citation="Itti, Koch and Niebur (1998), A model of saliency-based visual attention for "
                   "rapid scene analysis, TPAMI")
