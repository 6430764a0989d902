"""Scores of the datasets of a run: each by itself, and all their stimuli together."""
from typing import Sequence

from keras_saliency.config import Config
from keras_saliency.datasets.loading import Section
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.evaluation.scoring import Scorer


def section_scorer(section: Section, metrics: Sequence[str], config: Config,
                   densities: bool = False) -> Scorer:
    """The `Scorer` of one dataset of a run: its own blur, its own center_bias, and for auc_shuffled
    the fixations on its own other stimuli.

    Args:
        metrics, densities: as of `Scorer`.
    """
    return Scorer(section.evaluated, section.spec.sigma, metrics, section.training,
                  densities=densities, center_method=section.data.center_bias, **config.scoring)


def pooled_metrics(scorers: Sequence[Scorer]) -> list:
    """The metrics that the stimuli of every dataset are scored with."""
    return [name for name in scorers[0].metrics
            if all(name in scorer.metrics for scorer in scorers)]


def history_columns(labels: Sequence[str], results: Sequence[Evaluation]) -> dict[str, float]:
    """{column: number} of an epoch: `val_loss` and `val_<metric>` over all stimuli alike, and
    where there are several datasets the same of each, as `<label>_val_<metric>`.

    Args:
        labels: of the datasets. results: theirs, each with a loss.
    """
    if len(results) == 1:
        return _columns(results[0])
    columns = _columns(Evaluation.joined(results))
    for label, result in zip(labels, results):
        columns.update({f"{label}_{name}": value for name, value in _columns(result).items()})
    return columns


def _columns(result: Evaluation) -> dict:
    return {"val_loss": result.loss,
            **{f"val_{name}": value for name, value in result.means().items()}}
