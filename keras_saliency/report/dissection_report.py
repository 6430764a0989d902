"""Report on network dissection: tables, figures, masks, and one HTML page."""
from pathlib import Path
from typing import Callable, Mapping, Optional, Sequence

import h5py
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.files import atomic_path, write_csv
from keras_saliency.files.paths import AnyPath
from keras_saliency.maps import PAD
from keras_saliency.prediction.overlay import save_png
from keras_saliency.report import page
from keras_saliency.report.plots import bars, histogram, save_figure
from keras_saliency.units.dissection import DETECTOR_IOU, Dissection
from keras_saliency.units.dissection_study import frequency_rows, unit_rows
from keras_saliency.units.interpolation import canvas_resampling
from keras_saliency.units.patterns import enlarge, outline

TOP_CONCEPTS, THUMBNAIL = 15, 220
COLUMNS = {"layer": str, "unit": int, "concept": str, "category": str, "IoU": float,
           "plain IoU": float, "IoU by chance": float, "threshold": float}
FREQUENCY_COLUMNS = ["layer", "category", "concept", "images", "detected", "f_n"]


def write(name: str, dataset: ConceptDataset, dissections: Mapping[str, Dissection],
          examples: Mapping[str, dict], canvas: Sequence[int], folder: AnyPath, masks: bool = False,
          log: Callable[[str], None] = print, fit: str = PAD,
          detectors_of: Optional[str] = None) -> Path:
    """Write dissection.csv, dissection.h5, figures/*.png, report.html; return the page's path.

    Chosen units add frequency.csv, a row per concept, and its figures.

    Args:
        name: of the model. dataset, canvas, fit: as in the dissection.
        dissections: {layer: Dissection}. examples: of `dissection_study.fetch_examples`.
        masks: also write masks/, the mask of each detector on its best images as PNG, 0 or 255.
        detectors_of: name of the dataset whose positive fixation detectors were chosen.
        log: called with lines of text on the result.
    """
    folder = Path(folder)
    rows = [row for layer, d in dissections.items() for row in unit_rows(layer, d)]
    write_csv(folder / "dissection.csv", list(COLUMNS), rows)
    _write_hdf5(folder / "dissection.h5", dissections)
    figures = {}
    for layer, dissection in dissections.items():
        figures[layer] = folder / "figures" / f"{layer}_iou.png"
        iou_figure(dissection, layer, figures[layer])
    frequencies = {layer: folder / "figures" / f"{layer}_frequency.png"
                   for layer, d in dissections.items() if d.chosen is not None and d.categories()}
    for layer, picture in frequencies.items():
        save_figure(bars({f"{layer}: {category}": [(concept.name, f) for concept, f in table]
                          for category, table in _most_frequent(dissections[layer]).items()},
                         "detection frequency f_n"), picture)
    if frequencies:
        write_csv(folder / "frequency.csv", FREQUENCY_COLUMNS, [
            row for layer in frequencies for row in frequency_rows(layer, dissections[layer])])
    if masks:
        _write_masks(examples, dissections, dataset, canvas, fit, folder / "masks")
    path = page.write(folder / "report.html", f"{name} dissected on {dataset.name}",
                      *_parts(dataset, dissections, rows, figures),
                      *_frequency_parts(dissections, frequencies, detectors_of),
                      *_example_parts(dataset, dissections, examples, canvas, fit))
    for layer, dissection in dissections.items():
        found = dissection.detectors()
        log(f"{layer}: " + ", ".join(
            f"{sum(map(len, concepts.values()))} detectors of {len(concepts)} in {category}"
            for category, concepts in found.items()))
    log(f"\n{path}: open it in a browser; dissection.csv has a row per unit, dissection.h5 the "
        "IoU of every unit with every concept")
    return path


def iou_figure(dissection: Dissection, title: str, path: AnyPath) -> None:
    """Draw a histogram of the units' best IoU, with the chance level."""
    groups = {} if dissection.null is None else {
        "labels of other images": dissection.null_iou()}
    groups["labels"] = dissection.best()[1]
    histogram(groups, f"{title}: best IoU of each unit", "IoU", DETECTOR_IOU, path)


def _parts(dataset, dissections, rows, figures):
    yield page.paragraph(
        f"{len(dataset)} images with {len(dataset.concepts)} labels. A unit's mask is where its "
        "enlarged activation_map exceeds the value that half a percent of its cells exceed; its "
        "concept is the label of highest IoU (Bau, Zhou, Khosla, Oliva and Torralba, 2017). Units "
        f"above {DETECTOR_IOU} count as detectors. By chance: the same masks with the labels of "
        "other images.")
    yield page.heading("Detectors")
    table = []
    for layer, dissection in dissections.items():
        for category, concepts in dissection.detectors().items():
            table.append({"layer": layer, "category": category, "concepts": len(concepts),
                          "detectors": sum(map(len, concepts.values()))})
    yield page.table(table)
    yield page.side_by_side(page.picture(path) for path in figures.values())
    yield page.heading("Units")
    yield page.sortable_table(COLUMNS, rows, sort="IoU", filters=("layer", "category"))


def _example_parts(dataset, dissections, examples, canvas, fit):
    """The best units of each layer, on the images with most of their concept."""
    load = pipeline.stimulus_loader(dataset)
    for layer, units in examples.items():
        yield page.heading(f"Best units of {layer}")
        concept, iou = dissections[layer].best()
        for unit, shown in units.items():
            name = dissections[layer].concepts[concept[unit]].name
            yield page.paragraph(f"unit {unit}: {name}, IoU {iou[unit]:.3f}", note=True)
            yield page.strip(page.picture(
                outline(load(i).numpy(), activation, _plan(dataset, i, activation, canvas, fit)),
                width=THUMBNAIL) for i, activation in shown)


def _frequency_parts(dissections, figures, detectors_of):
    """Concepts that positive fixation detectors detect: a table per category, and Figure 12."""
    yield page.heading("Concepts that positive fixation detectors detect")
    if not figures:
        yield page.paragraph("Not counted: finding the detectors needs a dataset with fixations, "
                             "and none was given.", note=True)
    else:
        yield page.paragraph(
            "Share of a concept's images in which a positive fixation detector has an IoU above "
            f"{DETECTOR_IOU} with it (He, Borji, Mi and Pugeault, 2018, eq. 6 and Figure 12). The "
            f"detectors are those on {detectors_of}.", note=True)
    for layer, picture in figures.items():
        chosen = dissections[layer].chosen
        yield page.heading(f"{layer}: {len(chosen)} positive fixation detectors", 3)
        yield page.side_by_side([page.picture(picture), *(
            page.paragraph(category) + page.table(
                [{"concept": c.name, "frequency": f} for c, f in table])
            for category, table in _most_frequent(dissections[layer]).items())])


def _most_frequent(dissection) -> dict:
    """{category: [(Concept, f_n), ...]}"""
    return {category: dissection.most_frequent(category, TOP_CONCEPTS)
            for category in dissection.categories()}


def _plan(dataset, image, activation, canvas, fit):
    size = dataset.image_sizes[image]
    return canvas_resampling(size, activation.shape, canvas, fit=fit)


def _write_hdf5(path, dissections) -> None:
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for layer, d in dissections.items():
            group = file.create_group(layer)
            group["iou"], group["plain_iou"], group["thresholds"] = (
                d.iou, d.plain_iou, d.thresholds)
            group["concepts"] = [c.name for c in d.concepts]
            group["numbers"] = [c.number for c in d.concepts]
            group["categories"] = [c.category for c in d.concepts]


def _write_masks(examples, dissections, dataset, canvas, fit, folder) -> None:
    for layer, units in examples.items():
        for unit, shown in units.items():
            for image, activation in shown:
                plan = _plan(dataset, image, activation, canvas, fit)
                mask = enlarge(activation, plan) > dissections[layer].thresholds[unit]
                stem = Path(dataset.stimuli[image]).stem
                save_png(Path(folder) / f"{layer}_unit{unit:04d}_{stem}.png",
                         mask.astype(np.uint8) * 255)
