"""BMS, Boolean Map Saliency: Zhang and Sclaroff, "Saliency Detection: A Boolean Map Approach"
(ICCV 2013) and "Exploiting Surroundedness for Saliency Detection: A Boolean Map Approach" (TPAMI
2016). A region that another color surrounds is a figure, and figures draw the eye.

Defaults are those of the TPAMI paper's code (BMS v2) for eye fixations. The image is resized to a
longer side of 400 pixels. CIELab in 8 bits is whitened; each channel is stretched to 0..255 in 8
bits, median-filtered (3x3) and thresholded at every 8 levels from its minimum. In each Boolean map,
the regions of either value that do not touch the border (8-connected) make one attention map,
dilated 7x7 and divided by its L2 norm. The sum is stretched to 0..1, dilated 9x9 and blurred with a
deviation of 9 pixels, cut off at 2 deviations or 25 pixels.

Whitening is only a rotation to the principal axes here: the stretch that follows cancels both the
division by the deviations and the 50 that the authors add to the variances.

The ICCV paper's setting is `bms(image, max_side=600, whiten=False, opening=5, final_dilation=23,
blur=20)`, with three differences. Its 600 pixels are the width. It blurs the image slightly instead
of the median filter and the stretching. The regions of both values share one L2 norm.

Departures: red and blue are not swapped before the conversion to Lab, as the code does. The map
stays in floating point where the code rounds to 8 bits, and is stretched to 0..1 at the end. The
widths of the morphology do not change with `max_side`; the code scales them, to the same values at
400.
"""
import cv2
import numpy as np

from keras_saliency.files import require
from keras_saliency.models.classical.features import check_image, check_number, min_max, resized
from keras_saliency.models.spec import ModelSpec

_WIDEST_BLUR = 51  # pixels of the Gaussian kernel


def bms(image: np.ndarray, step: float = 8, max_side: int = 400, whiten: bool = True,
        opening: int = 1, dilation: int = 7, final_dilation: int = 9,
        blur: float = 9.0) -> np.ndarray:
    """Return the BMS map of an image; zeros if nothing is surrounded, as in a constant image.

    Args:
        step: distance of thresholds, 1..255 (delta). whiten: whiten the Lab channels.
        max_side: longer side of the working size in pixels, 16..2000.
        opening: odd width of the square that closes gaps in each Boolean map and its inverse
            (dilation, then erosion, although the paper calls it opening: omega_o); 1 for none.
        dilation, final_dilation: odd widths for attention maps (omega_d1) and for their sum
            (omega_d2); 1 for none.
        blur: standard deviation of the last blur in pixels of the working size; 0 for none.
    """
    image = check_image(image)
    check_number("step", step, 1, 255)
    check_number("max_side", max_side, 16, 2000, whole=True)
    check_number("blur", blur, 0, 100)
    opening = _square("opening", opening)
    dilation = _square("dilation", dilation)
    final_dilation = _square("final_dilation", final_dilation)
    size = image.shape[:2]
    scale = max_side / max(size)
    small = resized(image, [max(1, int(side * scale + 1e-6)) for side in size])
    total = np.zeros(small.shape[:2], np.float32)
    for channel in feature_channels(small, whiten):
        for threshold in np.arange(channel.min(), channel.max(), step):
            for boolean_map in _boolean_maps(channel > threshold, opening):
                for value in (0, 1):
                    total += _attention(surrounded(boolean_map == value), dilation)
    total = cv2.dilate(min_max(total), final_dilation)
    if blur > 0:
        width = min(4 * int(blur) + 1, _WIDEST_BLUR)
        total = cv2.GaussianBlur(total, (width, width), blur)
    return min_max(resized(total, size))


def surrounded(mask: np.ndarray) -> np.ndarray:
    """Return uint8 [H, W]: 1 in the regions of a bool `mask` that do not touch the border; pixels
    that share a corner belong to one region."""
    # A frame joins all regions at the border, so that one fill reaches them.
    framed = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    cv2.floodFill(framed, None, (0, 0), 0, flags=8)
    return framed[1:-1, 1:-1]


def _boolean_maps(mask, opening) -> list:
    """Return `mask` as uint8 [h, w]; with `opening`, also its inverse, both with closed gaps."""
    mask = mask.astype(np.uint8)
    if opening.size == 1:
        return [mask]  # its inverse has the same regions
    return [cv2.morphologyEx(m, cv2.MORPH_CLOSE, opening) for m in (mask, 1 - mask)]


def _square(name, width):
    check_number(name, width, 1, 199, whole=True)
    require(width % 2, f"{name} must be odd, not {width}; try {width + 1}")
    return np.ones((width, width), np.uint8)


def feature_channels(image: np.ndarray, whiten: bool) -> list:
    """Return uint8 [h, w] channels stretched to 0..255; a channel without contrast is zero."""
    lab = cv2.cvtColor(np.rint(image).astype(np.uint8), cv2.COLOR_RGB2Lab).astype(np.float64)
    if whiten:
        centered = lab.reshape(-1, 3) - lab.reshape(-1, 3).mean(axis=0)
        axes = np.linalg.eigh(centered.T @ centered)[1]
        # The sign of an axis is arbitrary; a rule makes it the same on all platforms.
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), range(3)])
        lab = (centered @ axes).reshape(lab.shape)
    # contrast below this is rounding
    stretched = (min_max(channel) * (np.ptp(channel) > 1e-6) for channel in np.moveaxis(lab, 2, 0))
    return [cv2.medianBlur(np.rint(255 * channel).astype(np.uint8), 3) for channel in stretched]


def _attention(regions, dilation):
    """Dilate regions and give them an L2 norm of 1: small figures weigh more per pixel."""
    regions = cv2.dilate(regions, dilation)
    return regions / np.float32(np.sqrt(max(cv2.countNonZero(regions), 1)))


SPEC = ModelSpec(
    bms, citation="Zhang and Sclaroff (2016), Exploiting surroundedness for saliency detection: A "
                  "Boolean map approach, TPAMI")
