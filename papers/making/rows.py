"""Rows of a result by group and by column, and numbers as cells of a table."""
import numpy as np


def groups(rows, *keys) -> dict:
    """Return {value: rows} by one column, {tuple of values: rows} by several.

    Groups are in the order of their first row.
    """
    found = {}
    for row in rows:
        values = tuple(row[key] for key in keys)
        found.setdefault(values if len(keys) > 1 else values[0], []).append(row)
    return found


def column(rows, name) -> np.ndarray:
    """Return a column as float64, NaN where a cell is empty."""
    return np.array([np.nan if row.get(name, "") == "" else row[name] for row in rows], np.float64)


def spread(values, digits=3) -> str:
    """Return the mean as text, with the standard deviation (N - 1) of several values."""
    values = np.asarray(values, np.float64)
    if not len(values) or not np.isfinite(values).all():
        return ""
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def number(value, digits=3) -> str:
    """Return a number with `digits` decimals, an empty text for a missing one."""
    return "" if value in ("", None) or not np.isfinite(value) else f"{value:.{digits}f}"
