"""CSV tables: rows as text, and fixations of any number of observers."""
import csv
from pathlib import Path
from typing import Sequence

import numpy as np

from keras_saliency.datasets.dataset import DatasetError, require
from keras_saliency.datasets.reading import Trial
from keras_saliency.files import AnyPath, list_some

COLUMNS, TIMES = ("stimulus", "observer", "x", "y"), ("start", "end")


def read_rows(path: AnyPath, columns: Sequence[str], dataset: str,
              optional: Sequence[str] = ()) -> list[tuple[int, dict]]:
    """Return (line number, {column: text}) of each row of a CSV file with certain `columns`.

    The columns that are `optional` and the name of the dataset are for messages.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in columns if name not in header]
            require(not missing, f"{dataset}: {path} has no column {', '.join(missing)}; it has "
                    f"{', '.join(header) or 'none'}; expected {','.join(columns)}"
                    + (f", with {','.join(optional)} at will" if optional else ""))
            reader.fieldnames = header
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{dataset}: {path} is not a readable CSV file: {error}") from None
    short = [line for line, row in rows if any(row[name] is None for name in columns)]
    require(not short, f"{dataset}: {path} has fewer cells than columns in line "
                       f"{list_some(short)}")
    return rows


def read_trials(path: AnyPath, stimuli: Sequence[Path], dataset: str) -> list[Trial]:
    """Return the `Trial`s of a CSV file with the header `stimulus,observer,x,y[,start,end]`.

    A row is a fixation: the stimulus' file name, with or without its extension; the observer, any
    text; pixels of the stimulus from its top left corner; start and end in seconds. Columns may
    come in any order; others are not read.

    Raises:
        DatasetError: naming a column that is missing, unknown stimuli, or the first row whose
            numbers cannot be read or that ends before it begins.
    """
    places = {name: k for k, file in enumerate(stimuli) for name in (file.stem, file.name)}
    rows = [_parse(row, f"{dataset}: {path}, line {line}")
            for line, row in read_rows(path, COLUMNS, dataset, TIMES)]
    unknown = list(dict.fromkeys(name for name, *_ in rows if name not in places))
    require(not unknown, f"{dataset}: {path}: no stimulus {list_some(unknown)}; the stimuli are "
                         f"{list_some([file.name for file in stimuli])}")
    observers = {name: k for k, name in enumerate(sorted({row[1] for row in rows}))}
    grouped = {}
    for name, observer, *numbers in rows:
        grouped.setdefault((places[name], observers[observer]), []).append(numbers)
    trials = []
    for (image, observer), numbers in sorted(grouped.items()):
        x, y, *times = np.array(numbers, np.float64).T
        trials.append(Trial(image, np.stack([x, y], axis=1), observer,
                            1000 * (times[1] - times[0]) if times else None))
    return trials


def _parse(row, where) -> list:
    """[stimulus, observer, x, y] of a row, with [start, end] if there are such columns."""
    numbers = []
    for name in ("x", "y", *(TIMES if set(TIMES) <= set(row) else ())):
        try:
            numbers.append(float(row[name] or ""))
        except ValueError:
            raise DatasetError(f"{where}: {name} is {row[name]!r}, which is no number") from None
    start, end = numbers[2:] or (0, 0)
    require(np.isfinite([start, end]).all() and end >= start,
            f"{where}: a fixation that ends before it starts")
    return [row["stimulus"].strip(), row["observer"].strip(), *numbers]
