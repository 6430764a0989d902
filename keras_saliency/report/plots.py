"""Plots: their common style, training curves, strips of pictures, histograms, bars.

Nothing here uses pyplot, so no global setting changes and threads do not disturb each other.
"""
import re
from typing import Any, Iterable, Mapping, Optional, Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from keras_saliency.files import AnyPath, InputError, atomic_path, require
from keras_saliency.metrics import metric_label
from keras_saliency.prediction.overlay import colorize

DPI = 150
TRAIN, VALIDATION, BEST = "#8a8f98", "#1f5fa8", "#c8452f"
INK, FAINT = "#24292f", "#d9dce1"
GROUPS = (TRAIN, VALIDATION, BEST, "#4d8b31", "#7d4fa3")
BESIDE = {"loc": "upper left", "bbox_to_anchor": (1, 1)}  # puts a legend beside the axes

# Shares of the axes: height of a label, width of a letter, gap between a dot and its label
LINE, LETTER, GAP = 0.045, 0.0135, 0.012


def new_figure(width: float, height: float, layout: Optional[str] = "constrained") -> Figure:
    """Return an empty matplotlib figure of `width` by `height` inches."""
    return Figure(figsize=(width, height), dpi=DPI, layout=layout)


def new_panels(count: int, most: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure and `count` axes of `width` by `height` inches, at most `most` in a row."""
    columns = min(most, count)
    rows = -(-count // columns)
    figure = new_figure(width * columns, height * rows)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, list(panels[:count])


def show_map(axes: Axes, values: ArrayLike, title: str, **options: Any) -> None:
    """Show a picture or map under a title, without axes; `options` of matplotlib's `imshow`."""
    axes.imshow(values, **options)
    axes.set_title(title, fontsize=8, color=INK, parse_math=False)
    axes.set_axis_off()


def style_axes(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Give axes the style of all reports: a title on the left, two spines, quiet ticks."""
    axes.set_title(title, fontsize=9, loc="left", color=INK, parse_math=False)
    axes.set_xlabel(x, fontsize=8, color=INK, parse_math=False)
    axes.set_ylabel(y, fontsize=8, color=INK, parse_math=False)
    axes.tick_params(labelsize=8, color=FAINT, labelcolor=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(FAINT)


def legend(axes: Axes, **place: Any) -> None:
    """Add a quiet legend; `place` takes matplotlib's options. A "$" starts no formula."""
    for text in axes.legend(frameon=False, fontsize=8, **place).get_texts():
        text.set_parse_math(False)


def save_figure(figure: Figure, path: AnyPath) -> None:
    """Write a matplotlib figure as PNG, whole or not at all."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=DPI, format="png", facecolor="white")


def save_plot(figure: Figure, stem: AnyPath) -> None:
    """Write a matplotlib figure as `<stem>.png` and `<stem>.svg`, the same bytes each time."""
    save_figure(figure, f"{stem}.png")
    with atomic_path(f"{stem}.svg") as temporary, rc_context({"svg.hashsalt": "keras_saliency"}):
        figure.savefig(temporary, format="svg", facecolor="white", metadata={"Date": None})


def training_curve(history: Mapping[str, Sequence], path: AnyPath,
                   best: Optional[int] = None) -> None:
    """Plot loss and validation scores over the epochs, as a PNG of 150 dpi.

    The largest panel shows `loss` and `val_loss`. Every other `val_...` column has a panel of its
    own, with the training column of the same name if there is one.

    Args:
        history: {column: numbers, one per epoch}; None or NaN for an epoch without a value.
            The column `epoch` numbers the epochs; without it they count from 1.
        best: index of the best epoch, which is marked in all panels.

    Raises:
        InputError: no epoch, no `loss` or `val_loss`, or columns of different length.
    """
    columns = {name: np.array([np.nan if v is None else v for v in values], np.float64)
               for name, values in history.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    require(len(set(lengths.values())) < 2, f"{path}: history columns differ in length: {lengths}")
    guide = columns.get("val_loss", columns.get("loss"))
    if guide is None or not len(guide):
        raise InputError(f"{path}: a history needs loss or val_loss and at least one epoch; "
                         f"this one has {', '.join(columns) or 'no columns'}")
    epochs = columns.get("epoch", np.arange(1, len(guide) + 1))
    scores = [name[4:] for name in columns if name.startswith("val_") and name != "val_loss"]

    rows = 1 if len(scores) <= 2 else 2
    score_columns = -(-len(scores) // rows)
    figure = new_figure(4.6 + 2.6 * score_columns, 3.2 if rows == 1 else 4.8)
    foot = 0.3 / figure.get_figheight()  # room for the legend, below all panels
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.06, rect=(0, foot, 1, 1 - foot))
    grid = figure.add_gridspec(rows, 1 + score_columns, width_ratios=[1.6] + [1] * score_columns)
    main = figure.add_subplot(grid[:, 0])
    _curves(main, epochs, columns, "loss", best)
    shown = guide[np.isfinite(guide)]
    if len(shown) and shown.min() > 0 and shown.max() > 50 * shown.min():
        main.set_yscale("log")
    for i, name in enumerate(scores):
        panel = figure.add_subplot(grid[i // score_columns, 1 + i % score_columns])
        _curves(panel, epochs, columns, name, best)
        if i // score_columns < rows - 1 and i + score_columns < len(scores):
            panel.set_xlabel("")
    handles, labels = main.get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=9, frameon=False,
                  borderaxespad=0.3)
    save_figure(figure, path)


def sample_strip(rows: Iterable[Sequence], path: AnyPath,
                 titles: Sequence[str] = ("stimulus", "density", "prediction")) -> None:
    """Write a grid of pictures of equal height, one row per example, as a PNG of 150 dpi.

    Args:
        rows: one (cell, cell, ..., label) per example. A cell is a picture uint8 [H, W, 3] RGB or
            a map [H, W], which is shown in false colours. The label is text on the left; it may
            be empty. titles: one per column of cells.

    Raises:
        InputError: no rows, a row with another number of cells, or a cell of another kind.
    """
    rows, titles = [tuple(row) for row in rows], tuple(titles)
    require(rows, f"{path}: no rows to show")
    for number, row in enumerate(rows):
        require(len(row) == len(titles) + 1,
                f"{path}: row {number} has {len(row) - 1} cells and a label, but there are "
                f"{len(titles)} titles ({', '.join(titles)})")
    cells = [[_picture(cell, f"{path}: row {number}, {title}")
              for cell, title in zip(row, titles)] for number, row in enumerate(rows)]
    labels = [_wrap(str(row[-1])) for row in rows]

    # Inches. Columns are as wide as their widest picture, so nothing needs to be cropped.
    height, gap, margin, head = 1.35, 0.06, 0.08, 0.26
    limit = int(60000 / DPI / (height + gap))  # Agg draws at most 65535 pixels
    require(len(rows) <= limit,
            f"{path}: {len(rows)} rows do not fit one picture; show at most {limit}")
    widths = [max(height * row[i].shape[1] / row[i].shape[0] for row in cells)
              for i in range(len(titles))]
    # A narrow column must still hold its title.
    widths = [max(w, 0.085 * len(str(title))) for w, title in zip(widths, titles)]
    label_width = _text_width(labels) + 0.1 if any(labels) else 0.0
    total = 2 * margin + label_width + sum(widths) + gap * (len(titles) - 1)
    tall = head + margin + len(rows) * height + gap * (len(rows) - 1)
    figure = new_figure(total, tall, layout=None)
    for i, (title, width) in enumerate(zip(titles, widths)):
        left = margin + label_width + sum(widths[:i]) + gap * i
        _text(figure, (left + width / 2) / total, 1 - head / 2 / tall, title, fontsize=9,
              ha="center", va="center")
        for j, row in enumerate(cells):
            own = height * row[i].shape[1] / row[i].shape[0]
            bottom = tall - head - height * (j + 1) - gap * j
            axes = figure.add_axes([(left + (width - own) / 2) / total, bottom / tall,
                                    own / total, height / tall])
            axes.imshow(row[i], aspect="auto")
            axes.set_axis_off()
    for j, label in enumerate(labels):
        middle = tall - head - height * (j + 0.5) - gap * j
        _text(figure, (margin + label_width - 0.1) / total, middle / tall, label, fontsize=8,
              ha="right", va="center", linespacing=1.25)
    save_figure(figure, path)


def histogram(groups: Mapping[str, ArrayLike], title: str, label: str, mark: float,
              path: AnyPath) -> None:
    """Plot the distribution of a value over units, one line per group, as a PNG.

    Args:
        groups: {name: float [U]}, the one to compare with first, which is gray. NaN and infinite
            values are left out.
        label: of the value's axis, which includes 0. mark: value at which a dashed line is drawn.
    """
    known = {name: np.asarray(values)[np.isfinite(values)] for name, values in groups.items()}
    every = np.concatenate([*known.values(), [0, mark]])
    bins = np.linspace(every.min(), max(every.max(), every.min() + 1e-6), 41)
    figure, [axes] = new_panels(1, 1, 5.2, 2.8)
    for index, (name, values) in enumerate(known.items()):
        color = GROUPS[index % len(GROUPS)]
        axes.hist(values, bins, histtype="stepfilled", alpha=0.25, color=color)
        axes.hist(values, bins, histtype="step", linewidth=1.5, label=name, color=color)
    axes.axvline(mark, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    style_axes(axes, title, label, "units")
    legend(axes)
    save_figure(figure, path)


def bars(tables: Mapping[str, list[tuple[str, float]]], label: str) -> Figure:
    """Draw a panel of horizontal bars for each table, two panels in a row.

    Args:
        tables: {title: [(name, value >= 0), ...]}, the first on top. label: of the values.
    """
    longest = max(len(table) for table in tables.values())
    figure, panels = new_panels(len(tables), 2, 4.4, 0.7 + 0.19 * longest)
    for axes, (title, table) in zip(panels, tables.items()):
        axes.barh(range(len(table)), [value for _, value in table], color=VALIDATION, height=0.7)
        axes.set_yticks(range(len(table)), [name for name, _ in table], parse_math=False)
        axes.set_ylim(longest - 0.4, -0.6)  # bars of all panels are equally thick
        axes.set_xlim(0, max(1e-3, 1.05 * max(value for _, value in table)))
        style_axes(axes, title, label)
    return figure


def name_points(axes: Axes, names: Sequence[str], x: ArrayLike, y: ArrayLike,
                letter: float = LETTER) -> None:
    """Write a name beside each point, none over another; the axes must have their final limits.

    `letter` is the width of a letter as a share of the axes.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across, up = (x - left) / max(right - left, 1e-9), (y - low) / max(high - low, 1e-9)
    for name, dot, (place, side) in zip(names, zip(x, y), _places(names, across, up, letter)):
        axes.annotate(name, dot, place, textcoords="axes fraction", fontsize=7, color=INK,
                      ha=side, va="center", parse_math=False)


def _places(names, x, y, letter) -> list:
    """(place, alignment) of each label: the nearest that covers no dot and no earlier label."""
    taken = [(a - GAP, a + GAP, b - GAP, b + GAP) for a, b in zip(x, y)]
    found = []
    for name, across, up in zip(names, x, y):
        width, boxes = letter * len(name), {}
        for step in sorted(range(-12, 13), key=abs):
            level = up + step * LINE / 4
            for side, start in (("left", across + GAP), ("right", across - GAP - width)):
                if start >= 0:  # not over the axis
                    boxes[level, side] = (start, start + width, level - LINE / 2, level + LINE / 2)
        free = [key for key, box in boxes.items() if not any(_overlap(box, t) for t in taken)]
        level, side = (free or list(boxes))[0]
        taken.append(boxes[level, side])
        found.append(((across + GAP * (1 if side == "left" else -1), level), side))
    return found


def _overlap(a, b) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def _curves(axes, epochs, columns, name, best) -> None:
    """Draw one panel: training and validation values of `name` and a mark at index `best`."""
    many = len(epochs) > 40
    for key, color, label in (
            (name, TRAIN, "training"), (f"val_{name}", VALIDATION, "validation")):
        if key in columns:
            axes.plot(epochs, columns[key], color=color, label=label, linewidth=1.6,
                      marker=None if many else "o", markersize=3.5)
    if best is not None:
        axes.axvline(epochs[best], color=BEST, linewidth=1, linestyle=(0, (4, 3)), zorder=1,
                     label=f"best epoch ({epochs[best]:g})")
        key = f"val_{name}" if f"val_{name}" in columns else name
        axes.plot(epochs[best], columns[key][best], "o", markeredgecolor=BEST, markersize=8,
                  markerfacecolor="none", markeredgewidth=1.4, zorder=5)
    title = metric_label(name)
    style_axes(axes, title[0].upper() + title[1:], "epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=1))
    room = max(0.04 * np.ptp(epochs), 0.5 if len(epochs) == 1 else 0.1)
    axes.set_xlim(epochs.min() - room, epochs.max() + room)
    axes.grid(True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _picture(cell, where: str) -> np.ndarray:
    """uint8 [H, W, 3] of a picture or a map."""
    cell = np.asarray(cell)
    if cell.ndim == 3 and cell.shape[2] == 3 and cell.dtype == np.uint8 and cell.size:
        return cell
    if cell.ndim == 2:
        try:
            return colorize(cell)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    raise InputError(f"{where}: a cell is uint8 [H, W, 3] or a map [H, W], "
                     f"not {cell.dtype} {list(cell.shape)}")


def _wrap(text: str, width: int = 24) -> str:
    """Break `text` into lines of at most `width` letters, after a space, "_", "/" or "-"."""
    lines = []
    for line in text.splitlines() or [""]:
        lines.append("")
        for word in re.split(r"(?<=[\s_/-])", line):
            if lines[-1] and len(lines[-1] + word.rstrip()) > width:
                lines.append("")
            while len(word.rstrip()) > width:
                lines[-1] = word[:width]
                lines.append("")
                word = word[width:]
            lines[-1] += word
    return "\n".join(line.rstrip() for line in lines)


def _text_width(labels) -> float:
    """Width in inches of the widest label at 8 points."""
    figure = Figure(dpi=DPI)
    renderer = FigureCanvasAgg(figure).get_renderer()
    return max(_text(figure, 0, 0, label, fontsize=8).get_window_extent(renderer).width
               for label in labels if label) / DPI


def _text(figure, x, y, text, **options):
    """Place text as it is: a "$" in a file name starts no formula."""
    return figure.text(x, y, str(text), parse_math=False, color=INK, **options)
