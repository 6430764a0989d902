"""Report on units: tables as CSV, figures as PNG, and one HTML page with both."""
from pathlib import Path
from typing import Callable

import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.files import AnyPath, write_csv
from keras_saliency.report import page, study_plots
from keras_saliency.report.tables import text_table
from keras_saliency.units import regions, relation
from keras_saliency.units.patterns import outline
from keras_saliency.units.unit_study import UnitStudy

THUMBNAIL = 220
TIERS = {"high": "The units that score highest.", "medium": "Units around the median.",
         "low": "The units that score lowest, first the lowest."}
UNIT_COLUMNS = {"model": str, "layer": str, "unit": int, "score": float, "normalized": float,
                "mean NSS": float, "detector": str, "dead": str, "scaled with": str}


def write(study: UnitStudy, folder: AnyPath, log: Callable[[str], None] = print) -> Path:
    """Write tables, figures and report.html to `folder`; return the path of the page.

    units.csv has a row per unit, detectors.csv a row per model and layer. regions_*.csv are written
    where regions were scored, pictures to figures/. report.html holds all of it and needs neither
    network nor the other files.
    """
    folder, drawn = Path(folder), Path(folder) / "figures"
    rows, table = unit_rows(study), study.table()
    write_csv(folder / "units.csv", list(UNIT_COLUMNS), rows)
    figures = study_plots.unit_figures(study, drawn)
    tables = {"detectors": table}
    if study.regions:
        tables.update(regions_top=relation.unit_rows(study.regions, "top"),
                      regions_above=relation.unit_rows(study.regions, "above"),
                      regions_output=relation.relation_rows(study.relations),
                      regions_anova=relation.variance_rows(study.relations),
                      regions_pairs=relation.pair_rows(study.inner_test()))
    for name, its in tables.items():
        if its:
            write_csv(folder / f"{name}.csv", list(its[0]), [list(row.values()) for row in its])
    if len(study.regions) > 1:
        figures["improvement"] = drawn / "improvement.png"
        last = dict.fromkeys(list(s.units)[-1] for s in study.regions.values())
        study_plots.improvement_figure(
            relation.improvements(study.regions), ", ".join(last), next(iter(study.regions)),
            figures["improvement"])
    for model, found in study.relations.items():
        name = f"{model}_inner_output"
        figures[name] = drawn / f"{name}.png"
        study_plots.relation_figure(found, model, study.dataset, figures[name])
    path = page.write(folder / "report.html", f"Units on {study.dataset.name}",
                      *_parts(study, rows, figures))
    log(f"\n{text_table(table)}\n\n{path}: open it in a browser; the same as files beside it: "
        f"units.csv, detectors.csv, {len(figures)} pictures in figures/")
    return path


def unit_rows(study: UnitStudy) -> list[list]:
    """List the values of `UNIT_COLUMNS` for each unit; None for unknown values."""
    rows = []
    for s in study.layers:
        chosen = set(s.detectors.units.tolist())
        for unit, score in enumerate(s.detectors.scores):
            rows.append([
                s.model, *s.place(unit), score, s.detectors.normalized[unit],
                s.scores.moments.mean[unit], "yes" if unit in chosen else "",
                "" if s.scores.alive[unit] else "dead", s.layer if len(s.parts) > 1 else ""])
    return rows


def _parts(study, rows, figures):
    """The pieces of the page, from the whole study to single units."""
    yield page.paragraph(
        f"{len(study.dataset)} stimuli of {study.dataset.name} ({study.dataset.edition}); "
        f"{', '.join(study.model_nss)}. A unit's score is the mean NSS of its {study.best} best "
        "stimuli, its activation_map enlarged to the stimulus. Positive fixation detectors are the "
        f"units above {study.threshold} once the scores of a layer, or of layers joined by \"+\", "
        "are scaled to 0..1 (He, Borji, Mi and Pugeault, 2018).")
    yield page.heading("Layers")
    yield page.table(study.table())
    for layers, correlation in study.correlations():
        if np.isfinite(correlation.coefficient):
            names = (next(iter(layers.values())) if len(set(layers.values())) == 1 else
                     ", ".join(f"{layer} of {model}" for model, layer in layers.items()))
            yield page.note(
                f"{names}: the ratio of detectors and the models' NSS correlate with r = "
                f"{correlation.coefficient:.2f} (p = {correlation.p_value:.2g}, "
                f"{correlation.points} models).")
    yield page.heading("Units")
    yield page.sortable_table(UNIT_COLUMNS, rows, sort="score", filters=("model", "layer"))
    yield page.heading("Distribution of the units")
    yield page.side_by_side(page.picture(path) for name, path in figures.items()
                            if name.endswith("_nss"))
    if "low_units" in figures:
        yield page.heading("Where low units look")
        yield page.note("Mean standardised activation_map of the units that score lowest, blue "
                        "where it is below the mean. A blue middle is a negative center bias.")
        yield page.picture(figures["low_units"])
    if study.regions:
        yield from _region_parts(study, figures)
    if study.targets:
        yield page.heading("Pop-out targets")
        height, width = regions.SIZE
        yield page.note(
            f"Mean NMM of the ten units that stand out most at the target, over {regions.ARRAYS} "
            f"generated arrays of {height}x{width} pixels.")
        yield page.table(relation.target_rows(study.targets))
    load = pipeline.stimulus_loader(study.dataset)
    for layer in dict.fromkeys(s.layer for s in study.layers):
        yield page.heading(f"What the units of {layer} respond to")
        for tier, explanation in TIERS.items():
            yield page.heading(f"{tier.capitalize()} units", 3)
            yield page.note(explanation)
            yield page.side_by_side(_gallery(s, tier, study.dataset, load)
                                    for s in study.layers if s.layer == layer)


def _region_parts(study, figures):
    """The section of the page on labelled regions."""
    yield page.heading("Salient regions")
    for statistic, text in (
            ("top", "Mean NSS of the ten units that follow a category's regions best."),
            ("above", f"Number of units with a mean NSS above {regions.THRESHOLD} in the "
                      "category's regions.")):
        yield page.note(text)
        yield page.table(relation.unit_rows(study.regions, statistic))
    if "improvement" in figures:
        yield page.picture(figures["improvement"])
    if not study.relations:
        return
    trained = list(study.relations)
    yield page.note(relation.inner_statement(trained, study.inner_test()))
    yield page.heading("Inner representation and output", 3)
    yield page.note("OS: mean NSS of the saliency_map in the regions; OD: mean absolute difference "
                    "from that of the fixation density map (He, Tavakoli, Borji, Mi and Pugeault, "
                    "2019, Figure 7). Below: the region of the category of highest OD in which the "
                    "saliency_map exceeds the density most.")
    yield page.table(relation.output_rows({m: study.regions[m] for m in trained}))
    for model, found in study.relations.items():
        yield page.picture(figures[f"{model}_inner_output"])
        for line in relation.relation_statements(model, found):
            yield page.note(line)
    yield page.note("Analysis of variance, sums of squares of type II. The clusters are made from "
                    "one of the two measurements, and both are of the same categories, so the p "
                    "values are too small.")
    yield page.table(relation.variance_rows(study.relations))


def _gallery(layer_study, tier, dataset, load) -> str:
    """The units of one model and tier: their best stimuli with the active area outlined."""
    scores, means = layer_study.detectors.scores, layer_study.scores.moments.mean
    parts = [page.paragraph(layer_study.model)]
    for unit, examples in layer_study.examples.get(tier, {}).items():
        parts += [
            page.note(f"unit {layer_study.name(unit)}: score {scores[unit]:.2f}, mean NSS "
                      f"{means[unit]:.2f}"),
            page.strip(page.picture(outline(load(e.image).numpy(), e.activation, e.plan),
                                    f"{dataset.names[e.image]}: {e.nss:.2f}", THUMBNAIL)
                       for e in examples)]
    return "".join(parts)
