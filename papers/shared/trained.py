"""Trainings of results, each in its own folder and continued after an interruption."""
from dataclasses import replace
from pathlib import Path

import keras

from keras_saliency.config import Config
from keras_saliency.datasets.loading import load_sections
from keras_saliency.files import InputError
from keras_saliency.models import build_model, weights_file
from keras_saliency.prediction.keras_predictor import forward_function
from keras_saliency.training import fit, run_results


def train(config: Config, log=print):
    """Return the finished `Run` of a config, trained now or read from its folder.

    Raises:
        KeyboardInterrupt: it was stopped; the next call continues after its last epoch.
    """
    run = fit.train(config, resume=True, log=log)
    if not run.finished:
        raise KeyboardInterrupt
    return run


def scores(run) -> dict:
    """Return the mean of each of `evaluation.metrics` over a run's validation stimuli.

    The stimuli have their own size, the weights are those of the best epoch. If the config holds
    out training stimuli (`data.hold_out`), these chose the epoch, not the validation stimuli.
    """
    [section] = load_sections([replace(run.config.data, hold_out=None)])
    _, result = run_results.score(run, section, forward_function(run.model))
    return result.means()


def runs_of(setting, results) -> list:
    """Return the networks of --weights, or else the finished trainings of other results.

    Raises:
        InputError: there are none.
    """
    if setting.weights:
        return [str(path) for path in setting.weights]
    folders = [setting.scratch.parent / result for result in results]
    found = [str(path.parent) for folder in folders for path in sorted(folder.glob("*/best.h5"))]
    if not found:
        raise InputError(f"no trainings in {' and '.join(map(str, folders))}: run the "
                         f"result{'s' * (len(results) > 1)} {' and '.join(results)} first, or name "
                         "some with --weights")
    return found


def tiny(setting, title: str, seed: int, name: str, options=None, **attributes) -> Path:
    """Return the weights file of a tiny random network, which replaces a training with --quick.

    Args:
        title: the file is `scratch/tiny_<title>.h5`. name, options: of `build_model`.
        attributes: further attributes of the file.
    """
    path, options = setting.scratch / f"tiny_{title}.h5", {"width_multiplier": 0.03,
                                                           **(options or {})}
    if not path.is_file():
        keras.utils.set_random_seed(seed)
        setting.scratch.mkdir(parents=True, exist_ok=True)
        weights_file.save(build_model(name, **options), path, attributes={
            "model": name, "options": options, "dataset": "generated (tiny)", **attributes})
    return path
