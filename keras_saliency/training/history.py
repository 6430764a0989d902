"""The history of a run: history.csv, a row of numbers for each epoch."""
import csv
import math
from pathlib import Path
from typing import Optional, Sequence

from keras_saliency.config import ConfigError, require
from keras_saliency.files import AnyPath, read_csv, write_csv
from keras_saliency.metrics import METRICS


def lower_is_better(column: str) -> bool:
    """Return True for a history column of which small values are good (`val_loss`, `val_kld`)."""
    name = column.split("val_")[-1]
    return name == "loss" or (name in METRICS and not METRICS[name].higher_is_better)


def best_row(rows: Sequence[dict], column: str) -> int:
    """Return the index of the best row by `column`, the first among equals; NaN counts as worst."""
    sign = 1 if lower_is_better(column) else -1
    values = [sign * float(row[column]) for row in rows]
    return min(range(len(rows)), key=lambda index: (math.isnan(values[index]), values[index]))


def waited_enough(rows: Sequence[dict], column: str, patience: Optional[int]) -> bool:
    """Return True if `patience` rows, or more, came after the best one; False for None."""
    return patience is not None and len(rows) - 1 - best_row(rows, column) >= patience


def read_history(path: AnyPath) -> list[dict]:
    """Return the rows of a history CSV as dicts of numbers; [] if there is no such file.

    `ConfigError` unless the file is a table of numbers for the epochs 1, 2, 3, ...
    """
    path = Path(path)
    if not path.is_file():
        return []
    try:
        rows = [{key: int(value) if key == "epoch" else float(value)
                 for key, value in row.items()} for row in read_csv(path)]
    except (csv.Error, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}); bring back a copy of it, or start a new "
                          "run: set name=NAME") from None
    require([row.get("epoch") for row in rows] == list(range(1, len(rows) + 1)),
            f"{path} does not hold the epochs 1 to {len(rows)}; bring back a copy of it, or start "
            "a new run: set name=NAME")
    return rows


def write_history(rows: Sequence[dict], path: AnyPath) -> None:
    """Write rows (dicts with the same keys) as CSV, whole or not at all."""
    write_csv(path, list(rows[0]), [list(row.values()) for row in rows])
