"""The folder of a run: its lock, its history, its best and its last weights, and beside the last
ones the state with which the run goes on as if it had not stopped."""
import csv
import itertools
import math
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ContextManager, Iterator, Mapping, Optional, Sequence

import filelock
import keras
import numpy as np

from keras_saliency import __version__
from keras_saliency import config as configs
from keras_saliency.config import Config, ConfigError, require
from keras_saliency.datasets.dataset import SaliencyDataset
from keras_saliency.datasets.loading import Section
from keras_saliency.evaluation.seen import FINGERPRINTS, MOST_FINGERPRINTS
from keras_saliency.files import AnyPath, read_csv, remove_abandoned, require_writable, write_csv
from keras_saliency.metrics import METRICS
from keras_saliency.models import weights_file
from keras_saliency.models.weights_file import WeightsError

if TYPE_CHECKING:
    from keras_saliency.training.adversarial import Adversary

LOCK, OPTIMIZER_GROUP = ".lock", "_optimizer"
SETTINGS, HISTORY, BEST, LAST = "config.yaml", "history.csv", "best.h5", "last.h5"
# Settings that a resumed run may change: the length, speed and displays of its training.
FREE = ("train.epochs", "train.patience", "train.cache", "train.cache_folder", "train.devices",
        "train.unit_every", "evaluation.batch")
FREE_LBFGS = ("iterations", "leave_one_observer_out")


@dataclass
class Run:
    """A training run: its folder, model, history and datasets."""

    folder: Path
    config: Config
    model: keras.Model           # has the best weights once the run has ended
    rows: list                   # the history
    sections: Sequence[Section]  # the datasets, in training and validation stimuli
    finished: bool = True        # False if it was interrupted (Ctrl-C)
    chief: bool = True           # False if it trains for another process, which has the folder

    @property
    def section(self) -> Section:
        """The dataset of a run on one dataset."""
        (section,) = self.sections
        return section

    @property
    def datasets(self) -> list[SaliencyDataset]:
        """The training and the validation stimuli of each dataset."""
        return [part for section in self.sections
                for part in (section.training, section.evaluated)]

    @property
    def best(self) -> dict:
        """The history row of the best epoch."""
        return self.rows[best_row(self.rows, self.config.train.monitor)]

    def opening(self) -> str:
        """Return the first lines that a run prints, one for each dataset."""
        spec = self.sections[0].spec
        stimuli = [f"{section.training.summary()}; {len(section.evaluated)} for validation"
                   + (f"; weight {section.data.weight:g}" if section.data.weight != 1 else "")
                   for section in self.sections]
        height, width = spec.canvas
        fit = f"{spec.fit}, upright" if spec.upright else spec.fit
        return "\n".join(stimuli) + f"; canvas {height}x{width} ({fit}); writing {self.folder}"

    @cached_property
    def _fingerprints(self) -> dict:
        """The attribute that names the training stimuli; none for so many that it is too long."""
        found = [digest for section in self.sections for digest in section.training.fingerprints()]
        return {FINGERPRINTS: found} if len(found) <= MOST_FINGERPRINTS else {}

    def save(self, name: str, rows: Sequence[dict],
             extra: Optional[Mapping[str, dict]] = None) -> None:
        """Write the model's weights, with the history `rows` so far, to a file of the folder."""
        training, spec = [section.training for section in self.sections], self.sections[0].spec
        weights_file.save(self.model, self.folder / name, extra=extra, attributes={
            "model": self.config.model.name, "options": self.config.model.options,
            "canvas": list(spec.canvas), "fit": spec.fit,
            "dataset": " + ".join(data.label for data in training),
            "training_stimuli": sum(map(len, training)), **self._fingerprints,
            "sigma_pixels": {section.label: section.spec.sigma for section in self.sections
                             if section.training.density_files is None},
            "epoch": len(rows), "scores": rows[-1] if rows else {},
            "keras": keras.__version__, "keras_saliency": __version__})

    def write_history(self, rows: Sequence[dict]) -> None:
        """Write rows (dicts with the same keys) as the history, whole or not at all."""
        write_csv(self.folder / HISTORY, list(rows[0]), [list(row.values()) for row in rows])

    def take_best(self) -> "Run":
        """Give the model its best weights, if an epoch is done, and return the run."""
        if self.rows:
            path = require_best(self.folder, self.best["epoch"])
            weights_file.assign(self.model, weights_file.read(path), path)
        return self


@contextmanager
def open_folder(config: Config, resume: bool) -> Iterator[Path]:
    """Yield the folder of a run with its config in it, locked for other processes.

    Without `resume` a folder that holds another run is left alone; `config.name` gets a number.
    """
    require_writable(config.folder)
    with locked(config.folder) if resume else _lock_new(config):
        for folder in (config.folder, config.folder / "saved_model"):
            remove_abandoned(folder)
        if resume and (config.folder / SETTINGS).exists():
            _require_same_settings(config)
        configs.save(config, config.folder / SETTINGS)
        yield config.folder


def locked(folder: Path) -> ContextManager:
    """Keep other processes from writing to a run's folder until the end of a `with` block.

    A process that ends, in any way, gives the lock back. `ConfigError` if another one holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return filelock.FileLock(str(folder / LOCK)).acquire(timeout=0)
    except filelock.Timeout:
        raise ConfigError(f"another process writes to {folder}; wait for it, or start another run: "
                          "set name=NAME") from None


def lower_is_better(column: str) -> bool:
    """Return True for a history column of which small values are good (`val_loss`, `val_kld`)."""
    name = column.split("val_")[-1]
    return name == "loss" or (name in METRICS and not METRICS[name].higher_is_better)


def best_row(rows: Sequence[dict], column: str) -> int:
    """Return the index of the best row by `column`, the first among equals; NaN counts as worst."""
    sign = 1 if lower_is_better(column) else -1
    values = [sign * float(row[column]) for row in rows]
    return min(range(len(rows)), key=lambda index: (math.isnan(values[index]), values[index]))


def waited_enough(rows: Sequence[dict], column: str, patience: Optional[int]) -> bool:
    """Return True if `patience` rows, or more, came after the best one; False for None."""
    return patience is not None and len(rows) - 1 - best_row(rows, column) >= patience


def read_history(path: AnyPath) -> list[dict]:
    """Return the rows of a history CSV as dicts of numbers; [] if there is no such file.

    `ConfigError` unless the file is a table of numbers for the epochs 1, 2, 3, ...
    """
    path = Path(path)
    if not path.is_file():
        return []
    try:
        rows = [{key: int(value) if key == "epoch" else float(value)
                 for key, value in row.items()} for row in read_csv(path)]
    except (csv.Error, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}); bring back a copy of it, or start a new "
                          "run: set name=NAME") from None
    require([row.get("epoch") for row in rows] == list(range(1, len(rows) + 1)),
            f"{path} does not hold the epochs 1 to {len(rows)}; bring back a copy of it, or start "
            "a new run: set name=NAME")
    return rows


def require_best(folder: AnyPath, epoch: int) -> Path:
    """Return the file of the best weights, those of `epoch`."""
    path = Path(folder) / BEST
    remedy = ("bring back a copy of it, or start a new run from the last weights: "
              f"set model.weights={path.with_name(LAST)}")
    require(path.exists(), f"{path} is missing, the weights of the best epoch, {epoch}; {remedy}",
            error=WeightsError)
    found = weights_file.read_attributes(path).get("epoch")
    require(found == epoch, f"{path} is of epoch {found}, but the best epoch is {epoch}; {remedy}",
            error=WeightsError)
    return path


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


def _lock_new(config: Config) -> ContextManager:
    """Return the lock of a folder without a run, after numbering `config.name` if need be."""
    name = config.name
    for number in itertools.count(2):
        if not (config.folder / SETTINGS).exists():
            with suppress(ConfigError):  # another process has just taken it
                with ExitStack() as stack:
                    stack.enter_context(locked(config.folder))
                    if not (config.folder / SETTINGS).exists():
                        return stack.pop_all()
        config.name = f"{name}-{number}"


def _require_same_settings(config: Config) -> None:
    path = config.folder / SETTINGS
    before, now = _settings(configs.load(path)), _settings(config)
    changed = sorted(key for key in now if now[key] != before.get(key, now[key]))
    require(not changed, f"the run of {path} differs in {', '.join(changed)}; resume it with the "
                         "same settings, or start a new run: set name=NAME")


def _settings(config: Config) -> dict:
    """Return {dotted key: value} of the settings that a resumed run may not change."""
    sections = {section: configs.to_dict(config)[section]
                for section in ("model", "data", "train", "evaluation")}
    several = sections.pop("data") if isinstance(config.data, list) else []
    sections.update({f"data.{index}": data for index, data in enumerate(several)})
    flat = {f"{section}.{key}": value
            for section, values in sections.items() for key, value in values.items()}
    flat["data"] = len(several)  # sections of a longer list have no counterpart
    if flat["train.lbfgs"] is not None:
        flat["train.lbfgs"] = {key: value for key, value in flat["train.lbfgs"].items()
                               if key not in FREE_LBFGS}
    # the schedule of a rate or momentum with an end depends on the number of epochs
    ends = flat["train.end_rate"], flat["train.end_momentum"]
    kept = () if ends == (None, None) else ("train.epochs",)
    return {key: value for key, value in flat.items() if key not in FREE or key in kept}
