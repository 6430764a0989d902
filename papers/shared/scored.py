"""Scores of a model on each stimulus."""
from keras_saliency.evaluation.results import Evaluation
from keras_saliency.evaluation.scoring import Scorer, score_predictions
from keras_saliency.evaluation.sources import predictions
from keras_saliency.prediction.predictor import predictor


def evaluation_of(model, stimuli, sigma, metrics, training=None, label=None) -> Evaluation:
    """Score a network or classical model on each stimulus at its own size.

    Args:
        model: as in `predictor`. stimuli: `SaliencyDataset`. sigma: blur of their densities in
            pixels. training: as in `Scorer`. label: of the progress bar.
    """
    return score_predictions(predictions(predictor(model), stimuli),
                             Scorer(stimuli, sigma, metrics, training), label)
