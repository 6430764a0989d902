"""Plots of DeepGaze I: fits to subsets of layers, bars of models (Kuemmerer et al. 2015)."""
from keras_saliency.report.plots import BEST, GROUPS, INK, new_figure, save_plot, style_axes

COLORS = (GROUPS[0], GROUPS[3], GROUPS[1])


def subset_figure(groups: dict, measures, marks, stem) -> None:
    """Plot a row of panels for each group of fits, a panel for each measure, as PNG and SVG.

    Args:
        groups: {title: (label of the axis, names of the fits, {column: float [fits]})}.
        measures: (label of the axis, {column: name in the legend}) for each panel of a row.
        marks: for each panel the height of a dotted line, or None. stem: path without suffix.
    """
    figure = new_figure(4.6 * len(measures), 2.3 * len(groups) + 0.8)
    grid = figure.subplots(len(groups), len(measures), squeeze=False)
    for row, (group, (label, names, columns)) in zip(grid, groups.items()):
        for axes, (title, lines), mark in zip(row, measures, marks):
            for color, (column, name) in zip(COLORS[-len(lines):], lines.items()):
                axes.plot(range(len(names)), columns[column], "o-", color=color, label=name,
                          markersize=4, linewidth=1.4)
            if mark is not None:
                axes.axhline(mark, color=BEST, linewidth=1, linestyle=":")
            axes.set_xticks(range(len(names)), names, parse_math=False)
            axes.set_xlim(-0.4, len(names) - 0.6)
            style_axes(axes, group, label, title)
    for place, axes in enumerate(grid[0]):  # legends below the panels, where they cover no line
        handles, names = axes.get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower left" if not place
                      else "outside lower right", fontsize=8, frameon=False)
    save_plot(figure, stem)


def bar_figure(panels, stem) -> None:
    """Plot bars of models, a panel for each measure, as PNG and SVG.

    Args:
        panels: (title, label of the axis, its left end, {model: value}, names of models in another
            color, {name: published value}, which are hatched bars below). stem: path without
            suffix.
    """
    longest = max(len(values) + len(published) for *_, values, _, published in panels)
    figure = new_figure(4.8 * len(panels), 0.8 + 0.3 * longest)
    for axes, (title, label, start, values, marked, published) in zip(
            figure.subplots(1, len(panels), squeeze=False)[0], panels):
        bars = [*sorted(values.items(), key=lambda item: -item[1]), *published.items()]
        for place, (name, value) in enumerate(bars):
            ours = place < len(values)
            axes.barh(place, value - start, left=start, height=0.7,
                      color=(BEST if name in marked else GROUPS[1]) if ours else "white",
                      edgecolor=None if ours else GROUPS[0], hatch=None if ours else "////")
            axes.text(max(value, start), place, f" {value:.3f}", va="center", fontsize=7,
                      color=INK)
        axes.set_yticks(range(len(bars)), [name for name, _ in bars], parse_math=False)
        axes.set_ylim(longest - 0.4, -0.6)
        axes.margins(x=0.15)
        style_axes(axes, title, label)
    save_plot(figure, stem)
