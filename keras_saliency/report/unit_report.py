"""Writes a unit study: tables as CSV, figures as PNG, and one HTML page with both."""
from pathlib import Path

import numpy as np

from keras_saliency.analysis import region_study, regions
from keras_saliency.analysis.patterns import outline
from keras_saliency.analysis.unit_study import TIERS, UnitStudy
from keras_saliency.datasets import pipeline
from keras_saliency.files import write_csv
from keras_saliency.report import page, region_figure
from keras_saliency.report.unit_figures import write_figures

THUMBNAIL = 220
EXPLANATIONS = {
    "high": "The units that score highest.",
    "medium": "Units around the median.",
    "low": "The units that score lowest, first the lowest.",
}
UNIT_COLUMNS = {"model": str, "layer": str, "unit": int, "score": float, "normalized": float,
                "mean NSS": float, "detector": str, "dead": str}


def write(study: UnitStudy, folder, log=print) -> Path:
    """Write everything into `folder`.

    units.csv (a row per unit), detectors.csv (a row per model and layer), figures/*.png and
    report.html, which holds all of it and needs neither network nor the other files.

    Returns:
        The path of the page.
    """
    folder = Path(folder)
    rows = unit_rows(study)
    write_csv(folder / "units.csv", list(UNIT_COLUMNS), rows)
    table = study.table()
    write_csv(folder / "detectors.csv", list(table[0]), [list(row.values()) for row in table])
    figures = write_figures(study, folder / "figures")
    last = study.layers[-1].layer
    if study.regions:
        for statistic in ("top", "above"):
            rows_of = region_study.unit_rows(study.regions, statistic)
            write_csv(folder / f"regions_{statistic}.csv", list(rows_of[0]),
                       [list(row.values()) for row in rows_of])
    if len(study.regions) > 1:
        figures["improvement"] = folder / "figures" / "improvement.png"
        region_figure.improvement_figure(
            region_study.improvements(study.regions, last), last, next(iter(study.regions)),
            figures["improvement"])
    path = page.write(folder / "report.html", f"Units on {study.dataset.name}",
                      *_parts(study, rows, figures))
    log(f"\n{_text_table(table)}\n\n{path}: open it in a browser; the same as files beside it: "
        f"units.csv, detectors.csv, {len(figures)} pictures in figures/")
    return path


def unit_rows(study: UnitStudy) -> list:
    """A list per unit, in the order of `UNIT_COLUMNS`; None where nothing is known."""
    rows = []
    for s in study.layers:
        chosen = set(s.detectors.units.tolist())
        for unit, score in enumerate(s.detectors.scores):
            rows.append([
                s.model, s.layer, unit, score, s.detectors.normalized[unit],
                s.scores.moments.mean[unit], "yes" if unit in chosen else "",
                "" if s.scores.alive[unit] else "dead"])
    return rows


def _parts(study, rows, figures):
    """The pieces of the page, from the whole to the single unit."""
    best, threshold = study.best, study.threshold
    models = list(study.model_nss)
    yield page.paragraph(
        f"{len(study.dataset)} stimuli of {study.dataset.name} ({study.dataset.edition}); "
        f"{', '.join(models)}. A unit's score is the mean NSS of its {best} best stimuli, its "
        "activation_map enlarged to the stimulus. Positive fixation detectors are the units above "
        f"{threshold} once the scores of a layer are scaled to 0..1 (He, Borji, Mi and Pugeault, "
        "2018).")
    yield page.heading("Layers")
    yield page.table(study.table())
    for layer in dict.fromkeys(s.layer for s in study.layers):
        correlation = study.correlation(layer)
        if np.isfinite(correlation.coefficient):
            yield page.paragraph(
                f"{layer}: the ratio of detectors and the models' NSS correlate with r = "
                f"{correlation.coefficient:.2f} (p = {correlation.p_value:.2g}, "
                f"{correlation.points} models).", note=True)
    yield page.heading("Units")
    yield page.sortable_table(UNIT_COLUMNS, rows, sort="score", filters=("model", "layer"))
    yield page.heading("Distribution of the units")
    yield page.side_by_side(page.picture(path) for name, path in figures.items()
                            if name.endswith("_nss"))
    if "low_units" in figures:
        yield page.heading("Where low units look")
        yield page.paragraph("Mean standardised activation_map of the units that score lowest: "
                             "blue where they are silent. A silent middle is a negative center "
                             "bias.", note=True)
        yield page.picture(figures["low_units"])
    if study.regions:
        yield from _region_parts(study, figures)
    if study.targets:
        yield page.heading("Pop-out targets")
        yield page.paragraph("Mean NMM of the ten units that stand out most at the target.",
                             note=True)
        yield page.table(region_study.target_rows(study.targets))
    load = pipeline.stimulus_loader(study.dataset)
    for layer in dict.fromkeys(s.layer for s in study.layers):
        yield page.heading(f"What the units of {layer} respond to")
        for tier in TIERS:
            yield page.heading(f"{tier.capitalize()} units", 3)
            yield page.paragraph(EXPLANATIONS[tier], note=True)
            yield page.side_by_side(_gallery(s, tier, study.dataset, load)
                                    for s in study.layers if s.layer == layer)


def _region_parts(study, figures):
    """What the units and the output make of the labelled regions."""
    yield page.heading("Salient regions")
    yield page.paragraph("Mean NSS of the ten units that follow a category's regions best.",
                         note=True)
    yield page.table(region_study.unit_rows(study.regions, "top"))
    yield page.paragraph("Number of units with a mean NSS above "
                         f"{regions.THRESHOLD} in the category's regions.", note=True)
    yield page.table(region_study.unit_rows(study.regions, "above"))
    if "improvement" in figures:
        yield page.picture(figures["improvement"])
    yield page.heading("Output in the same regions", 3)
    yield page.paragraph("OS: mean NSS of the saliency_map in the regions; OD: mean absolute "
                         "difference from that of the fixation density map.", note=True)
    yield page.table(region_study.output_rows(study.regions))
    for line in region_study.statements(study.regions, study.layers[-1].layer):
        yield page.paragraph(line, note=True)


def _gallery(layer_study, tier, dataset, load) -> str:
    """One model's units of a tier: their best stimuli, the active area outlined."""
    parts = [page.paragraph(layer_study.model)]
    for unit, examples in layer_study.examples.get(tier, {}).items():
        parts.append(page.paragraph(
            f"unit {unit}: score {layer_study.detectors.scores[unit]:.2f}, mean NSS "
            f"{layer_study.scores.moments.mean[unit]:.2f}", note=True))
        parts.append(page.strip(
            page.picture(outline(load(e.image).numpy(), e.activation, e.plan),
                         f"{dataset.names[e.image]}: {e.nss:.2f}", THUMBNAIL)
            for e in examples))
    return "".join(parts)


def _text_table(rows) -> str:
    """The table of layers for a terminal."""
    def show(value):
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    cells = [list(rows[0]), *([show(v) for v in row.values()] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in cells)
