"""CSV tables that no spreadsheet takes for formulas, and JSON."""
import csv
import json
from contextlib import suppress
from typing import Any, Iterable, Sequence

from keras_saliency.files.errors import InputError, first_line
from keras_saliency.files.writing import AnyPath, atomic_path

# a spreadsheet computes a cell that begins so
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(path: AnyPath, header: Sequence, rows: Iterable[Sequence]) -> None:
    """Write a header and rows of cells as CSV (UTF-8), texts `safe_cell`, whole or not at all."""
    with atomic_path(path) as temporary:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [safe_cell(cell) if isinstance(cell, str) else cell for cell in row]
                for row in (header, *rows))


def read_csv(path: AnyPath) -> list[dict]:
    """Return the rows of a CSV of our own as dicts of texts; csv.Error for a damaged one."""
    with open(path, newline="", encoding="utf-8") as file:
        return [*csv.DictReader(file, strict=True)]


def safe_cell(text: Any) -> str:
    """Quote a text that a spreadsheet would compute, until `plain_cell`; numbers stay."""
    text = str(text)
    with suppress(ValueError):
        float(text)
        return text
    return f"'{text}" if _looks_computed(text) else text


def plain_cell(text: str) -> str:
    """Return the text from which `safe_cell` made a cell."""
    return text[1:] if text.startswith("'") and _looks_computed(text) else text


def _looks_computed(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA_STARTS)


def read_json(path: AnyPath) -> Any:
    """Return what a JSON file holds; `InputError` for a file that holds something else."""
    with open(path, encoding="utf-8-sig") as file:
        try:
            return json.load(file)
        except (ValueError, RecursionError) as error:  # UnicodeDecodeError too
            raise InputError(f"{path}: not JSON ({first_line(error)}); it may be cut short or of "
                             "another program") from None
