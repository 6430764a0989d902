"""Trainings that results are made of: each in a folder of its own, continued if it was stopped."""
from keras_saliency.config import Config
from keras_saliency.prediction.forward import forward_function
from keras_saliency.training import fit, run_results


def train(config: Config, log=print):
    """The finished `Run` of a config, trained or read from its folder.

    Raises:
        KeyboardInterrupt: it was stopped; the next call continues after its last epoch.
    """
    run = fit.train(config, resume=True, log=log)
    if not run.finished:
        raise KeyboardInterrupt
    return run


def scores(run) -> dict:
    """Mean of each metric of the config's `evaluation.metrics` over the validation stimuli of a
    run on one dataset, at their own size, with the best epoch's weights."""
    [section] = run.sections
    _, result = run_results.score(run, section, forward_function(run.model))
    return result.means()
