"""The items of search arrays: shapes, colours, and the kinds of difference between distractor and
target (after Treisman & Gelade 1980)."""
from dataclasses import dataclass, replace

import cv2
import numpy as np


@dataclass(frozen=True)
class Item:
    """The looks of an item; lengths are fractions of its diameter."""

    shape: str           # name in `SHAPES`
    color: tuple         # (r, g, b), 0..255
    size: float = 0.55   # diameter as a fraction of the grid cell
    angle: float = 0.0   # rotation in degrees
    width: float = 0.2   # thickness of strokes, diameter of dots
    bend: float = 0.0    # turn of an arc in half circles, 0 = straight
    gap: float = 0.0     # opening of a ring in degrees, 0 = closed
    offset: float = 0.0  # where a cross' strokes meet, 0 = middle ("+"), 1 = end ("T")
    dots: int = 0        # number of dots of a patch


# Shapes: an item -> its polygons [k, 2] in a box of side 1 around the origin, before rotation.

def _circle(radius, start=0.0, stop=360.0, steps=32):
    t = np.radians(np.linspace(start, stop, steps))
    return radius * np.stack([np.cos(t), np.sin(t)], axis=1)


def _rectangle(width, height, y=0.0):
    return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2) + (0.0, y)


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
    centers = np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1)
    return [dot + center for center in centers]


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

def rgb(level: float, chroma: float = 0.0, hue: float = 0.0) -> tuple[int, int, int]:
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
    return rgb(_level(rng, background), chroma, rng.uniform(0, 360))


def _pick(rng, *shapes) -> str:
    return shapes[rng.integers(len(shapes))]


def _two(rng, one, other) -> tuple:
    """Both in random order: every feature difference occurs in both directions."""
    return (one, other) if rng.random() < 0.5 else (other, one)


# Kinds: (generator, lightness of the background) -> distractor and target.

def _color(rng, background):
    level, hue = _level(rng, background, 45, 78, 20), rng.uniform(0, 360)
    item = Item(_pick(rng, "disc", "square", "triangle", "bar"), rgb(level, 62, hue),
                width=0.32, angle=rng.choice([0.0, 45.0]))
    return item, replace(item, color=rgb(level, 62, hue + rng.uniform(110, 250)))


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
    item = Item(_pick(rng, "disc", "square", "bar", "star"), rgb(one), width=0.32)
    return item, replace(item, color=rgb(other))


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
