"""The state, besides its weights, with which a run goes on as if it had not stopped."""
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Optional, Sequence

import keras
import numpy as np

from keras_saliency.config import ConfigError, require
from keras_saliency.files import AnyPath
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError
from keras_saliency.training.run import BEST, HISTORY, LAST, Run, read_history, require_best

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
        assign(variables, own)


def state(optimizer: keras.optimizers.Optimizer,
          adversary: Optional["Adversary"] = None) -> dict[str, dict]:
    """Return {group: {"00000": array, ...}}: the state of an optimizer, and of an adversary."""
    groups = {OPTIMIZER_GROUP: optimizer_variables(optimizer),
              **(adversary.groups() if adversary is not None else {})}
    return {group: {f"{index:05d}": value.numpy() if hasattr(value, "numpy") else np.asarray(value)
                    for index, value in enumerate(variables)}
            for group, variables in groups.items()}


def matching(path: AnyPath, group: str, variables: Sequence) -> Optional[list]:
    """Return the arrays of a group for `variables`; None if their shapes differ."""
    stored = weights_file.read_group(path, group)
    values = [stored[key] for key in sorted(stored)]
    return values if [v.shape for v in values] == [tuple(v.shape) for v in variables] else None


def last_epoch(folder: Path, names: Sequence[str] = (LAST,)) -> tuple[Optional[Path], list[dict]]:
    """Return the latest checkpoint among files of a run, and the history up to it.

    Both are empty, (None, []), for a run that has not finished an epoch.
    """
    history = folder / HISTORY
    rows = read_history(history)
    epochs = {folder / name: epoch_of(folder / name)
              for name in names if (folder / name).exists()}
    if not epochs:  # a run that is killed while it saves its first epoch has a history of one row
        require(len(rows) <= 1, f"{history} holds {len(rows)} epochs, but {folder / LAST} is "
                "missing; bring back a copy of it, or start a new run: set name=NAME")
        return None, []
    path = max(epochs, key=epochs.get)
    require(len(rows) >= epochs[path], f"{history} holds {len(rows)} epochs, but {path} is of "
            f"epoch {epochs[path]}; bring back a copy of the history, or start a new run from the "
            f"weights: set model.weights={path}")
    return path, rows[:epochs[path]]


def restore(folder: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer,
            adversary: Optional["Adversary"] = None) -> list[dict]:
    """Set model, optimizer and adversary to the last finished epoch; return the history to it."""
    path, rows = last_epoch(folder)
    if path is None:
        return rows
    optimizer.build(model.trainable_variables)
    variables = optimizer_variables(optimizer)
    values = matching(path, OPTIMIZER_GROUP, variables)
    if values is None:
        raise ConfigError(f"{path} {_why_no_state(path)}; start a new run from its weights: "
                          f"set model.weights={path}")
    if adversary is not None:
        adversary.restore(path)
    weights_file.assign(model, weights_file.read(path), path)
    assign(variables, values)
    return rows


def assign(variables: Sequence, values: Sequence[np.ndarray]) -> None:
    """Set variables to values of the same shapes."""
    for variable, value in zip(variables, values):
        variable.assign(value)


def epoch_of(path: AnyPath) -> int:
    """Return the number of epochs before a checkpoint."""
    epoch = weights_file.read_attributes(path).get("epoch")
    require(isinstance(epoch, int) and epoch >= 0,
            f"{path} has no number of its epoch: no checkpoint of a run", error=WeightsError)
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
