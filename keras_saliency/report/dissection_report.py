"""What network dissection found: tables, figures, masks, and one HTML page."""
from pathlib import Path

import h5py
import numpy as np

from keras_saliency.analysis.dissection import DETECTOR_IOU, Dissection
from keras_saliency.analysis.dissection_study import unit_rows
from keras_saliency.analysis.interpolation import canvas_resampling
from keras_saliency.analysis.patterns import enlarge, outline
from keras_saliency.datasets import pipeline
from keras_saliency.files import atomic_path, write_csv
from keras_saliency.maps import PAD
from keras_saliency.prediction.overlay import save_png
from keras_saliency.report import page
from keras_saliency.report.figures import histogram

TOP_CONCEPTS, THUMBNAIL = 15, 220
COLUMNS = {"layer": str, "unit": int, "concept": str, "category": str, "IoU": float,
           "plain IoU": float, "IoU by chance": float, "threshold": float}


def write(name, dataset, dissections: dict, examples, canvas, folder, masks=False,
          log=print, fit=PAD) -> Path:
    """Write dissection.csv, dissection.h5, figures/*.png, report.html and, if asked, masks/.

    Args:
        name: of the model. dataset, canvas, fit: what it was dissected with.
        dissections: {layer: Dissection}. examples: of `dissection_study.fetch_examples`.
        masks: write the mask of each detector on its best images as PNG, 0 or 255.

    Returns:
        The path of the page.
    """
    folder = Path(folder)
    rows = [row for layer, d in dissections.items() for row in unit_rows(layer, d)]
    write_csv(folder / "dissection.csv", list(COLUMNS), rows)
    _write_hdf5(folder / "dissection.h5", dissections)
    figures = {}
    for layer, dissection in dissections.items():
        figures[layer] = folder / "figures" / f"{layer}_iou.png"
        iou_figure(dissection, layer, figures[layer])
    if masks:
        _write_masks(examples, dissections, dataset, canvas, fit, folder / "masks")
    path = page.write(folder / "report.html", f"{name} dissected on {dataset.name}",
                      *_parts(dataset, dissections, rows, figures, examples, canvas, fit))
    for layer, dissection in dissections.items():
        found = dissection.detectors()
        log(f"{layer}: " + ", ".join(
            f"{sum(map(len, concepts.values()))} detectors of {len(concepts)} in {category}"
            for category, concepts in found.items()))
    log(f"\n{path}: open it in a browser; dissection.csv has a row per unit, dissection.h5 the "
        "IoU of every unit with every concept")
    return path


def iou_figure(dissection: Dissection, title: str, path) -> None:
    """How the best IoU of the units is distributed, beside what chance reaches."""
    groups = {} if dissection.null is None else {
        "labels of other images": dissection.null_iou()}
    groups["labels"] = dissection.best()[1]
    histogram(groups, f"{title}: best IoU of each unit", "IoU", DETECTOR_IOU, path)


def _parts(dataset, dissections, rows, figures, examples, canvas, fit):
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
    yield page.heading("Concepts that are detected most often")
    yield page.paragraph("Share of a concept's images in which the chosen units detect it (He, "
                         "Borji, Mi and Pugeault, 2018, eq. 6).", note=True)
    for layer, dissection in dissections.items():
        yield page.heading(layer, 3)
        yield page.side_by_side(
            page.paragraph(category) + page.table(
                [{"concept": c.name, "frequency": f}
                 for c, f in dissection.most_frequent(category, TOP_CONCEPTS)])
            for category in dict.fromkeys(c.category for c in dissection.concepts))
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
