"""Numbers of results as texts, and rows brought together."""
import numpy as np


def groups(rows, *keys) -> dict:
    """Rows by the values of some columns, in the order of their first appearance; one key gives
    its values, several give tuples."""
    found = {}
    for row in rows:
        values = tuple(row[key] for key in keys)
        found.setdefault(values if len(keys) > 1 else values[0], []).append(row)
    return found


def column(rows, name) -> np.ndarray:
    """A column as float64, NaN where a cell is empty."""
    return np.array([np.nan if row.get(name, "") == "" else row[name] for row in rows], np.float64)


def spread(values, digits=3) -> str:
    """Mean and, of several, their standard deviation (N - 1)."""
    values = np.asarray(values, np.float64)
    if not len(values) or not np.isfinite(values).all():
        return ""
    mean = f"{values.mean():.{digits}f}"
    return f"{mean} ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else mean


def number(value, digits=3) -> str:
    """A number with so many decimals; an empty text for one that is not there."""
    return "" if value in ("", None) or not np.isfinite(value) else f"{value:.{digits}f}"
