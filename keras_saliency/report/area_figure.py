"""Figures of areas: one picture with their shares of attention, and variants of a picture."""
import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.areas.study import Studied
from keras_saliency.prediction.overlay import overlay
from keras_saliency.report.figures import (
    BESIDE,
    BEST,
    DPI,
    FAINT,
    GROUPS,
    INK,
    legend,
    save_figure,
    save_plot,
    style_axes,
)

LONGEST = 1000  # pixels of a side of the picture as it is drawn
NAMED = 5       # variants with a colour of their own


def area_figure(studied: Studied, path) -> None:
    """The picture under its density with outlines of the areas, and a bar for each area's share.

    A tick on each bar is the area's size, what it would get of a uniform density; a red line is the
    measured share of fixations with its 95 % interval.
    """
    shares = studied.shares
    order = np.argsort(shares.rank, kind="stable")
    image, masks = _reduced(studied)
    height, width = image.shape[:2]
    tall = max(2.4, 0.24 * len(order) + 0.9)
    wide = min(max(tall * width / height, 1.8), 6.4)
    figure = Figure(figsize=(wide + 5.0, tall), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    drawn, bars = figure.subplots(1, 2, width_ratios=[wide, 3.4])
    drawn.imshow(image)
    drawn.set_axis_off()
    for place, area in enumerate(order, 1):
        _outline(drawn, masks[shares.names[area]], str(place))
    below = np.arange(len(order))
    bars.barh(below, 100 * shares.share[order], color=GROUPS[1], alpha=0.75, height=0.6)
    bars.plot(100 * shares.size[order], below, "|", color=INK, markersize=11, label="its size")
    if shares.fixated is not None:
        mean, low, high = 100 * shares.fixated[order].T
        bars.hlines(below, low, high, color=BEST, linewidth=1.4)
        bars.plot(mean, below, "o", color=BEST, markersize=4, label="fixations, 95 %")
    bars.set_yticks(below, [f"{place} {shares.names[area]}" for place, area in enumerate(order, 1)],
                    parse_math=False)
    bars.set_ylim(len(order) - 0.4, -0.6)
    bars.set_xlim(0, None)
    bars.grid(True, axis="x", color=FAINT, linewidth=0.6)
    bars.set_axisbelow(True)
    style_axes(bars, f"{studied.name}: {100 * shares.rest:.1f} % in no area",
               "share of attention, %")
    legend(bars, **BESIDE)
    save_figure(figure, path)


def variants_figure(shares: dict, stem) -> None:
    """The share of each area in each picture, a row per area, as PNG and SVG.

    Args:
        shares: {area: {picture: share}}, in the order of the rows.
    """
    pictures = sorted({name for its in shares.values() for name in its})
    names = list(shares)
    figure = Figure(figsize=(6.6, max(1.8, 0.3 * len(names) + 1.1)), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.hlines(range(len(names)), *zip(*((100 * min(its.values()), 100 * max(its.values()))
                                          for its in shares.values())), color=FAINT, linewidth=2)
    for index, picture in enumerate(pictures):
        points = [(100 * shares[name][picture], row) for row, name in enumerate(names)
                  if picture in shares[name]]
        named = len(pictures) <= NAMED
        axes.plot(*zip(*points), "o", markersize=6, color=GROUPS[index if named else 0],
                  label=picture if named else None if index else f"{len(pictures)} pictures")
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, None)
    style_axes(axes, "", "share of attention, %")
    legend(axes, **BESIDE)
    save_plot(figure, stem)


def _reduced(studied) -> tuple:
    """(the picture under its density, {area: mask}), at most LONGEST pixels long."""
    colored = overlay(studied.image, studied.density, alpha=0.5)
    height, width = colored.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(colored, size, interpolation=cv2.INTER_AREA), {
        name: cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        for name, mask in studied.masks.items()}


def _outline(axes, mask, label) -> None:
    """The border of a mask, and a label at its upper left corner."""
    ringed = np.pad(mask, 1)  # a border at the picture's edge too
    contours, _ = cv2.findContours(ringed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        x, y = np.vstack([contour[:, 0], contour[:1, 0]]).T - 1
        axes.plot(x, y, color="white", linewidth=1.2)
    rows, columns = np.nonzero(mask)
    if len(rows):
        axes.text(columns[np.argmin(rows + columns)], rows[np.argmin(rows + columns)], label,
                  fontsize=7, color="white", va="bottom", parse_math=False,
                  bbox={"boxstyle": "square,pad=0.2", "facecolor": INK, "edgecolor": "none"})
