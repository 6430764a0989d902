"""Scores of one set of saliency_maps, and the files that hold them.

A table is a CSV (or Parquet) file with the columns `stimulus` and metrics and a row for each
stimulus; beside it lies a summary, `.json`, with means, intervals and origin.
"""
import csv
import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Iterable, Optional, Sequence, Union

import numpy as np
from numpy.typing import ArrayLike

from keras_saliency import __version__
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.files import AnyPath, InputError, import_optional, list_some, require
from keras_saliency.files.tables import plain_cell, write_csv
from keras_saliency.files.writing import atomic_path, require_writable
from keras_saliency.metrics import METRICS

_BOOTSTRAP = {"confidence": 0.95, "draws": 10000, "seed": 0}
_REASONS_SHOWN = 10


@dataclass(frozen=True)
class Evaluation:
    """Scores of N maps.

    Attributes:
        names: N unique stimulus names.
        scores: {metric: float64 [N]}; NaN where a stimulus could not be scored.
        label: name in a comparison.
        loss: mean training loss on the canvas, or None; NaN if no stimulus has a target.
        loss_count: number of stimuli with a target, of which the loss is the mean.
        reasons: {stimulus name: reason why it, or some of its metrics, could not be scored}.
        missing: the stimuli among them without any map.
        seconds: {"prediction": s, "scoring": s}, wall-clock time of the two parts.
    """

    names: Sequence[str]
    scores: dict
    label: str = ""
    loss: Optional[float] = None
    loss_count: int = 0
    reasons: dict = field(default_factory=dict)
    missing: Sequence[str] = ()
    seconds: dict = field(default_factory=dict)

    @classmethod
    def joined(cls, parts: Iterable["Evaluation"]) -> "Evaluation":
        """Join the stimuli of all parts, in order, with the metrics that all parts have."""
        parts = list(parts)
        counted = [part for part in parts if part.loss_count]
        loss = np.average([part.loss for part in counted], weights=[
            part.loss_count for part in counted]) if counted else np.nan
        return cls(
            [name for part in parts for name in part.names],
            {metric: np.concatenate([part.scores[metric] for part in parts])
             for metric in parts[0].scores if all(metric in part.scores for part in parts)},
            loss=None if any(part.loss is None for part in parts) else loss,
            loss_count=sum(part.loss_count for part in parts),
            reasons={name: why for part in parts for name, why in part.reasons.items()},
            missing=[name for part in parts for name in part.missing],
            seconds={key: round(sum(part.seconds[key] for part in parts), 3)
                     for key in parts[0].seconds})

    def means(self) -> dict:
        """Return {metric: mean over the stimuli that could be scored}; NaN if none could."""
        return {name: float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
                for name, values in self.scores.items()}

    def intervals(self) -> dict:
        """Return {metric: (low, high)}, the 95 % bootstrap interval over stimuli of the mean."""
        return {name: tuple(map(float, row)) for name, row in zip(self.scores, self._bounds)}

    @cached_property
    def _bounds(self) -> np.ndarray:
        # both the printed table and the summary show it
        return bootstrap_intervals(np.stack(list(self.scores.values()), axis=1), **_BOOTSTRAP)

    def table(self) -> str:
        """Return a text table: mean, 95 % interval and stimuli of each metric; reasons of skips."""
        intervals = self.intervals()
        lines = [f"{'metric':<34}{'mean':>9}  {'95 % interval':>20}{'stimuli':>9}"]
        for name, mean in self.means().items():
            low, high = intervals[name]
            arrow = "higher" if METRICS[name].higher_is_better else "lower"
            count = np.count_nonzero(~np.isnan(self.scores[name]))
            lines.append(f"{f'{name} ({arrow})':<34}{mean:9.4f}  "
                         f"{f'{low:.4f} .. {high:.4f}':>20}{count:9d}")
        for name, reason in list(self.reasons.items())[:_REASONS_SHOWN]:
            lines.append(f"not scored: {name}: {reason}")
        if len(self.reasons) > _REASONS_SHOWN:
            lines.append(f"not scored: {len(self.reasons) - _REASONS_SHOWN} more")
        return "\n".join(lines)

    def write(self, path: AnyPath, about: Optional[dict] = None) -> Path:
        """Write the scores of each stimulus to `path`, `.csv`, or `.parquet` if pyarrow is there.

        A summary with means, intervals and `about` (subject, data and settings of the scores) goes
        to the same name with `.json`; its path is returned. The old summary is removed before the
        new table appears, so the two always belong together.
        """
        path = check_table_path(path)
        summary = path.with_suffix(".json")
        with atomic_path(summary) as new_summary, atomic_path(path) as new_table:
            new_summary.write_text(json.dumps(self._summary(about), indent=2) + "\n",
                                   encoding="utf-8")
            if path.suffix == ".parquet":
                import_optional("pyarrow.parquet", "parquet").write_table(
                    import_optional("pyarrow", "parquet").table(
                        {"stimulus": list(self.names), **self.scores}), new_table)
            else:
                write_csv(new_table, ["stimulus", *self.scores], (
                    [name, *(f"{value:.6f}" for value in values)]
                    for name, *values in zip(self.names, *self.scores.values())))
            # both are whole now: the table is renamed first, the summary after it
            summary.unlink(missing_ok=True)
        return summary

    def _summary(self, about) -> dict:
        intervals = self.intervals()
        return {
            **(about or {}), "keras_saliency": __version__, "stimuli": len(self.names),
            "metrics": {name: {
                "mean": plain(mean),
                "interval_95": plain(intervals[name]),
                "scored": int(np.count_nonzero(~np.isnan(self.scores[name]))),
                "higher_is_better": METRICS[name].higher_is_better}
                for name, mean in self.means().items()},
            "bootstrap": _BOOTSTRAP,
            "not_scored": self.reasons, "seconds": self.seconds}


def check_table_path(path: AnyPath) -> Path:
    """Return `path` if a table can be written there; else raise `InputError`."""
    path = Path(path)
    require_writable(path)
    require(path.suffix in (".csv", ".parquet"),
            f"{path}: the table must end in .csv or .parquet")
    if path.suffix == ".parquet":
        import_optional("pyarrow.parquet", "parquet")
    return path


def read_table(path: AnyPath, label: Optional[str] = None) -> Evaluation:
    """Read a CSV (or Parquet) of `stimulus` and metrics.

    An empty cell or `nan` is an image without a score. The label is by default the file's name
    without ending. A malformed table or an unknown metric is an `InputError`, which names file,
    row (the header is row 1) and column.
    """
    path = Path(path)
    records = _parquet_records(path) if path.suffix == ".parquet" else _csv_records(path)
    require(records, f"{path}: empty; it should hold a row `stimulus,metric,...` and one row per "
                     "image")
    header, where = records[0][1], f"{path}, row 1"
    metrics = header[1:]
    unknown = [name for name in metrics if name not in METRICS]
    require(header[0] == "stimulus" and metrics,
            f"{where}: the columns must be `stimulus` and metrics, not {', '.join(header)}")
    require(not unknown, f"{where}: no metric {list_some(map(repr, unknown))}; the metrics are "
                         f"{', '.join(METRICS)}")
    require(len(set(header)) == len(header),
            f"{where}: a metric is there twice: {', '.join(metrics)}")
    names, rows = {}, []
    for line, record in records[1:]:
        where = f"{path}, row {line}"
        require(len(record) == len(header),
                f"{where}: {len(record)} cells, but the header has {len(header)}")
        require(record[0], f"{where}: no stimulus name")
        require(record[0] not in names, f"{where}: stimulus {record[0]!r} is already in row "
                                        f"{names.get(record[0])}")
        names[record[0]] = line
        rows.append([_number(cell, f"{where}, column {metric}")
                     for metric, cell in zip(metrics, record[1:])])
    require(rows, f"{path}: no images, only a header")
    columns = np.array(rows, np.float64).T
    return Evaluation(tuple(names), dict(zip(metrics, columns)), label or path.stem)


def read_tables(paths: Iterable[AnyPath]) -> list[Evaluation]:
    """Read `Evaluation`s from files, labelled by file name, or by path if names repeat."""
    paths = [Path(path) for path in paths]
    distinct = len({path.stem for path in paths}) == len(paths)
    return [read_table(path, None if distinct else str(path)) for path in paths]


def read_runs(groups: Iterable[str]) -> dict[str, list[Evaluation]]:
    """Read {label: `Evaluation`s} from texts `label=first.csv,second.csv,...`."""
    models, seen = {}, set()
    for group in groups:
        label, found, files = group.partition("=")
        paths = [Path(name) for name in files.split(",")]
        require(found and label and "" not in files.split(","),
                f"{group!r}: write the tables of a model's runs as label=first.csv,second.csv,...")
        twice = [label] * (label in models) + [
            str(path) for path in paths if path in seen or paths.count(path) > 1]
        require(not twice, f"{twice and twice[0]} is named twice")
        seen.update(paths)
        models[label] = [read_table(path, str(path)) for path in paths]
    return models


def _csv_records(path) -> list:
    """(row number, cells) of the rows that are not empty."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            # the line a record ends at is what an editor shows
            return [(reader.line_num, [plain_cell(record[0]), *record[1:]])
                    for record in reader if record]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a CSV table ({error})") from error


def _parquet_records(path) -> list:
    """The same of a Parquet file."""
    pyarrow = import_optional("pyarrow", "parquet")
    try:
        table = import_optional("pyarrow.parquet", "parquet").read_table(path)
    except pyarrow.ArrowException as error:
        raise InputError(f"{path}: not a Parquet table ({error})") from error
    rows = zip(*(column.to_pylist() for column in table.columns))
    cells = [["" if value is None else str(value) for value in row] for row in rows]
    return list(enumerate([table.column_names, *cells], start=1))


def _number(cell: str, where: str) -> float:
    """A finite number, or NaN for an empty cell or `nan`."""
    try:
        value = float(cell) if cell.strip() else math.nan
    except ValueError:
        raise InputError(f"{where}: {cell!r} is not a number") from None
    require(not math.isinf(value), f"{where}: {cell!r} is not finite")
    return value


def plain(values: ArrayLike) -> Union[None, float, list]:
    """Return floats, or nested lists of them, for JSON, which has no NaN: None instead."""
    if np.ndim(values):
        return [plain(value) for value in values]
    return None if np.isnan(values) else float(values)
