"""Center bias without training: people look at the middle of a picture, whatever it shows.

A Gaussian around the center of the image, the map that a model must beat. Default deviations are
0.21 of the height and 0.235 of the width. They follow Clarke and Tatler, "Deriving an appropriate
baseline for describing fixation behaviour" (Vision Research 2014), who find variances of 0.22
(horizontal) and 0.45 * 0.22 (vertical) in units of half the width, over ten datasets; the numbers
here are for pictures of 3:4.

Departure: the Gaussian stretches with the image, as the center model of the MIT saliency benchmark
does (Judd, Durand and Torralba 2012); Clarke and Tatler keep its shape at any aspect ratio.
`keras_saliency.evaluation.center_bias` fits a center_bias to a dataset's fixations.
"""
from typing import Sequence, Union

import numpy as np

from keras_saliency.files import require
from keras_saliency.models.classical.features import check_image, check_numbers
from keras_saliency.models.spec import ModelSpec


def center_bias(image: np.ndarray, sigma: Union[float, Sequence] = (0.21, 0.235)) -> np.ndarray:
    """Return the Gaussian around the center of an image: 1 there, whatever its pixels.

    `sigma`: standard deviations as shares of height and of width, in 0.01..10, or one for both.
    """
    height, width = check_image(image).shape[:2]
    both = check_numbers("sigma", (sigma, sigma) if np.isscalar(sigma) else sigma, 0.01, 10)
    require(len(both) == 2, f"sigma must be (of height, of width) or one number, not {sigma!r}")
    rows, columns = (np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / share) ** 2)
                     for side, share in zip((height, width), both))
    return np.outer(rows, columns).astype(np.float32)


SPEC = ModelSpec(
    center_bias, citation="Clarke and Tatler (2014), Deriving an appropriate baseline for "
                          "describing fixation behaviour, Vision Research")
