"""Report on areas: tables as CSV, figures, and one HTML page with both."""
from itertools import groupby
from pathlib import Path
from typing import Callable, Iterable

from keras_saliency.areas.files import REPEATED, REST
from keras_saliency.areas.study import CHANGES, COLUMNS, Studied, change_rows, share_rows
from keras_saliency.files import AnyPath, printable, write_csv
from keras_saliency.report import page
from keras_saliency.report.study_plots import area_figure, variants_figure

ABOUT = (
    "Share: how much of the predicted attention lies in the area. Size: its part of the picture's "
    "pixels. Ratio: share over size, 1 where it gets as much as if people looked everywhere alike. "
    "Overlap: the part of its share that other areas have as well. The shares of areas, rest and "
    "what overlapping areas count more than once (negative) add up to 100 %.")
MEASURED = ("Fixated: the measured share of fixations with its 95 % bootstrap interval, over "
            "observers where they are known.")
RANKING = "Each area over the pictures, the one that gets most of the attention first."
PERCENT = ("share", "size", "overlap", "fixated", "low", "high", "other share", "change")
LONGEST_STEM = 200  # bytes
AREA, SHARE = COLUMNS.index("area"), COLUMNS.index("share")


def write(studies: Iterable[Studied], folder: AnyPath, model: str, compared: bool = False,
          log: Callable[[str], None] = print) -> Path:
    """Write areas.csv, figures/*.png and report.html; return the path of the page.

    Compared pictures add changes.csv. Otherwise areas of the same name in several pictures add
    variants.png and .svg.

    Args:
        studies: each is drawn before the next is computed. model: a sentence on the model.
        compared: compare every second of `studies` with the one before it.
        log: called with lines of text on the shares.
    """
    folder = Path(folder)
    rows, changes, parts, before = [], [], [], None
    for number, studied in enumerate(studies, 1):
        path = folder / "figures" / f"{number}_{_short(Path(studied.name).stem)}.png"
        area_figure(studied, path)
        its = share_rows(studied)
        parts += [page.heading(studied.name), page.picture(path), _table(COLUMNS, its)]
        rows += its
        if compared and number % 2 == 0:
            changes += change_rows(before, studied)
        before = studied
    write_csv(folder / "areas.csv", COLUMNS, rows)
    top = [page.paragraph(model), page.note(ABOUT)]
    if any(row[COLUMNS.index("fixated")] is not None for row in rows):
        top.append(page.note(MEASURED))
    if compared:
        write_csv(folder / "changes.csv", CHANGES, changes)
        top += [page.heading("Changes"), _table(CHANGES, changes)]
        _log(log, "change of the share", [[f"{picture} to {other}", area, f"{100 * change:+.1f}"]
                                          for picture, other, area, *_, change in changes])
    else:
        top += _ranking(rows, folder)
        _log(log, "share of attention", [[row[0], row[AREA], f"{100 * row[SHARE]:.1f}"]
                                         for row in rows])
    return page.write(folder / "report.html", "Attention shares of areas", *top, *parts)


def _short(stem) -> str:
    """A file name's beginning: with a number and an ending it must not exceed 255 bytes."""
    return stem.encode()[:LONGEST_STEM].decode(errors="ignore")


def _ranking(rows, folder) -> list:
    """The section of the page on areas that several pictures have, largest share first."""
    found = {}
    for row in rows:
        if row[AREA] not in (REST, REPEATED):
            found.setdefault(row[AREA], {})[row[0]] = row[SHARE]
    variants = {area: dict(sorted(its.items(), key=lambda item: -item[1]))
                for area, its in found.items() if len(its) > 1}
    if not variants:
        return []
    variants_figure(variants, folder / "variants")
    rows = [[area, place, picture, 100 * share] for area, its in variants.items()
            for place, (picture, share) in enumerate(its.items(), 1)]
    return [page.heading("Ranking of the pictures"), page.note(RANKING),
            page.picture(folder / "variants.png"),
            page.sortable_table({"area": str, "place": int, "picture": str, "share, %": float},
                                rows, "share, %", filters=("area",))]


def _table(columns, rows) -> str:
    """Rows as a table of the page, without empty columns."""
    kept = [k for k in range(1, len(columns)) if any(row[k] is not None for row in rows)]
    return page.table([{
        columns[k] + (", %" if columns[k] in PERCENT else ""):
            100 * row[k] if columns[k] in PERCENT and row[k] is not None else row[k]
        for k in kept} for row in rows])


def _log(log, what, rows) -> None:
    """Log rows of (picture, area, percent), grouped by picture."""
    for picture, its in groupby(rows, key=lambda row: row[0]):
        log(printable(f"{picture}: {what}"))
        for _, area, percent in its:
            log(printable(f"  {percent:>6} %  {area}"))
