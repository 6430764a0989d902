"""Concepts that positive fixation detectors detect most often (He, Borji, Mi and Pugeault 2018,
Figure 12)."""
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.report.figures import DPI, VALIDATION, save_figure, save_plot, style_axes


def frequency_figure(tables: dict, title: str, path) -> None:
    """Bars of f_n, two panels in a row, as PNG.

    Args:
        tables: {category: [(Concept, f_n), ...]}, a panel each, the highest first.
    """
    save_figure(_bars({f"{title}: {category}": [(concept.name, f) for concept, f in table]
                       for category, table in tables.items()}), path)


def frequency_plot(tables: dict, stem) -> None:
    """The same as `<stem>.png` and `<stem>.svg`; tables: {title: [(name, f_n), ...]}."""
    save_plot(_bars(tables), stem)


def _bars(tables) -> Figure:
    columns = min(2, len(tables))
    rows = -(-len(tables) // columns)
    longest = max(len(table) for table in tables.values())
    figure = Figure(figsize=(4.4 * columns, (0.7 + 0.19 * longest) * rows), dpi=DPI,
                    layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(tables):]:
        axes.set_axis_off()
    for axes, (title, table) in zip(grid.flat, tables.items()):
        axes.barh(range(len(table)), [f for _, f in table], color=VALIDATION, height=0.7)
        axes.set_yticks(range(len(table)), [name for name, _ in table], parse_math=False)
        axes.set_ylim(longest - 0.4, -0.6)  # bars of all panels are alike, the first on top
        axes.set_xlim(0, max(1e-3, 1.05 * max(f for _, f in table)))
        style_axes(axes, title, "detection frequency f_n")
    return figure
