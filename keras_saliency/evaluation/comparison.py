"""Comparison of models from their per-image tables, paired over images or over trainings.

An image without a score of a metric in one table is left out of that metric for all tables: means,
ranks and tests are over the same images.
"""
from dataclasses import dataclass, replace
from typing import Iterable, Mapping, Optional, Sequence

import numpy as np

from keras_saliency.evaluation import statistics
from keras_saliency.evaluation.results import Evaluation, plain
from keras_saliency.evaluation.statistics import RANKED, bootstrap_intervals
from keras_saliency.files import list_some, require
from keras_saliency.metrics import METRICS


@dataclass(frozen=True)
class Comparison:
    """Two or more models on the same images.

    Attributes:
        labels: K names of the tables, or of the models that were trained several times.
        images: {metric: number of images, or of runs, with a score in all tables}.
        means: {metric: float64 [K]}.
        deviations: {metric: float64 [K]}, standard deviations (N - 1) over images or runs.
        intervals: {metric: float64 [K, 2]}, bootstrap intervals of the means.
        p_values: {metric: float64 [K]}, one-sided: probability of an advantage of this size over
            the first table if there were none. NaN for the first.
        ranks: int [K], sums of ranks over `RANKED`, low is good; None without these metrics.
        confidence: of the intervals.
        left_out: metrics that only some of the tables have.
        unit: "stimuli" or "runs", whichever is paired and drawn.
    """

    labels: Sequence[str]
    images: dict
    means: dict
    deviations: dict
    intervals: dict
    p_values: dict
    ranks: Optional[np.ndarray]
    confidence: float
    left_out: Sequence[str] = ()
    unit: str = "stimuli"

    def to_dict(self) -> dict:
        """Return plain numbers, lists and strings, for JSON (NaN becomes None)."""
        counted = "runs" if self.unit == "runs" else "images"
        metrics = {metric: {
            counted: self.images[metric], "higher_is_better": METRICS[metric].higher_is_better,
            "mean": plain(self.means[metric]), "interval": plain(self.intervals[metric]),
            "standard_deviation": plain(self.deviations[metric]),
            "p_value": plain(self.p_values[metric])} for metric in self.means}
        return {"tables": list(self.labels), "paired_over": self.unit,
                "confidence": self.confidence, "metrics": metrics,
                "left_out": list(self.left_out),
                "cumulative_rank": None if self.ranks is None else self.ranks.tolist()}

    def format(self) -> str:
        """Return a text table: one line per metric and model; p-values against the first model.

        For stimuli it shows the bootstrap interval of the mean, for runs the standard deviation.
        """
        width = max(map(len, ["model", *self.labels]))
        column = max(len(f"{metric} (higher)") for metric in self.means)
        spread = ("standard deviation" if self.unit == "runs" else
                  f"{self.confidence * 100:g} % interval")
        lines = [f"{'metric':<{column}}  {'model':<{width}}  {'mean':>9}  {spread:>20}  "
                 f"{'p':>7}  {self.unit:>7}"]
        for metric in self.means:
            arrow = "higher" if METRICS[metric].higher_is_better else "lower"
            for k, label in enumerate(self.labels):
                low, high = self.intervals[metric][k]
                spread = (f"{self.deviations[metric][k]:.4f}" if self.unit == "runs" else
                          f"{low:.4f} .. {high:.4f}")
                p = self.p_values[metric][k]
                p = "" if np.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
                first, count = (f"{metric} ({arrow})", self.images[metric]) if k == 0 else ("", "")
                lines.append(f"{first:<{column}}  {label:<{width}}  {self.means[metric][k]:9.4f}  "
                             f"{spread:>20}  {p:>7}  {count:>7}")
        if self.left_out:
            lines.append(f"not in all tables and left out: {', '.join(self.left_out)}")
        counts = sorted({min(self.images.values()), max(self.images.values())})
        lines.append(f"p: one-sided t-test paired over {' to '.join(map(str, counts))} "
                     f"{self.unit}, better than {self.labels[0]}")
        if self.ranks is None:
            lines.append(f"no cumulative rank: it needs {', '.join(RANKED)} on the same images")
        else:
            order = np.argsort(self.ranks, kind="stable")
            lines.append(f"cumulative rank over {', '.join(RANKED)}: " + ", ".join(
                f"{self.labels[k]} {self.ranks[k]}" for k in order))
        return "\n".join(lines)


def compare(tables: Iterable[Evaluation], confidence: float = 0.95, draws: int = 10000,
            seed: int = 0) -> Comparison:
    """Compare tables on the images and metrics that they share.

    Every table after the first is tested for being better than the first: a one-sided test, whose
    direction is fixed before the scores are seen.

    Args:
        tables: two or more `Evaluation`s with the same stimuli, in any order.
        confidence, draws, seed: of `bootstrap_intervals`; all tables have the same draws.

    Raises:
        InputError: fewer than two tables, two of one label, or tables whose stimuli differ or that
            share no metric; the message names what is missing where.
    """
    tables = list(tables)
    labels = [table.label for table in tables]
    require(len(set(labels)) == len(labels) > 1, "a comparison needs two or more tables with "
            f"different labels, not {', '.join(labels) or 'none'}")
    scores, left_out = _matched(tables)
    images, means, deviations, intervals, p_values = {}, {}, {}, {}, {}
    for metric, values in scores.items():
        images[metric], unknown = len(values), np.full(len(tables), np.nan)
        means[metric] = values.mean(axis=0) if len(values) else unknown
        deviations[metric] = values.std(axis=0, ddof=1) if len(values) > 1 else unknown
        intervals[metric] = bootstrap_intervals(values, confidence, draws, seed)
        p_values[metric] = np.array([np.nan] + [
            statistics.paired_p_value(column, values[:, 0], METRICS[metric].higher_is_better)
            for column in values.T[1:]])
    rankable = all(metric in means and np.isfinite(means[metric]).all() for metric in RANKED)
    return Comparison(labels, images, means, deviations, intervals, p_values,
                      statistics.cumulative_rank(means) if rankable else None, confidence,
                      left_out)


def compare_runs(models: Mapping[str, Sequence[Evaluation]], confidence: float = 0.95,
                 draws: int = 10000, seed: int = 0) -> Comparison:
    """Compare models that were trained several times each, paired over the trainings.

    Each run counts with its mean over the images; the k-th runs of the models are a pair (the same
    seed, say). Every model after the first is tested for being better than the first.

    Args:
        models: {label: `Evaluation`s of its runs}, all with the same stimuli: two or more models
            with as many runs each, two or more. Otherwise an `InputError`.
        confidence, draws, seed: as for `compare`; runs are drawn.

    Source: Kroner et al. 2020, Table 6 and Table A.8 (ten runs).
    """
    counts = {label: len(runs) for label, runs in models.items()}
    listed = ", ".join(f"{label} has {count}" for label, count in counts.items()) or "none given"
    require(len(models) > 1 and min(counts.values()) > 1 and len(set(counts.values())) == 1,
            f"pairing runs needs two or more models with as many runs each, two or more: {listed}")
    tables = [run for runs in models.values() for run in runs]
    scores, left_out = _matched(tables)
    runs = {}
    for metric, values in scores.items():
        means = values.mean(axis=0) if len(values) else np.full(len(tables), np.nan)
        runs[metric] = means.reshape(len(models), -1)
    names = [f"run {number + 1}" for number in range(max(counts.values()))]
    found = compare([Evaluation(names, {metric: means[k] for metric, means in runs.items()}, label)
                     for k, label in enumerate(models)], confidence, draws, seed)
    return replace(found, unit="runs", left_out=left_out)


def _matched(tables) -> tuple:
    """({metric: float64 [N, K]} of the images that K tables score, metrics not in all tables)."""
    first = tables[0]
    places = [{name: i for i, name in enumerate(table.names)} for table in tables]
    for table, place in zip(tables[1:], places[1:]):
        for one, names, other in ((table, place, first), (first, places[0], table)):
            missing = [name for name in other.names if name not in names]
            require(not missing, f"{one.label} has no row for {list_some(missing)}, which "
                                 f"{other.label} has")
    shared = [metric for metric in first.scores
              if all(metric in table.scores for table in tables)]
    require(shared, "no metric is in all of the tables: " + "; ".join(
        f"{table.label} has {', '.join(table.scores)}" for table in tables))
    orders = [[place[name] for name in first.names] for place in places]
    scores = {metric: np.stack([table.scores[metric][order] for table, order in zip(
        tables, orders)], axis=1) for metric in shared}
    return ({metric: values[~np.isnan(values).any(axis=1)] for metric, values in scores.items()},
            sorted({metric for table in tables for metric in table.scores} - set(shared)))
