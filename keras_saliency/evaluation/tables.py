"""Per-image tables of scores, as `Evaluation.write` writes them: reading and matching."""
import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence

import numpy as np

from keras_saliency.files import InputError, list_some
from keras_saliency.metrics import METRICS


@dataclass(frozen=True)
class ScoreTable:
    """Scores of N images.

    Attributes:
        label: what the table is called in a comparison.
        names: N unique stimulus names.
        scores: {metric: float64 [N]}, NaN where an image could not be scored.
    """

    label: str
    names: Sequence[str]
    scores: dict


def read_table(path, label=None) -> ScoreTable:
    """Read a CSV (or Parquet) of `stimulus` and metrics.

    An empty cell or `nan` is an image without a score.

    Args:
        label: None for the file's name without ending.

    Raises:
        InputError: naming file, row (the header is row 1) and column: no or another header,
            metrics unknown or twice, rows of another length, an empty or repeated stimulus, a
            cell that is no finite number, no rows, or not text.
        OSError: the file cannot be opened.
    """
    path = Path(path)
    records = _parquet_records(path) if path.suffix == ".parquet" else _csv_records(path)
    if not records:
        raise InputError(f"{path}: empty; it should hold a row `stimulus,metric,...` and one row "
                         "per image")
    metrics = _checked_header(path, records[0][1])
    names, rows = {}, []
    for line, record in records[1:]:
        where = f"{path}, row {line}"
        if len(record) != len(metrics) + 1:
            raise InputError(f"{where}: {len(record)} cells, but the header has "
                             f"{len(metrics) + 1}")
        if not record[0] or record[0] in names:
            raise InputError(f"{where}: stimulus {record[0]!r} is already in row "
                             f"{names[record[0]]}" if record[0] else f"{where}: no stimulus name")
        names[record[0]] = line
        rows.append([_number(cell, f"{where}, column {metric}")
                     for metric, cell in zip(metrics, record[1:])])
    if not rows:
        raise InputError(f"{path}: no images, only a header")
    columns = np.array(rows, np.float64).T
    return ScoreTable(label or path.stem, tuple(names), dict(zip(metrics, columns)))


def read_tables(paths) -> list:
    """`ScoreTable`s of several files, labelled by file name, or by path if names repeat."""
    paths = [Path(path) for path in paths]
    distinct = len({path.stem for path in paths}) == len(paths)
    return [read_table(path, None if distinct else str(path)) for path in paths]


def matched(tables) -> dict:
    """{metric: float64 [N, K]} of the metrics that K tables share, rows in the first one's order.

    Raises:
        InputError: tables whose stimuli differ (names what is missing where), or without a
            common metric.
    """
    first = tables[0]
    places = [{name: i for i, name in enumerate(table.names)} for table in tables]
    for table, place in zip(tables[1:], places[1:]):
        for one, names, other in ((table, place, first), (first, places[0], table)):
            missing = [name for name in other.names if name not in names]
            if missing:
                raise InputError(f"{one.label} has no row for {list_some(missing)}, which "
                                 f"{other.label} has")
    shared = [metric for metric in first.scores
              if all(metric in table.scores for table in tables)]
    if not shared:
        raise InputError("no metric is in all of the tables: " + "; ".join(
            f"{table.label} has {', '.join(table.scores)}" for table in tables))
    orders = [[place[name] for name in first.names] for place in places]
    return {metric: np.stack([table.scores[metric][order]
                              for table, order in zip(tables, orders)], axis=1)
            for metric in shared}


def import_pyarrow(path):
    """The optional package pyarrow, with its `parquet`; `InputError` for `path` without it."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(f"{path}: Parquet needs pyarrow (python -m pip install pyarrow); use a "
                         ".csv without it") from None
    return pyarrow


def _csv_records(path) -> list:
    """(row number, cells) of the rows that are not empty."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            # the line a record ends at is what an editor shows
            return [(reader.line_num, record) for record in reader if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV table ({error})") from error


def _parquet_records(path) -> list:
    """As `_csv_records`."""
    pyarrow = import_pyarrow(path)
    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as error:
        raise InputError(f"{path}: not a Parquet table ({error})") from error
    rows = zip(*(column.to_pylist() for column in table.columns))
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    return list(enumerate([table.column_names, *cells], start=1))


def _checked_header(path, header) -> list:
    """The metrics of a header row."""
    if header[0] != "stimulus" or len(header) < 2:
        raise InputError(f"{path}, row 1: the columns must be `stimulus` and metrics, not "
                         f"{', '.join(header)}")
    unknown = [metric for metric in header[1:] if metric not in METRICS]
    if unknown:
        raise InputError(f"{path}, row 1: no metric {list_some(map(repr, unknown))}; the metrics "
                         f"are {', '.join(METRICS)}")
    if len(set(header)) < len(header):
        raise InputError(f"{path}, row 1: a metric is there twice: {', '.join(header[1:])}")
    return header[1:]


def _number(cell: str, where: str) -> float:
    """A finite number, or NaN for an empty cell or `nan`."""
    try:
        value = float(cell) if cell.strip() else math.nan
    except ValueError:
        raise InputError(f"{where}: {cell!r} is not a number") from None
    if math.isinf(value):
        raise InputError(f"{where}: {cell!r} is not finite")
    return value
