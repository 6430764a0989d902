"""Pop-out search arrays with simulated fixations, generated on the fly: nothing to download.

An array shows equal distractors and one target that differs from them in exactly one feature
(after Treisman & Gelade 1980; the kinds are those of `KINDS`). Each of 15 simulated observers
looks mostly at the target, at times at the centre of the screen or at a distractor. The set is for
tests, demonstrations and the measure NMM (mean of the standardised map inside the target mask); it
is no substitute for eye-tracking data.
"""
import functools
import math
from dataclasses import dataclass, replace
from typing import Sequence

import cv2
import numpy as np

from keras_saliency.config import is_whole
from keras_saliency.datasets.dataset import DatasetSpec, SaliencyDataset, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.popout_items import KINDS, SHAPES, Item, rgb

NAME = "popout"
OBSERVERS = 15
LARGEST_COUNT = 100_000
LARGEST = 4096       # pixels of a side
SMALLEST = 96        # pixels; below, the items of a dense array are too small to tell apart
SUPERSAMPLE = 2      # arrays are drawn this many times larger and reduced by area
SHIFT = 4            # fractional bits of OpenCV's polygon coordinates
DVA_PER_HEIGHT = 15  # a convention, there being no screen: a picture is 15 degrees high


@dataclass(frozen=True)
class PopOutArray:
    """One search array."""

    image: np.ndarray     # uint8 [H, W, 3] RGB
    mask: np.ndarray      # bool [H, W], the target's convex hull, widened by a tenth of a grid cell
    kind: str             # the feature that sets the target apart, a name in `KINDS`
    points: np.ndarray    # float64 [n, 2], fixations (x, y) in pixels; rarely one just outside
    observer: np.ndarray  # int32 [n], 0 .. OBSERVERS - 1
    distractor: Item
    target: Item          # differs from the distractor in one field


def render(index: int, size: Sequence[int] = (240, 320), seed: int = 0) -> PopOutArray:
    """Draw array number `index`; equal arguments give equal arrays.

    Args:
        index: 0 or more; the kind is number ``index % len(KINDS)``.
        size: (height, width) in pixels, each from 96 to 4096. seed: 0 or more, another set each.
    """
    height, width = _checked_size(size)
    _check_whole("index", index, 0)
    _check_whole("seed", seed, 0)
    rng = np.random.default_rng([int(seed), int(index)])
    kind = list(KINDS)[int(index) % len(KINDS)]

    low, high = [(8, 30), (42, 56), (80, 95)][rng.choice(3, p=[0.4, 0.2, 0.4])]
    background = rng.uniform(low, high)
    tint = rng.uniform(4, 10) if kind != "color" and rng.random() < 0.3 else 0.0
    distractor, target = KINDS[kind](rng, background)

    centers, cell = _grid(rng, height, width)
    canvas = np.empty((height * SUPERSAMPLE, width * SUPERSAMPLE, 3), np.uint8)
    canvas[:] = rgb(background, tint, rng.uniform(0, 360))
    for center in centers[1:]:
        _draw(canvas, distractor, center, cell)
    outline = _draw(canvas, target, centers[0], cell)
    image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    mask = _hull_mask(outline, (height, width), margin=0.1 * cell)
    points, observer = _fixate(rng, centers, target.size * cell, (height, width))
    return PopOutArray(image, mask, kind, points, observer, distractor, target)


def load(root: None = None, count: int = 300, size: Sequence[int] = (240, 320), seed: int = 0,
         validation: float = 0.2) -> SaliencyDataset:
    """Generate `count` arrays as a dataset; 300 take about 2 s.

    Args:
        root: None; the set is generated. count: number of arrays, at most 100,000.
        size, seed: see `render`.
        validation: fraction of the arrays in the partition `val`, 0 <= validation < 1. Whole
            rounds of kinds go there (with 0.2 every fifth), so each kind is in both partitions
            as soon as there are two rounds (20 arrays).
    """
    require(root is None, "popout: the set is generated and takes no root, but data.root is "
                          f"{str(root)!r}; leave data.root out, or choose another dataset")
    _check_whole("count", count, 1, LARGEST_COUNT)
    require(isinstance(validation, (int, float)) and 0 <= validation < 1,
            f"popout: validation is a fraction from 0 to below 1, not {validation!r}; 0.2 is usual")
    height, width = _checked_size(size)
    arrays = [_encoded(i, (height, width), seed) for i in range(count)]
    digits = max(4, len(str(count - 1)))
    points = np.concatenate([array.points for array in arrays])
    owners = np.repeat(np.arange(count), [len(array.points) for array in arrays])
    observers = np.concatenate([array.observer for array in arrays])
    # the simulated samples beyond the screen are nothing that a user would have to be told of
    seen = ((points >= 0) & (points < (width, height))).all(axis=1)
    sizes = np.tile(np.array([[height, width]], np.int32), (count, 1))
    return SaliencyDataset(
        name=NAME,
        names=tuple(f"popout_{i:0{digits}d}_{array.kind}" for i, array in enumerate(arrays)),
        stimuli=tuple(array.image for array in arrays), sizes=sizes,
        fixations=Fixations.build(*points[seen].T, owners[seen], sizes, observers[seen]),
        pixels_per_dva=height / DVA_PER_HEIGHT, edition=f"popout v1 seed={seed}",
        partition=_partition(count, float(validation)),
        categories=tuple(array.kind for array in arrays),
        target_masks=tuple(array.mask for array in arrays),
        notes=("generated search arrays with simulated fixations, not eye-tracking data",))


def _grid(rng, height, width):
    """Item centres [n, 2] (x, y), the target's first, and the side of a cell in pixels."""
    rows = int(rng.integers(3, 7))
    cell = height / rows
    columns = max(3, int(width / cell))
    cell = min(cell, width / columns)
    y, x = np.mgrid[:rows, :columns].reshape(2, -1)
    centers = np.stack([x - (columns - 1) / 2, y - (rows - 1) / 2], axis=1)
    centers = centers * (width / columns, height / rows) + (width / 2, height / 2)
    centers += rng.uniform(-0.1, 0.1, centers.shape) * cell
    centers = centers[rng.permutation(len(centers))]
    empty = rng.choice([0.0, 0.0, 0.15, 0.3])
    return centers[:max(9, round(len(centers) * (1 - empty)))], cell


def _draw(canvas, item, center, cell) -> np.ndarray:
    """Paint `item` on the enlarged canvas; its outline points [k, 2] in image pixels."""
    turn = np.radians(item.angle)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    polygons = [p @ rotation * (item.size * cell) + center for p in SHAPES[item.shape](item)]
    for polygon in polygons:
        # OpenCV puts whole numbers at the centres of pixels, we at their edges.
        corners = np.round((polygon * SUPERSAMPLE - 0.5) * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(canvas, [corners], item.color, cv2.LINE_AA, SHIFT)
    return np.concatenate(polygons)


def _hull_mask(outline, size, margin) -> np.ndarray:
    """bool [H, W]: the convex hull of `outline`, widened by `margin` pixels."""
    mask = np.zeros(size, np.uint8)
    hull = cv2.convexHull(np.round((outline - 0.5) * (1 << SHIFT)).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1, cv2.LINE_8, SHIFT)
    reach = max(1, round(margin))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate(mask, disc) > 0


def _fixate(rng, centers, diameter, size):
    """Simulated fixations [n, 2] and their observers [n]; `centers` has the target first."""
    height, width = size
    observer = np.repeat(np.arange(OBSERVERS, dtype=np.int32), rng.integers(2, 6, OBSERVERS))
    n = len(observer)
    where = rng.choice(3, n, p=[0.68, 0.14, 0.18])  # target, centre of the screen, distractor
    noise = 0.3 * height / DVA_PER_HEIGHT           # eye tracker and saccade error, 0.3 degrees
    aim = np.choose(where[:, None], [
        np.broadcast_to(centers[0], (n, 2)),
        np.broadcast_to(np.array([width / 2, height / 2]), (n, 2)),
        centers[rng.integers(1, len(centers), n)]])
    near = np.hypot(0.25 * diameter, noise)
    spread = np.choose(where, [near, 0.06 * height, near])
    points = aim + rng.normal(size=(n, 2)) * spread[:, None]
    points = np.clip(points, 0, np.array([width, height]) - 1e-3)
    # Real recordings hold a few samples beyond the screen; readers must cope with them.
    lost = np.flatnonzero(rng.random(n) < 0.003)
    points[lost, 0] = np.where(rng.random(len(lost)) < 0.5, -0.02, 1.02) * width
    return points, observer


@functools.lru_cache(maxsize=300)  # those of one dataset, which many runs of a program may load
def _encoded(index, size, seed) -> PopOutArray:
    """Array number `index` with its image and mask as PNG bytes."""
    array = render(index, size, seed)

    def png(pixels):
        done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        require(done, "popout: OpenCV could not write a PNG; reinstall opencv-python-headless")
        return data.tobytes()

    return replace(array, image=png(array.image[..., ::-1]),
                   mask=png(array.mask.astype(np.uint8) * 255))


def _partition(count, validation) -> tuple:
    """`train` / `val` per array, in whole rounds of kinds where there are two or more."""
    kinds = len(KINDS)
    # With less than two rounds, single arrays are divided instead.
    unit = kinds if count >= 2 * kinds else 1
    groups = count // unit
    held_out = {i for i in range(groups)
                if int((i + 1) * validation + 1e-9) > int(i * validation + 1e-9)}
    if validation > 0 and not held_out and groups > 1:
        held_out = {groups - 1}
    if groups and len(held_out) == groups:
        held_out.discard(0)
    return tuple("val" if i // unit in held_out else "train" for i in range(count))


def _check_whole(what, value, least, most=math.inf):
    above = "" if most == math.inf else f" and at most {most}"
    require(is_whole(value) and least <= value <= most,
            f"popout: {what} is a whole number, at least {least}{above}, not {value!r}")


def _checked_size(size) -> tuple:
    """(height, width) as two ints."""
    require(np.shape(size) == (2,), f"popout: size is (height, width) in pixels, such as (240, "
                                    f"320), not {size!r}")
    for what, value in zip(("height", "width"), size):
        _check_whole(what, value, SMALLEST, LARGEST)
    return tuple(int(side) for side in size)


SPEC = DatasetSpec(load)
