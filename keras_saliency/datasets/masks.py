"""Check that a picture is a fixation mask: black, with a pixel above 0 for each fixation.

Masks that were resized, drawn as dots, saved as JPEG or inverted have many times the fixations, as
has a picture of the density.
"""
from typing import NamedTuple

import cv2
import numpy as np

SMALLEST = 64        # pixels of a picture whose black part says something
FEWEST = 12          # pixels above 0 that say something about squares among them
SQUARES = 0.6, 0.9   # largest shares in squares: where the neighborhood is thin, anywhere
RARER = 8            # times that pixels may be alone more rarely than chance explains
FAINT, MOST_FAINT = 1 / 8, 0.4  # of the largest value; share of the pixels that may be below it
FAINTEST = 1 / 64    # of the largest value: below it masks that count fixations have no pixel
DRAWN = "dots, lines, or a mask that was resized? Each fixation is one pixel"


class Crowding(NamedTuple):
    """Pixels above 0 of one or more masks, and how many of them lie side by side."""

    pixels: int = 0
    squares: int = 0             # those in a square of 2x2 pixels that are all above 0
    squares_expected: float = 0  # the same if each neighborhood's pixels were spread by chance
    alone: int = 0               # those without a neighbor above 0
    alone_expected: float = 0

    def __add__(self, other: "Crowding") -> "Crowding":
        return Crowding(*(a + b for a, b in zip(self, other)))

    @property
    def in_squares(self) -> bool:
        """True if fixations seem to be squares or larger."""
        thin, any_ = (share * self.pixels for share in SQUARES)
        return self.pixels >= FEWEST and (
            self.squares > any_ or self.squares > max(thin, 3 * self.squares_expected))

    @property
    def in_touch(self) -> bool:
        """True if fixations seem to be lines or small crosses."""
        return RARER * self.alone + 2 * FEWEST < self.alone_expected


def crowding(values: np.ndarray) -> Crowding:
    """Count the pixels above 0 of a mask [H, W], and those that lie side by side."""
    there = np.pad(values > 0, 1).astype(np.uint8)
    at = there > 0
    around, inside = (_sums(there, 15) - _sums(there, 5), _sums(np.ones_like(there), 15) - 25)
    density = np.clip(around[at] / np.maximum(inside[at], 1), 0, 1)
    squares = cv2.morphologyEx(there, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    return Crowding(
        int(at.sum()), int(squares.sum()), float((1 - (1 - density ** 3) ** 4).sum()),
        int((_sums(there, 3)[at] == 1).sum()), float(((1 - density) ** 8).sum()))


def mask_fault(values: np.ndarray, jpeg: bool = False) -> str:
    """Say why a picture [H, W] is no fixation mask; "" for a mask.

    `jpeg` tells that it was stored as one.
    """
    count, pixels = int((values > 0).sum()), values.size
    seen = f"{count} of its {pixels} pixels are above 0"
    if jpeg and count:
        return f"{seen} in a JPEG, which surrounds each fixation with others; save it as PNG"
    if count > pixels / 2 and pixels >= SMALLEST:
        levels, counts = np.unique(values, return_counts=True)
        if counts.max() > pixels / 2:
            return (f"{seen}, most of them {levels[counts.argmax()]}: an inverted mask? "
                    "Fixations are above 0, all else is 0")
        return f"{seen}: a density or a photograph? A picture of the density belongs to density/"
    if _is_faint(values[values > 0]):
        return (f"{seen}, most of them faint: a mask that was resized or a JPEG before, or a "
                "picture of the density, which belongs to density/")
    crowd = crowding(values)
    if crowd.in_squares or crowd.in_touch:
        return f"{seen}, most of them side by side: {DRAWN}"
    return ""


def _is_faint(levels: np.ndarray) -> bool:
    """Return True for gray levels above 0, uint [n], that are a halo and not numbers or counts."""
    most = levels.max(initial=0)
    return bool(most >= 1 / FAINTEST and levels.min() <= FAINTEST * most
                and (levels <= FAINT * most).mean() > MOST_FAINT)


def _sums(there: np.ndarray, side: int) -> np.ndarray:
    """float32 [H, W]: sums over squares; outside counts as 0."""
    return cv2.boxFilter(there, cv2.CV_32F, (side, side), normalize=False,
                         borderType=cv2.BORDER_CONSTANT)
