"""Center bias without training: people look at the middle of a picture, whatever it shows.

A Gaussian around the center of the image, the map that a model must beat. Default deviations:
0.21 of the height and 0.235 of the width, which are those of Clarke and Tatler, "Deriving an
appropriate baseline for describing fixation behaviour" (Vision Research 2014), for pictures of
3:4: they find variances of 0.22 (horizontal) and 0.45 * 0.22 (vertical) in units of half the
width, in ten datasets.

Departure: the Gaussian stretches with the image, as the center model of the MIT saliency benchmark
does (Judd, Durand and Torralba 2012); Clarke and Tatler keep its shape whatever the aspect ratio.
`keras_saliency.baselines` has the center_bias that is fitted to a dataset's fixations.
"""
import numpy as np

from keras_saliency.files import InputError
from keras_saliency.models.classical.features import check_image, check_numbers
from keras_saliency.models.spec import ModelSpec


def center_bias(image, sigma=(0.21, 0.235)) -> np.ndarray:
    """The Gaussian around the center of an image, whose pixels it ignores.

    Args:
        image: [H, W, 3] RGB, uint8 or float within 0..255, any size from 1x1.
        sigma: standard deviations as shares of height and of width, in 0.01..10; one number
            is taken for both.

    Returns:
        float32 [H, W], 1 at the center of the image (between pixels where a side is even).

    Raises:
        InputError: an image of another shape or with values outside 0..255, or sigma out of range.
    """
    height, width = check_image(image).shape[:2]
    both = (sigma, sigma) if np.isscalar(sigma) else sigma
    both = check_numbers("sigma", both, 0.01, 10)
    if len(both) != 2:
        raise InputError(f"sigma must be (of height, of width) or one number, not {sigma!r}")
    rows, columns = (np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / share) ** 2)
                     for side, share in zip((height, width), both))
    return np.outer(rows, columns).astype(np.float32)


SPEC = ModelSpec(
    center_bias, citation="Clarke and Tatler (2014), Deriving an appropriate baseline for "
                          "describing fixation behaviour, Vision Research")
