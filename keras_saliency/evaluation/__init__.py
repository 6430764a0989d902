"""Scoring: whatever predicts saliency_maps, against whatever people looked at.

`sources` makes the maps, `scoring` scores them at each stimulus' own size, `results` keeps the
scores, `comparison` sets several of them side by side. `densities`, `center_bias` and
`gold_standard` are what a model must beat and what it can at best reach: uniform knows nothing,
center_bias where people look in any stimulus, gold_standard where others look in the same one.
"""
from keras_saliency.evaluation.center_bias import CenterBias, center_bias
from keras_saliency.evaluation.comparison import compare, compare_runs
from keras_saliency.evaluation.densities import Density, uniform
from keras_saliency.evaluation.gold_standard import GoldStandard, fit_gold_standard
from keras_saliency.evaluation.results import Evaluation, read_table, read_tables
from keras_saliency.evaluation.scoring import Scorer, Skipped, evaluate, score_predictions

__all__ = ["CenterBias", "Density", "Evaluation", "GoldStandard", "Scorer", "Skipped",
           "center_bias", "compare", "compare_runs", "evaluate", "fit_gold_standard", "read_table",
           "read_tables", "score_predictions", "uniform"]
