"""Predictions for the stimuli of a dataset, in its order: iterables for `score_predictions`."""
from typing import Iterator

import numpy as np

from keras_saliency.datasets import pipeline
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.evaluation.center_bias import center_bias
from keras_saliency.evaluation.densities import uniform
from keras_saliency.evaluation.gold_standard import fit_gold_standard
from keras_saliency.evaluation.scoring import Scorer
from keras_saliency.files import InputError
from keras_saliency.prediction.predictor import Predictor


def predictions(predictor: Predictor, dataset: SaliencyDataset) -> Iterator[np.ndarray]:
    """Yield the maps of a `Predictor`, in the stimuli's own sizes."""
    load = pipeline.stimulus_loader(dataset)
    for index, name in enumerate(dataset.names):
        image = load(index).numpy()
        try:
            yield predictor.predict(image)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error


def _everywhere(center, scorer: Scorer):
    return (center(scorer.dataset, index) for index in range(len(scorer.dataset)))


def _gold_standard(scorer: Scorer):
    """Rows of scores: each observer is scored against the others' map, then averaged."""
    gold = fit_gold_standard(scorer.training, center=scorer.center)
    for index in range(len(scorer.dataset)):
        shared = {name: reference for name, reference in scorer.references(index).items()
                  if name not in ("fixation_map", "fixation_density_map")}
        yield gold.score(scorer.dataset, index, scorer.metrics, shared, density_sigma=scorer.sigma)


# scorer -> predictions; what they are fitted to is the scorer's training set.
BASELINES = {
    "uniform": lambda scorer: map(uniform, scorer.dataset.sizes),
    "center_bias": lambda scorer: _everywhere(scorer.center, scorer),
    "center_bias_histogram": lambda scorer: _everywhere(
        center_bias(scorer.training, method="histogram"), scorer),
    "gold_standard": _gold_standard,
}
