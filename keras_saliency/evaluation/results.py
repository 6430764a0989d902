"""Scores of one set of saliency maps: per stimulus, their means, and the files of both."""
import csv
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Optional, Sequence

import numpy as np

from keras_saliency import __version__
from keras_saliency.evaluation.statistics import bootstrap_intervals
from keras_saliency.evaluation.tables import import_pyarrow
from keras_saliency.files import InputError, atomic_path
from keras_saliency.metrics import METRICS

_BOOTSTRAP = {"confidence": 0.95, "draws": 10000, "seed": 0}

@dataclass(frozen=True)
class Evaluation:
    """Scores of N maps.

    Attributes:
        names: N stimulus names.
        scores: {metric: float64 [N]}; NaN where a stimulus could not be scored.
        loss: mean training loss on the canvas, where one was asked for.
        reasons: {stimulus name: why it, or some of its metrics, could not be scored}.
        missing: the stimuli among them that had no map at all.
        seconds: {"prediction": s, "scoring": s}, wall-clock time of the two parts.
    """

    names: Sequence[str]
    scores: dict
    loss: Optional[float] = None
    reasons: dict = field(default_factory=dict)
    missing: Sequence[str] = ()
    seconds: dict = field(default_factory=dict)

    def means(self) -> dict:
        """{metric: mean over the stimuli that could be scored}; NaN where none could."""
        return {name: float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
                for name, values in self.scores.items()}

    def intervals(self) -> dict:
        """{metric: (low, high)}: 95 % bootstrap interval over stimuli of the mean."""
        return {name: tuple(map(float, row)) for name, row in zip(self.scores, self._bounds)}

    @cached_property
    def _bounds(self) -> np.ndarray:
        # both the printed table and the summary show it
        return bootstrap_intervals(np.stack(list(self.scores.values()), axis=1), **_BOOTSTRAP)

    def skipped(self) -> dict:
        """{metric: number of stimuli left out of its mean}, those with any."""
        counts = {name: int(np.isnan(values).sum()) for name, values in self.scores.items()}
        return {name: count for name, count in counts.items() if count}

    def describe(self) -> str:
        """The means in one line, with what was skipped."""
        line = "  ".join(f"{name} {value:.3f}" for name, value in self.means().items())
        skipped = ", ".join(f"{name}: {count}" for name, count in self.skipped().items())
        return line + (f"  (stimuli that could not be scored: {skipped})" if skipped else "")

    def table(self) -> str:
        """Mean, 95 % bootstrap interval and number of stimuli of each metric; what was skipped."""
        intervals = self.intervals()
        lines = [f"{'metric':<34}{'mean':>9}  {'95 % interval':>20}{'images':>8}"]
        for name, mean in self.means().items():
            low, high = intervals[name]
            arrow = "higher" if METRICS[name].higher_is_better else "lower"
            images = np.count_nonzero(~np.isnan(self.scores[name]))
            lines.append(f"{f'{name} ({arrow})':<34}{mean:9.4f}  "
                         f"{f'{low:.4f} .. {high:.4f}':>20}{images:8d}")
        for name, reason in list(self.reasons.items())[:10]:
            lines.append(f"not scored: {name}: {reason}")
        if len(self.reasons) > 10:
            lines.append(f"not scored: {len(self.reasons) - 10} more")
        return "\n".join(lines)

    def write(self, path, about=None) -> Path:
        """Write the scores of each stimulus, and means, intervals and origin beside them.

        Args:
            path: `.csv`, or `.parquet` where pyarrow is installed; the summary goes to the same
                name with `.json`.
            about: dict for the summary: what was scored, on which data, with which settings.

        Returns:
            The summary's path.

        Raises:
            InputError: another file type, or Parquet without pyarrow.
        """
        path = check_table_path(path)
        with atomic_path(path) as temporary:
            (_write_parquet if path.suffix == ".parquet" else _write_csv)(self, temporary)
        intervals = self.intervals()
        summary = {
            **(about or {}), "keras_saliency": __version__, "stimuli": len(self.names),
            "metrics": {name: {
                "mean": _number(mean), "interval_95": [_number(b) for b in intervals[name]],
                "scored": int(np.count_nonzero(~np.isnan(self.scores[name]))),
                "higher_is_better": METRICS[name].higher_is_better}
                for name, mean in self.means().items()},
            "bootstrap": _BOOTSTRAP,
            "not_scored": self.reasons, "seconds": self.seconds}
        with atomic_path(path.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        return path.with_suffix(".json")


def check_table_path(path) -> Path:
    """`path` if a table can be written there; `InputError` for what cannot be written."""
    path = Path(path)
    if path.suffix not in (".csv", ".parquet"):
        raise InputError(f"{path}: the table must end in .csv or .parquet")
    if path.suffix == ".parquet":
        import_pyarrow(path)
    return path


def _write_csv(result: Evaluation, path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["stimulus", *result.scores])
        for row in zip(result.names, *result.scores.values()):
            writer.writerow([row[0], *(f"{value:.6f}" for value in row[1:])])


def _write_parquet(result: Evaluation, path) -> None:
    pyarrow = import_pyarrow(path)
    pyarrow.parquet.write_table(
        pyarrow.table({"stimulus": list(result.names), **result.scores}), path)


def _number(value: float):
    """JSON has no NaN."""
    return None if np.isnan(value) else float(value)
