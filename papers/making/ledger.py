"""Files of a result: its rows as CSV; its settings, software and verdict as JSON."""
import csv
import json
import math
from pathlib import Path

from keras_saliency.files import InputError, atomic_path, write_csv

# The last columns of every result
SETTINGS, MINUTES = "settings", "minutes"
DIGITS = 6


def table_path(folder, name: str) -> Path:
    """Return the path of a result's rows."""
    return Path(folder) / f"{name}.csv"


def facts_path(folder, name: str) -> Path:
    """Return the path of a result's settings and verdict."""
    return Path(folder) / f"{name}.json"


def read_rows(path) -> list:
    """Return the rows of a CSV file as dicts of numbers and texts; none if there is no file.

    Raises:
        InputError: the file is not a table of results.
    """
    path = Path(path)
    if not path.is_file():
        return []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a table of results ({error}); remove it") from None
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"{path}: line {number} differs from the header in its number of "
                             "columns; remove it")
    return [{name: _value(text) for name, text in row.items()} for row in rows]


def write_rows(path, rows) -> None:
    """Write rows, whole or not at all; a missing column becomes an empty cell."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    last = [name for name in (SETTINGS, MINUTES) if name in columns]
    columns = [name for name in columns if name not in last] + last
    write_csv(path, columns, [[_text(row.get(name, "")) for name in columns] for row in rows])


def read_facts(path) -> dict:
    """Return the content of a JSON file, an empty dict if there is no file."""
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); remove it") from None


def write_facts(path, facts: dict) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n",
                             encoding="utf-8")


def key_of(row: dict, keys) -> tuple:
    """Return the part that a row belongs to, as texts like those in the file."""
    return tuple(_text(row[key]) for key in keys)


def _text(value) -> str:
    """Return a value as a cell; a number keeps six digits."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return ""  # NaN: not scored
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else (
        f"{number:.{DIGITS}g}")


def _value(text: str):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
