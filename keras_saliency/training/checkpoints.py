"""The state, besides its weights, with which a run goes on as if it had not stopped."""
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, Iterator, Optional, Sequence

import keras
import numpy as np

from keras_saliency.config import ConfigError, require
from keras_saliency.files.paths import AnyPath
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError
from keras_saliency.training.history import history_until, read_history
from keras_saliency.training.run import BEST, HISTORY, LAST, Run, require_best

if TYPE_CHECKING:
    from keras_saliency.training.adversarial import Adversary

OPTIMIZER_GROUP = "_optimizer"


@contextmanager
def averaged(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> Iterator[None]:
    """Give `model` the running averages of its weights until the block ends.

    Nothing changes if the optimizer keeps none (option `use_ema`) or has not made a step yet.
    """
    variables = model.trainable_variables
    if not optimizer.use_ema or not int(optimizer.iterations):
        yield
        return
    own = [variable.numpy() for variable in variables]
    optimizer.finalize_variable_values(variables)
    try:
        yield
    finally:
        for variable, value in zip(variables, own):
            variable.assign(value)


def state(optimizer: keras.optimizers.Optimizer,
          adversary: Optional["Adversary"] = None) -> dict[str, dict]:
    """Return {group: {name: array}}: the state of the optimizer and of an adversary, if any."""
    groups = {OPTIMIZER_GROUP: numbered(optimizer_variables(optimizer))}
    return {**groups, **(adversary.state() if adversary is not None else {})}


def numbered(variables: Iterable) -> dict[str, np.ndarray]:
    """Return {"00000": array, ...}: the values of variables as a group of a checkpoint."""
    return {f"{index:05d}": value.numpy() if hasattr(value, "numpy") else np.asarray(value)
            for index, value in enumerate(variables)}


def matching(path: AnyPath, group: str, variables: Sequence) -> Optional[list]:
    """Return the arrays of a group for `variables`; None if their shapes differ."""
    stored = weights_file.read_group(path, group)
    values = [stored[key] for key in sorted(stored)]
    return values if [v.shape for v in values] == [tuple(v.shape) for v in variables] else None


def restore(folder: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer,
            adversary: Optional["Adversary"] = None) -> list[dict]:
    """Set model, optimizer and adversary to the last finished epoch of a run.

    Returns:
        The history up to it; [] for a run without one.
    """
    path = folder / LAST
    if not path.exists():
        require_beginning(folder)
        return []
    epoch = epoch_of(path)
    rows = history_until(epoch, folder / HISTORY, path)
    optimizer.build(model.trainable_variables)
    variables = optimizer_variables(optimizer)
    values = matching(path, OPTIMIZER_GROUP, variables)
    if values is None:
        raise ConfigError(f"{path} {_why_no_state(path)}; start a new run from its weights: "
                          f"set model.weights={path}")
    if adversary is not None:
        adversary.restore(path)
    weights_file.assign(model, weights_file.read(path), path)
    for variable, value in zip(variables, values):
        variable.assign(value)
    return rows


def require_beginning(folder: Path) -> None:
    """Raise `ConfigError` if a run without last.h5 has finished an epoch.

    A run that is killed while it saves its first epoch has a history of one row.
    """
    rows = read_history(folder / HISTORY)
    require(len(rows) <= 1, f"{folder / HISTORY} holds {len(rows)} epochs, but {folder / LAST} is "
                            "missing; bring back a copy of it, or start a new run: set name=NAME")


def epoch_of(path: AnyPath) -> int:
    """Return the number of epochs before a checkpoint."""
    epoch = weights_file.read_attributes(path).get("epoch")
    if not isinstance(epoch, int) or epoch < 0:
        raise WeightsError(f"{path} has no number of its epoch: no checkpoint of a run")
    return epoch


def check_best(run: Run) -> None:
    """Raise `WeightsError` unless a resumed run has the weights of its best epoch.

    best.h5 is written before the history. After an interruption in between, it is one epoch ahead
    of the last row, and will be written again.
    """
    path = run.folder / BEST
    ahead = path.exists() and epoch_of(path) == len(run.rows) + 1
    weights_file.read(path if ahead else require_best(run.folder, run.best["epoch"]))


def _why_no_state(path) -> str:
    if not weights_file.read_group(path, OPTIMIZER_GROUP):
        return "holds no state of an optimizer"
    written = weights_file.read_attributes(path).get("keras")
    if written != keras.__version__:
        return (f"holds the optimizer state of Keras {written}, which Keras {keras.__version__} "
                "cannot take: resume with that version")
    return "holds the state of another optimizer, or of other layers"


def optimizer_variables(optimizer: keras.optimizers.Optimizer) -> list:
    """Return all variables of an optimizer of either Keras version."""
    variables = optimizer.variables
    return list(variables() if callable(variables) else variables)
