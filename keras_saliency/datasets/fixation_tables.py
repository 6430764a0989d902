"""Fixations of any number of viewers in one table, a CSV file."""
import csv

import numpy as np

from keras_saliency.datasets.dataset import DatasetError, require
from keras_saliency.datasets.reading import Trial
from keras_saliency.files import list_some

COLUMNS, TIMES = ("stimulus", "observer", "x", "y"), ("start", "end")


def read_trials(path, stimuli, dataset: str) -> list:
    """The `Trial`s of a CSV file with the header `stimulus,observer,x,y[,start,end]`.

    A row is a fixation: the stimulus' file name, with or without its extension; whose it is, any
    text; pixels of the stimulus from its top left corner; when it began and ended, in seconds.
    Columns may come in any order, others are not read.

    Args:
        stimuli: N paths of pictures. dataset: whose reader asks, for messages.

    Raises:
        DatasetError: naming a column that is missing, stimuli that are not there, and the first row
            whose numbers cannot be read or that ends before it begins.
    """
    places = {name: k for k, file in enumerate(stimuli) for name in (file.stem, file.name)}
    rows, timed = _read(path, dataset)
    unknown = list(dict.fromkeys(name for name, *_ in rows if name not in places))
    require(not unknown, f"{dataset}: {path}: no stimulus {list_some(unknown)}; the stimuli are "
                         f"{list_some([file.name for file in stimuli])}")
    observers = {name: k for k, name in enumerate(sorted({row[1] for row in rows}))}
    grouped = {}
    for name, observer, *numbers in rows:
        grouped.setdefault((places[name], observers[observer]), []).append(numbers)
    trials = []
    for (image, observer), numbers in sorted(grouped.items()):
        table = np.array(numbers, np.float64)
        trials.append(Trial(image, table[:, :2], observer,
                            1000 * (table[:, 3] - table[:, 2]) if timed else None))
    return trials


def _read(path, dataset) -> tuple:
    """([stimulus, observer, number, ...] of each row, whether the numbers hold times)."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            header = [name.strip() for name in reader.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in header]
            require(not missing, f"{dataset}: {path} has no column {', '.join(missing)}; its "
                                 f"header must be {','.join(COLUMNS)}, with {','.join(TIMES)} at "
                                 f"will, and is {','.join(header) or 'empty'}")
            reader.fieldnames = header
            timed = set(TIMES) <= set(header)
            found = [_parse(row, timed, f"{dataset}: {path}, line {reader.line_num}")
                     for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{dataset}: {path} is not a CSV file that can be read: "
                           f"{error}") from None
    return found, timed


def _parse(row, timed, where) -> list:
    """[stimulus, observer, x, y, start, end] of a row; without the times unless `timed`."""
    names = ("x", "y", *(TIMES if timed else ()))
    numbers = []
    for name in names:
        try:
            numbers.append(float(row[name]))
        except ValueError:
            raise DatasetError(f"{where}: {name} is {row[name]!r}, which is no number") from None
    require(np.isfinite(numbers[2:]).all() and (not timed or numbers[3] >= numbers[2]),
            f"{where}: a fixation that ends before it starts")
    return [row["stimulus"].strip(), row["observer"].strip(), *numbers]
