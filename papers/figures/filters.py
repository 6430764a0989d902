"""Plot of the filters of a first layer (Pan et al. 2016, Figure 3)."""
import numpy as np

from keras_saliency.report.plots import BEST, FAINT, INK, new_figure, save_plot

COLUMNS = 8


def filter_figure(kernels: dict, marked: dict, stem) -> None:
    """Plot a grid of filters for each network, as PNG and SVG.

    Args:
        kernels: {title: [k, k, 3, n]}; each filter has its own range, 0 is gray.
        marked: {title: bool [n]}, True for a frame of another color. stem: path without suffix.
    """
    rows = {title: -(-kernel.shape[-1] // COLUMNS) for title, kernel in kernels.items()}
    heights = [0.62 * count + 0.35 for count in rows.values()]
    figure = new_figure(0.62 * COLUMNS, sum(heights))
    parts = figure.subfigures(len(kernels), 1, squeeze=False, height_ratios=heights)
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
    """Scale numbers [k, k, 3] to 0..1, with 0 at 0.5."""
    largest = np.abs(values).max()
    return 0.5 + 0.5 * values / largest if largest > 0 else np.full(values.shape, 0.5)
