"""The files of a result: its rows as CSV, what they were made with and what they say as JSON."""
import csv
import json
import math
from pathlib import Path

from keras_saliency.files import InputError, atomic_path, write_csv

# Columns that every result has, after those of its own.
SETTINGS, MINUTES = "settings", "minutes"
DIGITS = 6


def table_path(folder, name: str) -> Path:
    """Where the rows of a result are."""
    return Path(folder) / f"{name}.csv"


def facts_path(folder, name: str) -> Path:
    """Where a result says what it was made with and what came out."""
    return Path(folder) / f"{name}.json"


def read_rows(path) -> list:
    """The rows of a result's CSV file as dicts of numbers and texts; none if there is no file.

    Raises:
        InputError: the file is no such table.
    """
    path = Path(path)
    if not path.is_file():
        return []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no table of results ({error}); remove it") from None
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise InputError(f"{path}: line {number} has another number of columns than the "
                             "header; remove it")
    return [{name: _value(text) for name, text in row.items()} for row in rows]


def write_rows(path, rows) -> None:
    """Write rows, whole or not at all; a column that a row lacks is empty there."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    last = [name for name in (SETTINGS, MINUTES) if name in columns]
    columns = [name for name in columns if name not in last] + last
    write_csv(path, columns, [[_text(row.get(name, "")) for name in columns] for row in rows])


def read_facts(path) -> dict:
    """What `write_facts` wrote; empty if there is no file."""
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); remove it") from None


def write_facts(path, facts: dict) -> None:
    """Write the JSON file of a result, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n",
                             encoding="utf-8")


def key_of(row: dict, keys) -> tuple:
    """Which part a row belongs to, as texts, which is what the file holds."""
    return tuple(_text(row[key]) for key in keys)


def _text(value) -> str:
    """A cell; a number as the shortest text that reads back as its first digits."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return ""  # not scored
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else (
        f"{number:.{DIGITS}g}")


def _value(text: str):
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
