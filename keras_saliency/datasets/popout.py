"""Pop-out search arrays with simulated fixations, generated on the fly: nothing to download.

An array shows equal distractors and one target that differs from them in exactly one feature
(after Treisman & Gelade 1980; the kinds are those of `KINDS`). Fixations are simulated, not
recorded: each of 15 observers looks mostly at the target, at times at the centre of the screen
or at a distractor. The set is for tests, demonstrations and for the measure NMM (mean of the
standardised map inside the target mask); it is no substitute for eye-tracking data.
"""
from dataclasses import dataclass, replace

import cv2
import numpy as np

from keras_saliency.datasets.dataset import DatasetError, SaliencyDataset, require
from keras_saliency.datasets.fixations import Fixations
from keras_saliency.datasets.spec import DatasetSpec

OBSERVERS = 15
SMALLEST = 96        # pixels; below, the items of a dense array are too small to tell apart
SUPERSAMPLE = 2      # arrays are drawn this many times larger and reduced by area
SHIFT = 4            # fractional bits of OpenCV's polygon coordinates
DVA_PER_HEIGHT = 15  # a convention, there being no screen: a picture is 15 degrees high


@dataclass(frozen=True)
class Item:
    """Everything that makes an item look as it does; lengths are fractions of its diameter.

    Attributes:
        shape: name in `SHAPES`. color: (r, g, b), 0..255.
        size: diameter as a fraction of the grid cell. angle: rotation in degrees.
        width: thickness of strokes, diameter of dots.
        bend: turn of an arc in half circles, 0 = straight.
        gap: opening of a ring in degrees, 0 = closed.
        offset: where a cross' strokes meet, 0 = middle ("+"), 1 = end ("T").
        dots: number of dots of a patch.
    """

    shape: str
    color: tuple
    size: float = 0.55
    angle: float = 0.0
    width: float = 0.2
    bend: float = 0.0
    gap: float = 0.0
    offset: float = 0.0
    dots: int = 0


@dataclass(frozen=True)
class PopOutArray:
    """One search array.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        mask: bool [H, W], the target's convex hull, widened by a tenth of a grid cell.
        kind: the feature that sets the target apart, a name in `KINDS`.
        points: float64 [n, 2], fixations (x, y) in pixels; rarely one just outside the image.
        observer: int32 [n], 0 .. OBSERVERS - 1.
        distractor, target: what was drawn; they differ in one field.
    """

    image: np.ndarray
    mask: np.ndarray
    kind: str
    points: np.ndarray
    observer: np.ndarray
    distractor: Item
    target: Item


# Shapes: an item -> its polygons [k, 2] in a box of side 1 around the origin, before rotation.

def _circle(radius, start=0.0, stop=360.0, steps=32):
    t = np.radians(np.linspace(start, stop, steps))
    return radius * np.stack([np.cos(t), np.sin(t)], axis=1)


def _rectangle(width, height, x=0.0, y=0.0):
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2) + (x, y)


def _arc(item):
    half = max(item.bend, 1e-3) * np.pi / 2
    t = np.linspace(-half, half, 24)[:, None]
    radius = 0.5 / max(np.sin(min(half, np.pi / 2)), 1e-9)
    normal = np.concatenate([np.sin(t), np.cos(t)], axis=1)
    line = normal * radius
    band = np.concatenate([line + normal * item.width / 2, (line - normal * item.width / 2)[::-1]])
    return [band - (0, (line[:, 1].min() + line[:, 1].max()) / 2)]


def _ring(item):
    start, stop = item.gap / 2, 360 - item.gap / 2
    return [np.concatenate([_circle(0.5, start, stop, 40),
                            _circle(0.5 - item.width, start, stop, 40)[::-1]])]


def _cross(item):
    reach = (1 - item.width) / 2 * item.offset
    return [_rectangle(item.width, 1), _rectangle(1, item.width, y=-reach)]


def _dots(item):
    # A sunflower: any number of dots spreads evenly over the disc.
    k = np.arange(item.dots)
    radius = (0.5 - item.width / 2) * np.sqrt((k + 0.5) / item.dots)
    turn = k * np.pi * (3 - np.sqrt(5))
    dot = _circle(item.width / 2, steps=14)
    return [dot + center for center in
            np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)]


def _star(item):
    radius = np.where(np.arange(10) % 2, 0.24, 0.55)[:, None]
    return [radius * _circle(1.0, -90, 234, 10)]


SHAPES = dict(
    bar=lambda item: [_rectangle(1, item.width)],
    disc=lambda item: [_circle(0.47)],
    square=lambda item: [_rectangle(0.84, 0.84)],
    triangle=lambda item: [_circle(0.58, -90, 150, 3)],
    star=_star, arc=_arc, ring=_ring, cross=_cross, dots=_dots)


# Colours, in CIELAB so that a difference of 30 in level looks the same on any background.

def _rgb(level, chroma=0.0, hue=0.0) -> tuple:
    """(r, g, b) 0..255 of a lightness 0..100, chroma and hue in degrees."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    lab = np.array([[[level, a, b]]], np.float32)
    rgb = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)[0, 0] * 255, 0, 255)
    return tuple(int(v) for v in np.round(rgb))


def _level(rng, away_from, low=25.0, high=92.0, least=32.0) -> float:
    """A lightness in low..high, at least `least` from every level given, else the farthest."""
    levels = np.linspace(low, high, 68)
    distance = np.abs(levels[:, None] - np.atleast_1d(away_from)).min(1)
    good = levels[distance >= least]
    return float(rng.choice(good) if len(good) else levels[distance.argmax()])


def _any_color(rng, background) -> tuple:
    chroma = rng.choice([0.0, 45.0, 60.0])
    return _rgb(_level(rng, background), chroma, rng.uniform(0, 360))


def _pick(rng, *shapes) -> str:
    return shapes[rng.integers(len(shapes))]


def _two(rng, one, other) -> tuple:
    """Both in random order: every feature difference occurs in both directions."""
    return (one, other) if rng.random() < 0.5 else (other, one)


# Kinds: (generator, lightness of the background) -> distractor and target.

def _color(rng, background):
    level, hue = _level(rng, background, 45, 78, 20), rng.uniform(0, 360)
    item = Item(_pick(rng, "disc", "square", "triangle", "bar"), _rgb(level, 62, hue),
                width=0.32, angle=rng.choice([0.0, 45.0]))
    return item, replace(item, color=_rgb(level, 62, hue + rng.uniform(110, 250)))


def _orientation(rng, background):
    item = Item("bar", _any_color(rng, background), size=0.66, angle=rng.uniform(0, 180),
                width=rng.uniform(0.16, 0.3))
    return item, replace(item, angle=item.angle + rng.choice([-1, 1]) * rng.uniform(35, 90))


def _size(rng, background):
    item = Item(_pick(rng, "disc", "square", "triangle", "ring"), _any_color(rng, background),
                size=rng.uniform(0.30, 0.36))
    return _two(rng, item, replace(item, size=item.size * rng.uniform(1.9, 2.2)))


def _intensity(rng, background):
    one = _level(rng, background, 10, 98, 22)
    other = _level(rng, [background, one], 2, 100, 22)
    item = Item(_pick(rng, "disc", "square", "bar", "star"), _rgb(one), width=0.32)
    return item, replace(item, color=_rgb(other))


def _shape(rng, background):
    one, other = rng.choice(["disc", "square", "triangle", "star"], 2, replace=False)
    item = Item(str(one), _any_color(rng, background), size=0.58)
    return item, replace(item, shape=str(other))


def _curvature(rng, background):
    item = Item("arc", _any_color(rng, background), size=0.68, angle=rng.uniform(0, 360),
                width=rng.uniform(0.13, 0.18))
    return _two(rng, item, replace(item, bend=rng.uniform(0.75, 1.0)))


def _closure(rng, background):
    item = Item("ring", _any_color(rng, background), size=0.6, angle=rng.uniform(0, 360),
                width=rng.uniform(0.13, 0.2))
    return _two(rng, item, replace(item, gap=rng.uniform(75, 110)))


def _density(rng, background):
    item = Item("dots", _any_color(rng, background), size=0.7, angle=rng.uniform(0, 360),
                width=0.15, dots=int(rng.integers(5, 8)))
    return _two(rng, item, replace(item, dots=int(rng.integers(19, 23))))


def _crossing(rng, background):
    item = Item("cross", _any_color(rng, background), size=0.6, angle=rng.choice(
        [0.0, 45.0, 90.0, 180.0]), width=rng.uniform(0.15, 0.2))
    return _two(rng, item, replace(item, offset=1.0))


def _thickness(rng, background):
    item = Item(_pick(rng, "bar", "ring", "cross"), _any_color(rng, background), size=0.62,
                width=rng.uniform(0.09, 0.11), angle=rng.choice([0.0, 45.0, 90.0]))
    return _two(rng, item, replace(item, width=rng.uniform(0.3, 0.36)))


KINDS = dict(
    color=_color, orientation=_orientation, size=_size, intensity=_intensity, shape=_shape,
    curvature=_curvature, closure=_closure, density=_density, crossing=_crossing,
    thickness=_thickness)


def render(index: int, size=(240, 320), seed: int = 0) -> PopOutArray:
    """Array number `index`; equal arguments give equal arrays, whatever was drawn before.

    Args:
        index: 0 or more; the kind is number ``index % len(KINDS)``.
        size: (height, width) in pixels, each at least 96.
        seed: 0 or more; another seed is another set.

    Raises:
        DatasetError: an argument outside these bounds.
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
    canvas[:] = _rgb(background, tint, rng.uniform(0, 360))
    for center in centers[1:]:
        _draw(canvas, distractor, center, cell)
    outline = _draw(canvas, target, centers[0], cell)
    image = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    mask = _hull_mask(outline, (height, width), margin=0.1 * cell)
    points, observer = _fixate(rng, centers, target.size * cell, (height, width))
    return PopOutArray(image, mask, kind, points, observer, distractor, target)


def load(root=None, count: int = 300, size=(240, 320), seed: int = 0,
         validation: float = 0.2) -> SaliencyDataset:
    """`count` arrays as a dataset; takes about 2 s for 300.

    Args:
        root: None; the set is generated.
        count: number of arrays. size: (height, width) in pixels. seed: which set.
        validation: fraction of the arrays in the partition `val`, 0 <= validation < 1. Whole
            rounds of kinds go there (with 0.2 every fifth), so each kind is in both partitions
            as soon as there are two rounds (20 arrays).

    Returns:
        Stimuli and target masks as PNG bytes, categories = kinds, and 16 pixels per degree of
        visual angle at 240 pixels height (a convention).

    Raises:
        DatasetError: an argument outside these bounds, or a root.
    """
    require(root is None, f"popout: the set is generated and takes no root, but data.root is "
                          f"{str(root)!r}; leave data.root out, or choose another dataset")
    _check_whole("count", count, 1)
    require(isinstance(validation, (int, float)) and 0 <= validation < 1,
            f"popout: validation is a fraction from 0 to below 1, not {validation!r}; "
            f"0.2 is usual")
    height, width = _checked_size(size)
    arrays = [_encode(render(i, (height, width), seed)) for i in range(count)]
    digits = max(4, len(str(count - 1)))
    counts = [len(points) for _, _, _, points, _ in arrays]
    points = np.concatenate([a[3] for a in arrays])
    return SaliencyDataset(
        name="popout",
        names=tuple(f"popout_{i:0{digits}d}_{a[0]}" for i, a in enumerate(arrays)),
        stimuli=tuple(a[1] for a in arrays),
        sizes=np.tile(np.array([[height, width]], np.int32), (count, 1)),
        fixations=Fixations.build(
            points[:, 0], points[:, 1], np.repeat(np.arange(count), counts),
            np.tile([height, width], (count, 1)),
            observer=np.concatenate([a[4] for a in arrays])),
        pixels_per_dva=height / DVA_PER_HEIGHT,
        edition=f"popout v1 seed={seed}",
        partition=_partition(count, float(validation)),
        categories=tuple(a[0] for a in arrays),
        target_masks=tuple(a[2] for a in arrays),
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
    spread = np.choose(where, [np.hypot(0.25 * diameter, noise), 0.06 * height,
                               np.hypot(0.25 * diameter, noise)])
    points = aim + rng.normal(size=(n, 2)) * spread[:, None]
    points = np.clip(points, 0, np.array([width, height]) - 1e-3)
    # Real recordings hold a few samples beyond the screen; readers must cope with them.
    lost = np.flatnonzero(rng.random(n) < 0.003)
    points[lost, 0] = np.where(rng.random(len(lost)) < 0.5, -0.02, 1.02) * width
    return points, observer


def _encode(array: PopOutArray) -> tuple:
    """(kind, PNG of the image, PNG of the mask, points, observer)."""
    def png(pixels):
        done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not done:
            raise DatasetError("popout: OpenCV could not write a PNG; reinstall "
                               "opencv-python-headless")
        return data.tobytes()
    return (array.kind, png(array.image[..., ::-1]), png(array.mask.astype(np.uint8) * 255),
            array.points, array.observer)


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


def _check_whole(what, value, least):
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    require(whole and value >= least,
            f"popout: {what} is a whole number, at least {least}, not {value!r}")


def _checked_size(size) -> tuple:
    """(height, width) as two ints."""
    try:
        height, width = size
    except (TypeError, ValueError):
        raise DatasetError(f"popout: size is (height, width) in pixels, such as (240, 320), "
                           f"not {size!r}") from None
    for what, value in (("height", height), ("width", width)):
        _check_whole(what, value, SMALLEST)
    return int(height), int(width)


SPEC = DatasetSpec(load)
