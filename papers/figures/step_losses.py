"""Plot of a loss over the iterations of a training."""
from keras_saliency.report.plots import FAINT, GROUPS, legend, new_figure, save_plot, style_axes


def step_loss_figure(iterations, curves: dict, title, label, stem) -> None:
    """Plot curves over the iterations, as PNG and SVG.

    Args:
        iterations: [n] numbers of updates. curves: {name: [n] numbers}. label: of their axis.
        stem: path without suffix.
    """
    figure = new_figure(5.6, 3.0)
    axes = figure.add_subplot()
    for index, (name, values) in enumerate(curves.items()):
        axes.plot(iterations, values, "o-", color=GROUPS[index % len(GROUPS)], label=name,
                  markersize=3.5, linewidth=1.6)
    axes.grid(True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    style_axes(axes, title, "iteration", label)
    legend(axes)
    save_plot(figure, stem)
