"""Long pictures, such as whole web pages, in overlapping windows of one screen each.

A network shrinks a picture onto its canvas, and a page of 1280x9000 becomes 57 pixels wide. Nobody
sees such a picture at once either: people scroll.

The windows have the full width of an upright picture (the full height of a lying one) and overlap
by half or more. A pixel of the joined map is the weighted mean of the windows that show it. The
weight of a window falls to 0 towards its ends within the picture, so that the map has no seams.
All windows count alike: which screens people reach, and how long they stay, is not predicted. The
level of a joined map is that of the windows' maps. A joined density is divided by its sum, so that
the share of a screen is about its share of the pixels.
"""
import math
import numbers
from typing import Any, Callable, Optional, Sequence

import numpy as np

from keras_saliency.files import require, warn
from keras_saliency.maps import geometry
from keras_saliency.maps.facts import Facts

STRIP = 4     # times as long as wide: pictures from there on are predicted in screens by default
SHAPE = 3, 4  # (h, w) of a screen for a model that states no canvas
MOST = 1000   # windows of a picture


def is_strip(size: Sequence[int]) -> bool:
    """Return True for a picture of `size` (H, W) that is at least `STRIP` times as long as wide."""
    return max(size) >= STRIP * min(size)


def canvas_shape(facts: Facts, size: Sequence[int], canvas: Optional[tuple] = None) -> tuple:
    """Return the canvas (h, w) for a picture of `size` (H, W), or `SHAPE`, turned like it."""
    if canvas is not None:
        return canvas
    return geometry.oriented_canvas(size, SHAPE) if facts.canvas is None else facts.canvas_for(size)


def by_screens(predict: Callable[[np.ndarray], np.ndarray], image: np.ndarray,
               screen: Optional[int] = None, shape: Sequence[int] = SHAPE,
               density: bool = False) -> np.ndarray:
    """Predict a picture in windows and join their maps.

    Args:
        predict: image [H, W, 3] -> map [H, W]. image: [H, W, 3], of any size.
        screen: pixels of a window along the longer side; a picture that is no longer is predicted
            as it is. None: strips (`is_strip`) in windows of `shape` (h, w), others as they are.
        density: the maps are densities, and so is the joined one.

    Returns float32 [H, W]; the very map of `predict` for a picture of one screen.

    Raises `InputError` for windows that would be strips themselves, or more than `MOST` of them.
    """
    size = image.shape[:2]
    axis = int(size[1] > size[0])
    screen = _length(size, axis, shape) if screen is None else _checked(screen, size)
    if size[axis] <= screen:
        return predict(image)
    starts, shares = windows(size[axis], screen)
    joined = np.zeros(size, np.float32)
    for start, share in zip(starts, shares):
        part = (slice(None),) * axis + (slice(start, start + screen),)
        joined[part] += predict(np.ascontiguousarray(image[part])) * np.expand_dims(share, 1 - axis)
    if density:
        joined /= joined.sum(dtype=np.float64).astype(np.float32)
    return joined


def windows(length: int, screen: int) -> tuple[list[int], list[np.ndarray]]:
    """Return the first pixel of each window of `screen` pixels, and its shares of them.

    The windows are spaced evenly and overlap by half or more. The shares, float32 [screen], fall
    linearly to the ends of a window, except at the ends of the picture; those of all windows at a
    pixel sum to 1.
    """
    count = 1 + math.ceil(2 * (length - screen) / screen)
    require(count <= MOST, f"{count} windows of {screen} pixels for a picture of {length} are too "
                           f"many (at most {MOST}); give a longer screen")
    starts = np.rint(np.linspace(0, length - screen, count)).astype(int).tolist()
    rising = (np.arange(screen) + 0.5) / screen
    weights = [np.minimum(np.inf if start == 0 else rising,
                          np.inf if start == length - screen else rising[::-1]) for start in starts]
    total = np.zeros(length)
    for start, weight in zip(starts, weights):
        total[start:start + screen] += weight
    return starts, [(weight / total[start:start + screen]).astype(np.float32)
                    for start, weight in zip(starts, weights)]


def warn_of_strip(size: Sequence[int], facts: Optional[Facts] = None,
                  canvas: Optional[tuple] = None) -> None:
    """Give a warning for a strip of `size` (H, W) that is shrunk onto a canvas (h, w).

    `canvas` is by default that of `facts`; without it every strip is warned of.
    """
    if not is_strip(size):
        return
    shrunk = ""
    if facts is not None and (canvas is not None or facts.canvas is not None):
        seen = geometry.fitted_size(size, canvas_shape(facts, size, canvas), facts.fit)
        if seen[0] >= size[0] and seen[1] >= size[1]:
            return
        shrunk = f", and the network sees {seen[0]}x{seen[1]} pixels of it"
    warn(f"a picture of {size[0]}x{size[1]} (height x width) is {max(size) / min(size):.3g} times "
         f"as long as wide{shrunk}: its map shows little detail; predict it in screens "
         "(predict_screens, or --screens)")


def _length(size, axis, shape) -> int:
    """The length of a window of `shape` (h, w) as wide as the picture; all of it for no strip."""
    if not is_strip(size):
        return size[axis]
    return max(round(min(size) * shape[axis] / shape[1 - axis]), _shortest(size))


def _shortest(size) -> int:
    return math.ceil(min(size) / STRIP)


def _checked(screen: Any, size) -> int:
    whole = isinstance(screen, numbers.Integral) and not isinstance(screen, bool)
    require(whole and screen >= 1, f"screen must be a whole number of pixels, not {screen!r:.40}")
    require(screen >= min(max(size), _shortest(size)), f"screens of {screen} pixels of a picture "
            f"of {size[0]}x{size[1]} would be strips themselves; give at least {_shortest(size)}")
    return int(screen)
