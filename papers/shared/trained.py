"""Trainings that results are made of: each in a folder of its own, continued if it was stopped."""
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
    run on one dataset, at their own size, with the best epoch's weights.

    Where the config holds out training stimuli (`data.hold_out`), they chose that epoch and the
    validation stimuli nothing.
    """
    [section] = load_sections([replace(run.config.data, hold_out=None)])
    _, result = run_results.score(run, section, forward_function(run.model))
    return result.means()


def runs_of(setting, results) -> list:
    """Folders or weights files of networks: those of --weights, else the finished trainings of
    other results.

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
    """The weights file of a small random network, in place of a training with `setting.quick`.

    Args:
        title: of the file, `scratch/tiny_<title>.h5`. name, options: of `build_model`.
        attributes: further ones of the file.
    """
    path, options = setting.scratch / f"tiny_{title}.h5", {"width_multiplier": 0.03,
                                                           **(options or {})}
    if not path.is_file():
        keras.utils.set_random_seed(seed)
        setting.scratch.mkdir(parents=True, exist_ok=True)
        weights_file.save(build_model(name, **options), path, attributes={
            "model": name, "options": options, "dataset": "generated (tiny)", **attributes})
    return path
