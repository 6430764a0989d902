"""Report on network dissection: tables, figures, masks, and one HTML page."""
from pathlib import Path
from typing import Callable, Mapping, Optional

import h5py
import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.concepts import ConceptDataset
from keras_saliency.files import AnyPath, atomic_path, write_csv
from keras_saliency.prediction.overlay import save_png
from keras_saliency.report import page
from keras_saliency.report.plots import bars, histogram, save_figure
from keras_saliency.units.dissection import DETECTOR_IOU, Dissection, frequency_rows, unit_rows
from keras_saliency.units.patterns import enlarge, outline

TOP_CONCEPTS, THUMBNAIL = 15, 220
COLUMNS = {"layer": str, "unit": int, "concept": str, "category": str, "IoU": float,
           "plain IoU": float, "IoU by chance": float, "threshold": float}
FREQUENCY_COLUMNS = ["layer", "category", "concept", "images", "detected", "f_n"]


def write(name: str, dataset: ConceptDataset, dissections: Mapping[str, Dissection],
          examples: Mapping[str, dict], folder: AnyPath, masks: bool = False,
          log: Callable[[str], None] = print, detectors_of: Optional[str] = None) -> Path:
    """Write dissection.csv, dissection.h5, figures/*.png, report.html; return the page's path.

    Chosen units add frequency.csv, a row per concept, and its figures.

    Args:
        name: of the model. examples: of `dissection.fetch_examples`.
        masks: also write masks/, the mask of each detector on its best images as PNG, 0 or 255.
        detectors_of: name of the dataset whose positive fixation detectors were chosen.
    """
    folder, drawn = Path(folder), Path(folder) / "figures"
    rows = [row for layer, d in dissections.items() for row in unit_rows(layer, d)]
    write_csv(folder / "dissection.csv", list(COLUMNS), rows)
    _write_hdf5(folder / "dissection.h5", dissections)
    figures = {layer: drawn / f"{layer}_iou.png" for layer in dissections}
    for layer, picture in figures.items():
        null, (_, iou) = dissections[layer].null, dissections[layer].best()
        chance = {} if null is None else {"labels of other images": dissections[layer].null_iou()}
        histogram({**chance, "labels": iou}, f"{layer}: best IoU of each unit", "IoU",
                  DETECTOR_IOU, picture)
    frequencies = {layer: drawn / f"{layer}_frequency.png"
                   for layer, d in dissections.items() if d.chosen is not None and d.categories()}
    for layer, picture in frequencies.items():
        save_figure(bars({f"{layer}: {category}": [(concept.name, f) for concept, f in table]
                          for category, table in _most_frequent(dissections[layer]).items()},
                         "detection frequency f_n"), picture)
    if frequencies:
        write_csv(folder / "frequency.csv", FREQUENCY_COLUMNS, [
            row for layer in frequencies for row in frequency_rows(layer, dissections[layer])])
    if masks:
        _write_masks(examples, dissections, dataset, folder / "masks")
    path = page.write(folder / "report.html", f"{name} dissected on {dataset.name}",
                      *_parts(dataset, dissections, rows, figures),
                      *_frequency_parts(dissections, frequencies, detectors_of),
                      *_example_parts(dataset, dissections, examples))
    for layer, dissection in dissections.items():
        log(f"{layer}: " + ", ".join(
            f"{sum(map(len, concepts.values()))} detectors of {len(concepts)} in {category}"
            for category, concepts in dissection.detectors().items()))
    log(f"\n{path}: open it in a browser; dissection.csv has a row per unit, dissection.h5 the "
        "IoU of every unit with every concept")
    return path


def _parts(dataset, dissections, rows, figures):
    yield page.paragraph(
        f"{len(dataset)} images with {len(dataset.concepts)} labels. A unit's mask is where its "
        "enlarged activation_map exceeds the value that half a percent of its cells exceed; its "
        "concept is the label of highest IoU (Bau, Zhou, Khosla, Oliva and Torralba, 2017). Units "
        f"above {DETECTOR_IOU} count as detectors. By chance: the same masks with the labels of "
        "other images.")
    yield page.heading("Detectors")
    yield page.table([{"layer": layer, "category": category, "concepts": len(concepts),
                       "detectors": sum(map(len, concepts.values()))}
                      for layer, dissection in dissections.items()
                      for category, concepts in dissection.detectors().items()])
    yield page.side_by_side(page.picture(path) for path in figures.values())
    yield page.heading("Units")
    yield page.sortable_table(COLUMNS, rows, sort="IoU", filters=("layer", "category"))


def _example_parts(dataset, dissections, examples):
    """The best units of each layer, on the images with most of their concept."""
    load = pipeline.stimulus_loader(dataset)
    for layer, units in examples.items():
        yield page.heading(f"Best units of {layer}")
        concept, iou = dissections[layer].best()
        for unit, shown in units.items():
            name = dissections[layer].concepts[concept[unit]].name
            yield page.note(f"unit {unit}: {name}, IoU {iou[unit]:.3f}")
            yield page.strip(page.picture(outline(load(image).numpy(), cells, plan),
                                          width=THUMBNAIL) for image, cells, plan in shown)


def _frequency_parts(dissections, figures, detectors_of):
    """Concepts that positive fixation detectors detect: a table per category, and Figure 12."""
    yield page.heading("Concepts that positive fixation detectors detect")
    if not figures:
        yield page.note("Not counted: finding the detectors needs a dataset with fixations, and "
                        "none was given.")
    else:
        yield page.note(
            "Share of a concept's images in which a positive fixation detector has an IoU above "
            f"{DETECTOR_IOU} with it (He, Borji, Mi and Pugeault, 2018, eq. 6 and Figure 12). The "
            f"detectors are those on {detectors_of}.")
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


def _write_hdf5(path, dissections) -> None:
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        for layer, d in dissections.items():
            names, numbers, categories = ([getattr(c, field) for c in d.concepts]
                                          for field in ("name", "number", "category"))
            file.create_group(layer).update({
                "iou": d.iou, "plain_iou": d.plain_iou, "thresholds": d.thresholds,
                "concepts": names, "numbers": numbers, "categories": categories})


def _write_masks(examples, dissections, dataset, folder) -> None:
    for layer, units in examples.items():
        for unit, shown in units.items():
            for image, cells, plan in shown:
                mask = enlarge(cells, plan) > dissections[layer].thresholds[unit]
                stem = Path(dataset.stimuli[image]).stem
                save_png(folder / f"{layer}_unit{unit:04d}_{stem}.png", mask.astype(np.uint8) * 255)
