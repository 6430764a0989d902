"""How training changes what units make of each category of regions (He et al. 2019, Figure 4)."""
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.report.figures import BESIDE, DPI, INK, legend, save_figure, style_axes

MARKS = "osD^vP*X"


def improvement_figure(gains: dict, layers: str, first: str, path) -> None:
    """Gain of each model over the first in the mean of the ten best units, per category.

    Args:
        gains: {model: {category: gain}}. layers: of the units. first: name of the first model.
    """
    columns = list(next(iter(gains.values())))
    figure = Figure(figsize=(max(5.2, 3.2 + 0.55 * len(columns)), 3.2), dpi=DPI,
                    layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.axhline(0, color=INK, linewidth=0.8)
    for index, (model, values) in enumerate(gains.items()):
        axes.plot(range(len(columns)), list(values.values()), marker=MARKS[index % len(MARKS)],
                  linewidth=1, markersize=5, label=model)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", fontsize=8)
    style_axes(axes, f"{layers}: mean of the ten best units", y=f"gain over {first}, NSS")
    legend(axes, **BESIDE)
    save_figure(figure, path)
