"""Sizes of pictures on the canvas of a network, as plain integers."""

from typing import Sequence

from keras_saliency.config import FITS

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

    Plain integers in, plain integers out. A network that accepts any size then spends its
    canvas on the picture and not on padding. A canvas that pictures are stretched over stays as
    it is: there is no padding to save, and those authors use one size for all.

    Args:
        turns: False for a network of one input size, whose canvas stays as it is as well.
    """
    if fit == STRETCH or not turns:
        return tuple(int(c) for c in canvas)
    short, long = sorted(int(c) for c in canvas)
    return (long, short) if size[0] > size[1] else (short, long)
