"""Plots of studies: areas of a picture, units of layers, regions and the relation to the output."""
from pathlib import Path
from typing import Mapping

import cv2
import numpy as np

from keras_saliency.areas.study import Studied
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.pipeline import stimulus_loader
from keras_saliency.files import AnyPath
from keras_saliency.prediction.overlay import overlay
from keras_saliency.report import plots
from keras_saliency.units.patterns import pattern
from keras_saliency.units.relation import CLUSTERS, Relation
from keras_saliency.units.unit_study import LayerStudy, UnitStudy

LONGEST = 1000  # pixels of the longer side of a picture as it is drawn
NAMED = 5       # variants with a colour of their own
MARKS = "osD^vP*X"


def area_figure(studied: Studied, path: AnyPath) -> None:
    """Draw a picture under its density with outlined areas, and a bar for each area's share.

    A tick on each bar is the area's size, which is its share of a uniform density. A red line is
    the measured share of fixations with its 95 % interval.
    """
    shares = studied.shares
    order = np.argsort(shares.rank, kind="stable")
    image = _reduced(studied)
    height, width = image.shape[:2]
    tall = max(2.4, 0.24 * len(order) + 0.9)
    wide = min(max(tall * width / height, 1.8), 6.4)
    figure = plots.new_figure(wide + 5.0, tall)
    drawn, bars = figure.subplots(1, 2, width_ratios=[wide, 3.4])
    drawn.imshow(image)
    drawn.set_axis_off()
    for place, area in enumerate(order, 1):
        _outline(drawn, cv2.resize(studied.masks[shares.names[area]].astype(np.uint8),
                                   (width, height), interpolation=cv2.INTER_NEAREST), str(place))
    below = np.arange(len(order))
    bars.barh(below, 100 * shares.share[order], color=plots.GROUPS[1], alpha=0.75, height=0.6)
    bars.plot(100 * shares.size[order], below, "|", color=plots.INK, markersize=11,
              label="its size")
    if shares.fixated is not None:
        mean, low, high = 100 * shares.fixated[order].T
        bars.hlines(below, low, high, color=plots.BEST, linewidth=1.4)
        bars.plot(mean, below, "o", color=plots.BEST, markersize=4, label="fixations, 95 %")
    bars.set_yticks(below, [f"{place} {shares.names[area]}" for place, area in enumerate(order, 1)],
                    parse_math=False)
    bars.set_ylim(len(order) - 0.4, -0.6)
    bars.set_xlim(0, None)
    bars.grid(True, axis="x", color=plots.FAINT, linewidth=0.6)
    bars.set_axisbelow(True)
    plots.style_axes(bars, f"{studied.name}: {100 * shares.rest:.1f} % in no area",
                     "share of attention, %")
    plots.legend(bars, **plots.BESIDE)
    plots.save_figure(figure, path)


def variants_figure(shares: Mapping[str, dict], stem: AnyPath) -> None:
    """Plot the shares {area: {picture: share}} of each picture, a row per area, as PNG and SVG."""
    pictures = sorted({name for its in shares.values() for name in its})
    names = list(shares)
    figure, [axes] = plots.new_panels(1, 1, 6.6, max(1.8, 0.3 * len(names) + 1.1))
    ends = [(100 * min(its.values()), 100 * max(its.values())) for its in shares.values()]
    axes.hlines(range(len(names)), *zip(*ends), color=plots.FAINT, linewidth=2)
    for index, picture in enumerate(pictures):
        points = [(100 * shares[name][picture], row) for row, name in enumerate(names)
                  if picture in shares[name]]
        named = len(pictures) <= NAMED
        axes.plot(*zip(*points), "o", markersize=6, color=plots.GROUPS[index if named else 0],
                  label=picture if named else None if index else f"{len(pictures)} pictures")
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, None)
    plots.style_axes(axes, "", "share of attention, %")
    plots.legend(axes, **plots.BESIDE)
    plots.save_plot(figure, stem)


def unit_figures(study: UnitStudy, folder: AnyPath) -> dict[str, Path]:
    """Write all figures of a unit study as `<title>.png` and return {title: path}.

    They are galleries (`<model>_<layer>_<tier>`), histograms (`<layer>_nss`) and mean maps of low
    units (`low_units`).
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
        plots.histogram({s.model: s.scores.moments.mean for s in study.layers if s.layer == layer},
                        f"{layer}: mean NSS of each unit", "NSS", 0, written[f"{layer}_nss"])
    maps = {f"{s.model}, {layer}" + " (joined)" * (len(s.parts) > 1): low_map
            for s in study.layers for layer, low_map in s.low_maps.items()}
    if maps:
        written["low_units"] = folder / "low_units.png"
        mean_map_figure(maps, written["low_units"])
    return written


def gallery(units: Mapping[int, list], dataset: SaliencyDataset, layer_study: LayerStudy,
            path: AnyPath) -> None:
    """Draw patterns (image times activation_map, cropped): a row of `Example`s per unit."""
    load = stimulus_loader(dataset)
    columns = max(len(examples) for examples in units.values())
    rows = []
    for unit, examples in units.items():
        cells = [pattern(load(e.image).numpy(), e.activation, e.plan) for e in examples]
        cells += [np.full((8, 8, 3), 255, np.uint8)] * (columns - len(cells))
        rows.append((*cells, f"unit {layer_study.name(unit)}: mean NSS "
                             f"{layer_study.scores.moments.mean[unit]:.2f}"))
    plots.sample_strip(rows, path, [f"{i + 1}." for i in range(columns)])


def mean_map_figure(maps: Mapping[str, np.ndarray], path: AnyPath) -> None:
    """Draw mean standardised activation_maps {title: [h, w]}, blue below and red above 0.

    Each has its own scale, in standard deviations, in its title.
    """
    figure, panels = plots.new_panels(len(maps), 3, 2.6, 2.3)
    for axes, (title, values) in zip(panels, maps.items()):
        limit = max(float(np.abs(values).max()), 1e-6)
        plots.show_map(axes, values, f"{title}\n±{limit:.2f} standard deviations", cmap="RdBu_r",
                       vmin=-limit, vmax=limit)
    plots.save_figure(figure, path)


def improvement_figure(gains: dict, layers: str, first: str, path: AnyPath) -> None:
    """Plot the gain of each model over the first in the mean of the ten best units, per category.

    Source: He, Tavakoli, Borji, Mi and Pugeault (2019), Figure 4. gains: {model: {category: gain}}.
    """
    columns = list(next(iter(gains.values())))
    figure, [axes] = plots.new_panels(1, 1, max(5.2, 3.2 + 0.55 * len(columns)), 3.2)
    axes.axhline(0, color=plots.INK, linewidth=0.8)
    for index, (model, values) in enumerate(gains.items()):
        axes.plot(range(len(columns)), list(values.values()), marker=MARKS[index % len(MARKS)],
                  linewidth=1, markersize=5, label=model)
    axes.set_xticks(range(len(columns)), columns, rotation=40, ha="right", fontsize=8)
    plots.style_axes(axes, f"{layers}: mean of the ten best units", y=f"gain over {first}, NSS")
    plots.legend(axes, **plots.BESIDE)
    plots.save_figure(figure, path)


def relation_figure(relation: Relation, model: str, dataset: SaliencyDataset,
                    path: AnyPath) -> None:
    """Plot inner representation against output, by category, with an example stimulus, as PNG.

    Source: He, Tavakoli, Borji, Mi and Pugeault (2019), Figure 7. The stimulus, its fixations and
    its saliency_map are left out where `relation` has no `prediction`.
    """
    shown = relation.prediction is not None
    figure = plots.new_figure(9.6, 6.4 if shown else 4.0)
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
        plots.style_axes(axes, title, inside, y)
    if shown:
        example = relation.example
        left, middle, right = (figure.add_subplot(grid[1, k:k + 2]) for k in (0, 2, 4))
        stimulus = stimulus_loader(dataset)(example.image).numpy().astype(np.uint8)
        plots.show_map(left, stimulus, f"{dataset.names[example.image]}: {example.category}")
        fixated = dataset.fixations.fixation_map(example.image)
        plots.show_map(middle, np.zeros(fixated.shape),
                       f"fixations, density's NSS {example.reference:.2f}", cmap="inferno")
        y, x = np.nonzero(fixated)
        middle.scatter(x, y, s=4, color="white", linewidths=0)
        plots.show_map(right, relation.prediction, f"saliency_map, NSS {example.output:.2f}",
                       cmap="inferno")
    plots.save_figure(figure, path)


def _reduced(studied) -> np.ndarray:
    """The picture under its density, at most LONGEST pixels long."""
    colored = overlay(studied.image, studied.density, alpha=0.5)
    height, width = colored.shape[:2]
    scale = min(1.0, LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(colored, size, interpolation=cv2.INTER_AREA)


def _outline(axes, mask, label) -> None:
    """Draw the border of a mask, and a label at its upper left corner."""
    ringed = np.pad(mask, 1)  # a border at the picture's edge too
    contours, _ = cv2.findContours(ringed, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        x, y = np.vstack([contour[:, 0], contour[:1, 0]]).T - 1
        axes.plot(x, y, color="white", linewidth=1.2)
    rows, columns = np.nonzero(mask)
    if len(rows):
        first = np.argmin(rows + columns)
        axes.text(columns[first], rows[first], label, fontsize=7, color="white", va="bottom",
                  parse_math=False,
                  bbox={"boxstyle": "square,pad=0.2", "facecolor": plots.INK, "edgecolor": "none"})


def _points(axes, relation, values) -> None:
    """Draw a labelled dot per category, in the colour of its cluster."""
    for cluster, (name, color) in enumerate(zip(CLUSTERS, (plots.VALIDATION, plots.BEST))):
        own = relation.cluster == cluster
        axes.scatter(relation.inner[own], values[own], s=22, color=color, label=f"{name} inside")
    axes.margins(x=0.16, y=0.1)
    plots.name_points(axes, relation.categories, relation.inner, values)
    plots.legend(axes)
