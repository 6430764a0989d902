"""How a loss falls over the iterations of a training."""
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.report.plots import DPI, FAINT, GROUPS, legend, save_plot, style_axes


def step_loss_figure(iterations, curves: dict, title, label, stem) -> None:
    """Curves over the iterations, as PNG and SVG.

    Args:
        iterations: [n] numbers of updates. curves: {name: [n] numbers}; label: of their axis.
        stem: path without its ending.
    """
    figure = Figure(figsize=(5.6, 3.0), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for index, (name, values) in enumerate(curves.items()):
        axes.plot(iterations, values, "o-", color=GROUPS[index % len(GROUPS)], label=name,
                  markersize=3.5, linewidth=1.6)
    axes.grid(True, color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    style_axes(axes, title, "iteration", label)
    legend(axes)
    save_plot(figure, stem)
