"""Sizes of pictures on the canvas of a network, as plain integers."""
from typing import Sequence

from keras_saliency.config.sections import FITS

STIMULUS_PADDING = 126.0
PAD, STRETCH = FITS


def fitted_size(size: Sequence[int], canvas: Sequence[int], fit: str = PAD) -> tuple[int, int]:
    """(h, w): what a picture of `size` (H, W) covers of `canvas`; see `tensors.fitted_size`."""
    if fit == STRETCH:
        return tuple(canvas)
    ratio = min(c / s for c, s in zip(canvas, size))
    return tuple(min(max(round(s * ratio), 1), c) for c, s in zip(canvas, size))


def oriented_canvas(size: Sequence[int], canvas: Sequence[int], fit: str = PAD,
                    turns: bool = True) -> tuple[int, int]:
    """The canvas (h, w) turned to portrait for portrait pictures and to landscape for others.

    A network that accepts any size then spends its canvas on the picture and not on padding. One
    that pictures are stretched over saves none and is not turned, nor is one without `turns`.
    """
    if fit == STRETCH or not turns:
        return tuple(int(c) for c in canvas)
    short, long = sorted(int(c) for c in canvas)
    return (long, short) if size[0] > size[1] else (short, long)
