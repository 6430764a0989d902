"""Names beside the points of a plot, none over another."""
import numpy as np

from keras_saliency.report.figures import INK

# Of a label, as shares of the axes: its height, the width of a letter, the gap beside its dot
LINE, LETTER, GAP = 0.045, 0.0135, 0.012


def name_points(axes, names, x, y, letter=LETTER) -> None:
    """Write a name beside each point; the axes must have their final limits.

    Args:
        letter: width of one as a share of the axes.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across, up = (x - left) / max(right - left, 1e-9), (y - low) / max(high - low, 1e-9)
    for name, dot, (place, side) in zip(names, zip(x, y), _places(names, across, up, letter)):
        axes.annotate(name, dot, place, textcoords="axes fraction", fontsize=7, color=INK,
                      ha=side, va="center", parse_math=False)


def _places(names, x, y, letter) -> list:
    """(place, "left" or "right" alignment) of each label: beside its dot, else a little higher or
    lower, the nearest place that covers no dot and no earlier label. Shares of the axes."""
    taken = [(a - GAP, a + GAP, b - GAP, b + GAP) for a, b in zip(x, y)]
    found = []
    for name, across, up in zip(names, x, y):
        width, boxes = letter * len(name), {}
        for step in sorted(range(-12, 13), key=abs):
            level = up + step * LINE / 4
            for side, start in (("left", across + GAP), ("right", across - GAP - width)):
                if start >= 0:  # not over the axis
                    boxes[level, side] = (start, start + width, level - LINE / 2, level + LINE / 2)
        free = [key for key, box in boxes.items() if not any(_meet(box, t) for t in taken)]
        level, side = (free or list(boxes))[0]
        taken.append(boxes[level, side])
        found.append(((across + GAP * (1 if side == "left" else -1), level), side))
    return found


def _meet(a, b) -> bool:
    """Whether two boxes (left, right, bottom, top) overlap."""
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
