"""What a run needs besides its weights to go on as if it had not stopped."""
from pathlib import Path

import keras
import numpy as np

from keras_saliency.config import ConfigError
from keras_saliency.models import weights_file
from keras_saliency.training import callbacks

OPTIMIZER_GROUP = "_optimizer"


def state(optimizer, adversary=None) -> dict:
    """{group: {name: array}}: the state of the optimizer and, if there is one, of the adversary."""
    groups = {OPTIMIZER_GROUP: numbered(optimizer_variables(optimizer))}
    return {**groups, **(adversary.state() if adversary is not None else {})}


def numbered(variables) -> dict:
    """{"00000": array, ...}: the values of variables as a group of a checkpoint."""
    return {f"{index:05d}": np.asarray(value) for index, value in enumerate(variables)}


def matching(path, group, variables):
    """The arrays that `numbered` made of such variables; None if theirs had other shapes."""
    stored = weights_file.read_group(path, group)
    values = [stored[key] for key in sorted(stored)]
    return values if [v.shape for v in values] == [tuple(v.shape) for v in variables] else None


def restore(folder: Path, model, optimizer, adversary=None) -> list:
    """Set model, optimizer and adversary to the last finished epoch of a run.

    Returns:
        The history up to it; [] for a run without one.

    Raises:
        ConfigError, WeightsError: the state is of another Keras version or another network.
    """
    path = folder / "last.h5"
    if not path.exists():
        return []
    optimizer.build(model.trainable_variables)
    variables = optimizer_variables(optimizer)
    values = matching(path, OPTIMIZER_GROUP, variables)
    if values is None:
        written = weights_file.read_attributes(path).get("keras")
        raise ConfigError(
            f"{path} holds the optimizer state of Keras {written}, which Keras "
            f"{keras.__version__} cannot take; resume with that version, or start a new run "
            f"from its weights: --set model.weights={path}")
    if adversary is not None:
        adversary.restore(path)
    weights_file.assign(model, weights_file.read(path), path)
    for variable, value in zip(variables, values):
        variable.assign(value)
    epoch = weights_file.read_attributes(path)["epoch"]
    return callbacks.read_history(folder / "history.csv")[:epoch]


def optimizer_variables(optimizer) -> list:
    """All variables of an optimizer of either Keras version."""
    variables = optimizer.variables
    return list(variables() if callable(variables) else variables)
