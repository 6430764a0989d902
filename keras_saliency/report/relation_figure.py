"""Inner representation against output, by category (He et al. 2019, Figure 7)."""
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.datasets.pipeline import stimulus_loader
from keras_saliency.report.figures import (
    BEST,
    DPI,
    INK,
    VALIDATION,
    legend,
    save_figure,
    style_axes,
)
from keras_saliency.report.labels import name_points
from keras_saliency.units.relation import CLUSTERS, Relation

COLORS = (VALIDATION, BEST)  # of the clusters


def relation_figure(relation: Relation, model: str, dataset, path) -> None:
    """Two plots over the categories, and a stimulus with its fixations and saliency_map, as PNG.

    Args:
        relation: with its `example` and `prediction`, else the plots stand alone.
    """
    shown = relation.prediction is not None
    figure = Figure(figsize=(9.6, 6.4 if shown else 4.0), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2 if shown else 1, 6, height_ratios=[1.65, 1][:1 + shown])
    r, p = relation.ranks, relation.variance.second.p_value
    left = "" if np.isnan(r.coefficient) else f", Spearman {r.coefficient:.2f}"
    right = "" if np.isnan(p) else f", clusters p = {p:.2g}"
    inside = f"inner saliency ({relation.layer}), NSS"
    for place, values, title, y in (
            (grid[0, :3], relation.output, f"{model}: output{left}", "output saliency OS, NSS"),
            (grid[0, 3:], relation.difference, f"{model}: difference{right}",
             "difference from the density OD, NSS")):
        axes = figure.add_subplot(place)
        _points(axes, relation, values)
        style_axes(axes, title, inside, y)
    if shown:
        example = relation.example
        fixated = dataset.fixations.fixation_map(example.image)
        pictures = {f"{dataset.names[example.image]}: {example.category}":
                    stimulus_loader(dataset)(example.image).numpy().astype(np.uint8),
                    f"fixations, density's NSS {example.reference:.2f}": fixated,
                    f"saliency_map, NSS {example.output:.2f}": relation.prediction}
        for column, (title, picture) in enumerate(pictures.items()):
            axes = figure.add_subplot(grid[1, 2 * column:2 * column + 2])
            axes.set_title(title, fontsize=8, color=INK, parse_math=False)
            if picture is fixated:
                y, x = np.nonzero(picture)
                axes.imshow(np.zeros(picture.shape), cmap="inferno")
                axes.scatter(x, y, s=4, color="white", linewidths=0)
            else:
                axes.imshow(picture, cmap="inferno")
            axes.set_axis_off()
    save_figure(figure, path)


def _points(axes, relation, values) -> None:
    """A labelled dot per category, in the colour of its cluster."""
    for cluster, (name, color) in enumerate(zip(CLUSTERS, COLORS)):
        own = relation.cluster == cluster
        axes.scatter(relation.inner[own], values[own], s=22, color=color, label=f"{name} inside")
    axes.margins(x=0.16, y=0.1)
    name_points(axes, relation.categories, relation.inner, values)
    legend(axes)
