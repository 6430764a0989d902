"""Plot of pixel-wise losses and their gradients (He, Borji, Mi and Pugeault 2018, Figure 2)."""
import numpy as np

from keras_saliency.report.plots import (
    FAINT,
    GROUPS,
    INK,
    legend,
    new_figure,
    save_plot,
    style_axes,
)


def loss_figure(values: dict, gradients: dict, maps: dict, stem) -> None:
    """Plot two panels of curves and one panel for each map, as PNG and SVG.

    Args:
        values, gradients: {loss: (differences of prediction and truth, numbers)}.
        maps: {loss: (truths, predictions, [truths, predictions])}.
    """
    figure = new_figure(8.4, 6.0)
    grid = figure.subplots(2, 2)
    for axes, title, curves in ((grid[0, 0], "Loss", values),
                                (grid[0, 1], "Gradient with respect to the prediction",
                                 gradients)):
        for index, (loss, (differences, numbers)) in enumerate(curves.items()):
            axes.plot(differences, numbers, color=GROUPS[index % len(GROUPS)], label=loss,
                      linewidth=1.6)
        axes.grid(True, color=FAINT, linewidth=0.6)
        style_axes(axes, title, "prediction - truth")
        legend(axes)
    for axes, (loss, (truths, predictions, surface)) in zip(grid[1], maps.items()):
        picture = axes.contourf(predictions, truths, surface, cmap="inferno",
                                levels=np.linspace(np.min(surface), np.max(surface), 15))
        bar = figure.colorbar(picture, ax=axes, format="%.2f")
        bar.ax.tick_params(labelsize=8, color=FAINT, labelcolor=INK)
        style_axes(axes, f"{loss}, by prediction and truth", "prediction", "truth")
    save_plot(figure, stem)
