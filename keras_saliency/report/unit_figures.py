"""Figures of a unit study as PNG files, in the papers' form."""
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_saliency.datasets import pipeline
from keras_saliency.report.figures import DPI, INK, histogram, sample_strip, save_figure
from keras_saliency.units.patterns import pattern
from keras_saliency.units.unit_study import UnitStudy


def write_figures(study: UnitStudy, folder) -> dict:
    """Write all figures of a study.

    Returns:
        {title: path}: galleries (`<model>_<layer>_<tier>.png`), histograms (`<layer>_nss.png`)
        and mean maps of low units (`low_units.png`).
    """
    folder, written = Path(folder), {}
    for layer_study in study.layers:
        for tier, units in layer_study.examples.items():
            name = f"{layer_study.model}_{layer_study.layer}_{tier}"
            if units:
                written[name] = folder / f"{name}.png"
                gallery(units, study.dataset, layer_study, written[name])
    for layer in dict.fromkeys(s.layer for s in study.layers):
        written[f"{layer}_nss"] = folder / f"{layer}_nss.png"
        histogram({s.model: s.scores.moments.mean for s in study.layers if s.layer == layer},
                  f"{layer}: mean NSS of each unit", "NSS", 0, written[f"{layer}_nss"])
    maps = {f"{s.model}, {layer}" + " (joined)" * (len(s.parts) > 1): low_map
            for s in study.layers for layer, low_map in s.low_maps.items()}
    if maps:
        written["low_units"] = folder / "low_units.png"
        mean_map_figure(maps, written["low_units"])
    return written


def gallery(units: dict, dataset, layer_study, path) -> None:
    """Patterns (image times activation, cropped) of units: a row each, best image first.

    Args:
        units: {unit: [Example, ...]}. layer_study: `LayerStudy` that they are of.
    """
    load = pipeline.stimulus_loader(dataset)
    columns = max(len(examples) for examples in units.values())
    rows = []
    for unit, examples in units.items():
        cells = [pattern(load(e.image).numpy(), e.activation, e.plan) for e in examples]
        cells += [np.full((8, 8, 3), 255, np.uint8)] * (columns - len(cells))
        rows.append((*cells, f"unit {layer_study.name(unit)}: mean NSS "
                             f"{layer_study.scores.moments.mean[unit]:.2f}"))
    sample_strip(rows, path, [f"{i + 1}." for i in range(columns)])


def mean_map_figure(maps: dict, path) -> None:
    """Mean standardised activation_maps, blue below and red above 0, each on its own scale.

    Args:
        maps: {title: [h, w]}; the titles get the scale, in standard deviations.
    """
    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    figure = Figure(figsize=(2.6 * columns, 2.3 * rows), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (title, values) in zip(grid.flat, maps.items()):
        limit = max(float(np.abs(values).max()), 1e-6)
        axes.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
        axes.set_title(f"{title}\n±{limit:.2f} standard deviations", fontsize=8, color=INK,
                       parse_math=False)
    save_figure(figure, path)
