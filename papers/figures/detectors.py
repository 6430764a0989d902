"""Plot of the detectors' share against NSS (He, Borji, Mi and Pugeault 2018, Table 5)."""
from keras_saliency.report.plots import legend, name_points, new_figure, save_plot, style_axes


def detector_figure(groups: dict, stem) -> None:
    """Plot a point with a name for each model, as PNG and SVG.

    Args:
        groups: {name of a group: (color, [(model, ratio 0..1, NSS), ...])}.
    """
    figure = new_figure(6.4, 4.0)
    axes = figure.add_subplot()
    for group, (color, points) in groups.items():
        axes.scatter([nss for _, _, nss in points], [100 * ratio for _, ratio, _ in points],
                     s=26, color=color, label=group)
    axes.margins(x=0.15, y=0.15)
    every = [point for _, points in groups.values() for point in points]
    name_points(axes, [name for name, *_ in every], [nss for *_, nss in every],
                [100 * ratio for _, ratio, _ in every], letter=0.0105)
    style_axes(axes, "Positive fixation detectors", "NSS of the model", "units, percent")
    legend(axes)
    save_plot(figure, stem)
