"""Configurations: dataclasses read from YAML, with overrides `key.sub=value`.

An unknown key, a value of the wrong type or out of range is an error that names the key and lists
what is valid; nothing is guessed and nothing is ignored. A section checks its own values; what
needs the model or the data is checked where those are known.
"""
import dataclasses
import math
import numbers
import os
import re
import reprlib
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import yaml

from keras_saliency.files import InputError, atomic_path


class ConfigError(InputError):
    """A config file or an override is wrong; the message names the key and the remedy."""


LARGEST_CANVAS = 2 ** 24  # pixels: activation_maps of more do not fit any memory
CACHES = ("none", "memory", "disk")
ONE, MIRRORED, MULTI_WORKER = DEVICES = ("one", "mirrored", "multi_worker")
FITS = ("pad", "stretch")  # how a stimulus comes onto the canvas, see maps.py
CENTER_BIASES = ("kde", "histogram")
PRECISIONS = ("float32", "bfloat16", "auto")


def _require(condition, message: str) -> None:
    if not condition:
        raise ConfigError(message)


def check_size(canvas) -> tuple:
    """(h, w) of a canvas: two whole numbers of at least 1, `LARGEST_CANVAS` pixels at most."""
    sides = tuple(canvas) if isinstance(canvas, (list, tuple)) else ()
    if (len(sides) != 2 or not all(is_whole(side) and side >= 1 for side in sides)
            or sides[0] * sides[1] > LARGEST_CANVAS):
        raise InputError(f"a canvas is [height, width] of at most {LARGEST_CANVAS} pixels, not "
                         f"{reprlib.repr(canvas)}")
    return sides


def is_whole(value) -> bool:
    """Whether a value is a whole number; true and false are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _at_least(section: str, config, least, *keys) -> None:
    """Raise `ConfigError` unless the values of the keys are None or at least `least`."""
    for key in keys:
        value = getattr(config, key)
        _require(value is None or value >= least,
                 f"{section}.{key} must be at least {least}, not {value}")


@dataclass
class ModelConfig:
    """Which network, and what it starts from."""

    name: str = "msi_net"
    encoder_weights: Optional[str] = None  # "imagenet" or a file
    weights: Optional[str] = None          # a trained model to start from (fine-tuning)
    options: Dict[str, Any] = field(default_factory=dict)  # the builder's own

    def __post_init__(self):
        for key in ("name", "input_shape", "encoder_weights"):
            if key in self.options:
                raise ConfigError(f"{key!r} is not an option of a model's builder; the network, "
                                  "its size and what it starts from are set apart from those")


@dataclass
class DataConfig:
    """Which stimuli, and how they come onto the canvas."""

    name: str = "popout"
    root: Optional[str] = None
    canvas: Optional[List[int]] = None     # [height, width]; default: in training the dataset's,
                                           # for a trained model its own
    fit: str = "pad"                       # or "stretch": fill the canvas, whatever the shape;
                                           # of a training, a trained model keeps its own
    upright: bool = False                  # portrait stimuli on the canvas turned to portrait, in
                                           # batches of their own; of training and scoring
    weight: float = 1.0                    # how often an epoch shows each training stimulus
    sigma_dva: Optional[float] = None      # blur of the density, degrees; default: the dataset's
    sigma_pixels: Optional[float] = None   # the same in stimulus pixels; overrides sigma_dva
    train: Optional[int] = None            # number of training stimuli; default: as published
    validation: Optional[int] = None
    hold_out: Optional[int] = None         # validate on so many training stimuli instead
    split_seed: int = 42
    center_bias: str = "kde"               # of the training fixations, or "histogram"
    options: Dict[str, Any] = field(default_factory=dict)  # the reader's own

    def __post_init__(self):
        _require(self.canvas is None or len(self.canvas) == 2 and min(self.canvas) >= 1,
                 f"data.canvas must be [height, width], not {self.canvas}")
        _require(self.canvas is None or self.canvas[0] * self.canvas[1] <= LARGEST_CANVAS,
                 f"data.canvas {self.canvas} has more than {LARGEST_CANVAS} pixels")
        _require(self.fit in FITS, f"data.fit {self.fit!r}; choose {' or '.join(FITS)}")
        _require(not self.upright or self.fit == "pad", "data.upright saves padding, of which "
                 f"data.fit={self.fit} has none: leave it out")
        _require(0 < self.weight < math.inf,
                 f"data.weight must be above 0 and finite, not {self.weight}")
        for key in ("sigma_dva", "sigma_pixels"):
            value = getattr(self, key)
            _require(value is None or 0 < value < math.inf,
                     f"data.{key} must be above 0 and finite, not {value}")
        _at_least("data", self, 1, "train", "validation", "hold_out")
        _require(self.center_bias in CENTER_BIASES,
                 f"data.center_bias {self.center_bias!r}; choose {' or '.join(CENTER_BIASES)}")
        _require(0 <= self.split_seed < 2 ** 32,
                 f"data.split_seed must lie between 0 and {2 ** 32 - 1}, not {self.split_seed}")


@dataclass
class AdversarialConfig:
    """How the discriminator of SalGAN's adversarial stage learns."""

    alpha: float = 0.05                    # weight of the content loss, 1/20 in the code
    optimizer: str = "adagrad"
    learning_rate: float = 3e-4
    optimizer_options: Dict[str, Any] = field(default_factory=dict)
    width_multiplier: float = 1.0          # of the discriminator; for tests

    def __post_init__(self):
        for key in ("alpha", "learning_rate"):
            value = getattr(self, key)
            _require(0 < value < math.inf,
                     f"train.adversarial.{key} must be above 0 and finite, not {value}")


@dataclass
class LbfgsConfig:
    """How L-BFGS fits the readout of DeepGaze I."""

    iterations: int = 200
    sparsity: float = 1e-3                 # weight of |w|_1 / |w|_2
    memory: int = 10                       # gradients that the curvature is estimated from
    cell: int = 4                          # stimulus pixels to a cell of the density, per axis
    leave_one_observer_out: bool = False   # also fit without each observer, and predict them

    def __post_init__(self):
        _at_least("train.lbfgs", self, 1, "iterations", "memory", "cell")
        _require(0 <= self.sparsity < math.inf, "train.lbfgs.sparsity must not be negative, and "
                                                f"finite: {self.sparsity}")


@dataclass
class TrainConfig:
    """How to train."""

    loss: Dict[str, float] = field(default_factory=lambda: {"kld": 1.0})
    optimizer: str = "adam"
    learning_rate: float = 1e-4
    optimizer_options: Dict[str, Any] = field(default_factory=dict)
    decay: float = 1.0                     # the rate is multiplied by this ...
    decay_every: Optional[int] = None      # ... every so many steps; default: once an epoch
    end_rate: Optional[float] = None       # or it falls linearly to this in the last epoch
    end_momentum: Optional[float] = None   # sgd's momentum goes linearly to this likewise
    epochs: int = 10
    batch: int = 1
    freeze: Optional[str] = None           # last frozen encoder block, e.g. "block4"
    devices: str = "one"                   # "mirrored": all of this machine; "multi_worker": those
                                           # of TF_CONFIG
    finetune_layers: Any = "all"           # or train only the last so many encoder convolutions
    cache: str = "none"                    # "none", "memory" or "disk"
    cache_folder: Optional[str] = None     # of cache "disk", shared by runs; default: the run's
    mirror: bool = False                   # left-right mirror images as augmentation
    crop: float = 1.0                      # smallest share of the sides in random windows
    color: float = 0.0                     # largest change of brightness, contrast, saturation
    adversarial: Optional[AdversarialConfig] = None  # train against a discriminator
    lbfgs: Optional[LbfgsConfig] = None    # in place of the optimizer, for deepgaze1
    unit_layers: List[str] = field(default_factory=list)  # layers whose units are scored ...
    unit_every: int = 1                    # ... every so many epochs, on the validation stimuli
    monitor: str = "val_loss"              # column of the history that chooses the best epoch
    patience: Optional[int] = None         # stop after so many epochs without improvement
    precision: str = "float32"             # of the network's arithmetic; or "bfloat16", or "auto":
                                           # what this machine does fast
    seed: int = 1
    deterministic: bool = True

    def __post_init__(self):
        _at_least("train", self, 1, "epochs", "batch", "unit_every", "decay_every", "patience")
        _require(self.precision in PRECISIONS,
                 f"train.precision {self.precision!r}; choose {', '.join(PRECISIONS)}")
        _require(self.devices in DEVICES,
                 f"train.devices {self.devices!r}; choose {', '.join(DEVICES)}")
        _require(self.cache in CACHES, f"train.cache {self.cache!r}; choose none, memory or disk")
        _require(self.cache_folder is None or self.cache == "disk",
                 f"train.cache_folder is for train.cache=disk, not {self.cache}")
        for key, valid in (("crop", 0 < self.crop <= 1), ("color", 0 <= self.color < 1)):
            _require(valid, f"train.{key} must lie between 0 and 1, not {getattr(self, key)}")
        _require((self.crop, self.color) == (1, 0) or self.cache == "none",
                 f"train.crop and train.color change every epoch; with train.cache={self.cache} "
                 "they cannot be drawn: --set train.cache=none")
        _require(self.end_rate is None or (self.decay == 1 and 0 <= self.end_rate < math.inf),
                 "train.end_rate must not be negative, and goes without train.decay")
        _require(self.end_momentum is None or (self.optimizer == "sgd"
                                               and 0 <= self.end_momentum < 1),
                 "train.end_momentum must be at least 0 and below 1, and is for optimizer sgd")
        for key in ("learning_rate", "decay"):
            value = getattr(self, key)
            _require(0 < value < math.inf, f"train.{key} must be above 0 and finite, not {value}")
        _require(0 <= self.seed < 2 ** 32,
                 f"train.seed must lie between 0 and {2 ** 32 - 1}, not {self.seed}")
        for name, factor in self.loss.items():
            _require(math.isfinite(factor), f"train.loss.{name} must be finite, not {factor}")


@dataclass
class EvaluationConfig:
    """How to score."""

    metrics: List[str] = field(default_factory=lambda: ["all"])  # "all": all but emd
    every: List[str] = field(default_factory=lambda: ["nss", "cc"])  # after each epoch
    batch: int = 4
    seed: int = 0                          # of the sampled metrics
    shuffled_others: Optional[int] = None  # stimuli that auc_shuffled's nonfixations come from, 10
                                           # in Borji's code; default: all others
    emd_reduction: str = "area"            # or "matlab", as the benchmark's EMD.m

    def __post_init__(self):
        _at_least("evaluation", self, 1, "batch", "shuffled_others")
        _require(self.emd_reduction in ("area", "matlab"),
                 f"evaluation.emd_reduction {self.emd_reduction!r}; choose area or matlab")
        _at_least("evaluation", self, 0, "seed")


@dataclass
class Config:
    """One run: `runs/<name>/` holds everything that it writes."""

    name: str = "run"
    output: str = "runs"
    model: ModelConfig = field(default_factory=ModelConfig)
    data: Union[DataConfig, List[DataConfig]] = field(default_factory=DataConfig)  # or several
    train: TrainConfig = field(default_factory=TrainConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self):
        separators = {"\0", "/", os.sep, os.altsep}
        _require(self.name not in ("", ".", "..") and not separators & set(self.name),
                 f"name {self.name!r} must be the name of one folder inside {self.output!r}; the "
                 "place is set by output")
        _require_one_canvas(self.sections)

    @property
    def sections(self) -> List[DataConfig]:
        """The sections of `data`; a list of one where it is no list."""
        return self.data if isinstance(self.data, list) else [self.data]

    @property
    def scoring(self) -> dict:
        """The settings that scores of any dataset depend on: arguments of `evaluation.Scorer`."""
        return {"seed": self.evaluation.seed,
                "shuffled_others": self.evaluation.shuffled_others,
                "emd_reduction": self.evaluation.emd_reduction}

    @property
    def folder(self) -> Path:
        """Where the run writes."""
        return Path(self.output) / self.name


def _require_one_canvas(sections) -> None:
    """Raise `ConfigError` unless the stimuli of all sections come onto the canvas alike."""
    _require(len(sections) > 0, "data: an empty list; name at least one dataset, each with its "
                                "name")
    for key in ("canvas", "fit", "upright"):
        stated = [(i, value) for i, value in enumerate(getattr(s, key) for s in sections)
                  if value is not None]
        for index, value in stated:
            first, wanted = stated[0]
            _require(value == wanted,
                     f"data.{index}.{key} is {value} and data.{first}.{key} {wanted}; one network "
                     "learns from all of them, so both must be the same")


def in_section(message: str, index: int) -> str:
    """`message` about keys `data.key`, for section `index` of a list: `data.<index>.key`."""
    keys = "|".join(f.name for f in dataclasses.fields(DataConfig))
    return re.sub(rf"\bdata\.({keys})\b", rf"data.{index}.\1", message)


def load(path=None, overrides=()) -> Config:
    """Read a YAML file (None: all defaults) and apply overrides `key.sub=value`.

    Raises:
        ConfigError: file, key, type or syntax at fault, with what is valid.
    """
    values: dict = {}
    if path is not None:
        values = _read_yaml(Path(path))
    return from_dict(read_pairs(overrides, values=values),
                     source=str(path) if path else "--set")


def read_pairs(pairs, option="--set", values=None) -> dict:
    """`key.sub=value` texts, values in YAML, as nested dicts.

    Args:
        option: of the command line that they come from, for messages.
        values: nested dicts to change; default: new ones.

    Raises:
        ConfigError: a pair is not written like that, or a key is below one that holds a value.
    """
    values = {} if values is None else values
    for pair in pairs:
        _apply(values, pair, option)
    return values


def from_dict(values: dict, source="config") -> Config:
    """`Config` from nested dicts; see `load`."""
    return _build(Config, values, (), source)


def to_dict(config) -> dict:
    """Nested plain dicts; `from_dict` reads them back."""
    return dataclasses.asdict(config)


def save(config, path) -> None:
    """Write a config as YAML."""
    with atomic_path(path) as temporary:
        temporary.write_text(yaml.safe_dump(to_dict(config), sort_keys=False), encoding="utf-8")


def _read_yaml(path: Path) -> dict:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no config file {path}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not readable YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    return values


def _apply(values: dict, pair: str, option: str) -> None:
    key, equals, text = pair.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError(f"{option} {pair!r}: write key=value or key.sub=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{option} {pair!r}: the value is not YAML: {error}") from None
    for depth, part in enumerate(parts[:-1]):
        values = values[int(part)] if isinstance(values, list) else values.setdefault(part, {})
        if isinstance(values, list):
            _require_index(values, parts[:depth + 1], parts[depth + 1:], f"{option} {pair!r}")
        elif not isinstance(values, dict):
            raise ConfigError(f"{option} {pair!r}: {part} holds a value, not keys")
    values[int(parts[-1]) if isinstance(values, list) else parts[-1]] = value


def _require_index(values: list, path, rest, where) -> None:
    """Raise `ConfigError` unless `rest`, the parts of a key below `path`, begin with an index."""
    key, last = ".".join(path), len(values) - 1
    index, *below = rest if rest[0].isdecimal() else ["0", *rest]
    _require(rest[0] == index and int(index) <= last,
             f"{where}: {key} is a list; say which of {key}.0 to {key}.{last}, as in "
             f"{'.'.join((key, '0', *below))}=...")


def _build(cls, values, path, source):
    if not isinstance(values, dict):
        raise ConfigError(f"{source}: {'.'.join(path)} must hold keys, not {values!r}")
    types = typing.get_type_hints(cls)
    for key in values:
        if key not in types:
            where = ".".join((*path, str(key)))
            raise ConfigError(f"{source}: no key {where!r}; the keys here are "
                              f"{', '.join(types)}")
    return cls(**{key: _check(types[key], value, (*path, key), source)
                  for key, value in values.items()})


def _sections(cls, values, path, source) -> list:
    """The sections of a list, each with the name that a section alone may leave out."""
    sections = []
    for index, section in enumerate(values):
        own = (*path, str(index))
        _require(isinstance(section, dict) and "name" in section,
                 f"{source}: {'.'.join(own)} has no name; in a list each dataset needs one, as in "
                 f"{'.'.join(own)}.name=osie")
        try:
            sections.append(_build(cls, section, own, source))
        except ConfigError as error:
            raise ConfigError(in_section(str(error), index)) from None
    return sections


def _check(kind, value, path, source):
    """`value` as `kind`; YAML's `1e-4` (a string to it) and whole numbers pass as floats."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _build(kind, {} if value is None else value, path, source)
    if kind is Any:
        return value
    if origin is Union and type(None) not in arguments:  # a section, or a list of them
        build = _sections if isinstance(value, (list, tuple)) else _build
        return build(arguments[0], {} if value is None else value, path, source)
    if origin is Union:  # Optional[...]
        return None if value is None else _check(arguments[0], value, path, source)
    if origin is list and isinstance(value, (list, tuple)):
        return [_check(arguments[0], item, path, source) for item in value]
    if origin is dict and isinstance(value, dict):
        return {str(key): _check(arguments[1], item, (*path, str(key)), source)
                for key, item in value.items()}
    if kind is float and isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except ValueError:
            pass
    if kind is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    raise ConfigError(f"{source}: {'.'.join(path)} must be {_describe(kind)}, not {value!r}")


def _describe(kind) -> str:
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is list:
        return f"a list, each {_describe(arguments[0])}"
    if origin is dict:
        return "keys and values"
    return words.get(kind, str(kind))
