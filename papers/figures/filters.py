"""Filters of a first layer as pictures (Pan et al. 2016, Figure 3)."""
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.report.plots import BEST, DPI, FAINT, INK, save_plot

COLUMNS = 8


def filter_figure(kernels: dict, marked: dict, stem) -> None:
    """A grid of filters for each network, as PNG and SVG.

    Args:
        kernels: {title: [k, k, 3, n]}; each filter is shown with its own range, 0 is gray.
        marked: {title: bool [n]}, those with a frame of another color.
        stem: path without its ending.
    """
    rows = {title: -(-kernel.shape[-1] // COLUMNS) for title, kernel in kernels.items()}
    figure = Figure(figsize=(0.62 * COLUMNS, sum(0.62 * count + 0.35 for count in rows.values())),
                    dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    parts = figure.subfigures(len(kernels), 1, squeeze=False,
                              height_ratios=[0.62 * count + 0.35 for count in rows.values()])
    for part, (title, kernel) in zip(parts[:, 0], kernels.items()):
        part.suptitle(title, fontsize=9, color=INK, x=0.01, ha="left").set_parse_math(False)
        grid = part.subplots(rows[title], COLUMNS, squeeze=False)
        for index, axes in enumerate(grid.flat):
            axes.set_xticks([])
            axes.set_yticks([])
            if index >= kernel.shape[-1]:
                axes.set_axis_off()
                continue
            axes.imshow(_picture(kernel[..., index]), interpolation="nearest")
            for spine in axes.spines.values():
                spine.set_color(BEST if marked[title][index] else FAINT)
                spine.set_linewidth(1.6)
    save_plot(figure, stem)


def _picture(values) -> np.ndarray:
    """Numbers [k, k, 3] as 0..1, 0 as 0.5 and the largest absolute value as 0 or 1."""
    largest = np.abs(values).max()
    return 0.5 + 0.5 * values / largest if largest > 0 else np.full(values.shape, 0.5)
