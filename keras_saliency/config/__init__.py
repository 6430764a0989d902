"""Configurations: dataclasses read from YAML, with overrides `key.sub=value`.

A section checks its own values; an error names the key and what is valid. What needs the model or
the data is checked where those are known.
"""
import dataclasses
import math
import numbers
import os
import reprlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

import yaml

from keras_saliency.config.shipped import find_config
from keras_saliency.config.typed_yaml import (
    ConfigError,
    build,
    in_item,
    read_pairs,
    read_yaml,
    require,
)
from keras_saliency.files import InputError, atomic_path

LARGEST_CANVAS = 2 ** 24  # pixels: activation_maps of more do not fit any memory
CACHES = ("none", "memory", "disk")
ONE, MIRRORED, MULTI_WORKER = DEVICES = ("one", "mirrored", "multi_worker")
FITS = ("pad", "stretch")  # how a stimulus comes onto the canvas, see maps.py
CENTER_BIASES = ("kde", "histogram")
PRECISIONS = ("float32", "bfloat16", "auto")


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
        require(value is None or value >= least,
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
        require(self.canvas is None or len(self.canvas) == 2 and min(self.canvas) >= 1,
                f"data.canvas must be [height, width], not {self.canvas}")
        require(self.canvas is None or self.canvas[0] * self.canvas[1] <= LARGEST_CANVAS,
                f"data.canvas {self.canvas} has more than {LARGEST_CANVAS} pixels")
        require(self.fit in FITS, f"data.fit {self.fit!r}; choose {' or '.join(FITS)}")
        require(not self.upright or self.fit == "pad", "data.upright saves padding, of which "
                f"data.fit={self.fit} has none: leave it out")
        require(0 < self.weight < math.inf,
                f"data.weight must be above 0 and finite, not {self.weight}")
        for key in ("sigma_dva", "sigma_pixels"):
            value = getattr(self, key)
            require(value is None or 0 < value < math.inf,
                    f"data.{key} must be above 0 and finite, not {value}")
        _at_least("data", self, 1, "train", "validation", "hold_out")
        require(self.center_bias in CENTER_BIASES,
                f"data.center_bias {self.center_bias!r}; choose {' or '.join(CENTER_BIASES)}")
        require(0 <= self.split_seed < 2 ** 32,
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
            require(0 < value < math.inf,
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
        require(0 <= self.sparsity < math.inf, "train.lbfgs.sparsity must not be negative, and "
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
        require(self.precision in PRECISIONS,
                f"train.precision {self.precision!r}; choose {', '.join(PRECISIONS)}")
        require(self.devices in DEVICES,
                f"train.devices {self.devices!r}; choose {', '.join(DEVICES)}")
        require(self.cache in CACHES, f"train.cache {self.cache!r}; choose none, memory or disk")
        require(self.cache_folder is None or self.cache == "disk",
                f"train.cache_folder is for train.cache=disk, not {self.cache}")
        for key, valid in (("crop", 0 < self.crop <= 1), ("color", 0 <= self.color < 1)):
            require(valid, f"train.{key} must lie between 0 and 1, not {getattr(self, key)}")
        require((self.crop, self.color) == (1, 0) or self.cache == "none",
                f"train.crop and train.color change every epoch; with train.cache={self.cache} "
                "they cannot be drawn: set train.cache=none")
        require(self.end_rate is None or (self.decay == 1 and 0 <= self.end_rate < math.inf),
                "train.end_rate must not be negative, and goes without train.decay")
        require(self.end_momentum is None or (self.optimizer == "sgd"
                                              and 0 <= self.end_momentum < 1),
                "train.end_momentum must be at least 0 and below 1, and is for optimizer sgd")
        for key in ("learning_rate", "decay"):
            value = getattr(self, key)
            require(0 < value < math.inf, f"train.{key} must be above 0 and finite, not {value}")
        require(0 <= self.seed < 2 ** 32,
                f"train.seed must lie between 0 and {2 ** 32 - 1}, not {self.seed}")
        for name, factor in self.loss.items():
            require(math.isfinite(factor), f"train.loss.{name} must be finite, not {factor}")


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
        require(self.emd_reduction in ("area", "matlab"),
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
        require(self.name not in ("", ".", "..") and not separators & set(self.name),
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
    require(len(sections) > 0, "data: an empty list; name at least one dataset, each with its "
                               "name")
    for key in ("canvas", "fit", "upright"):
        stated = [(i, value) for i, value in enumerate(getattr(s, key) for s in sections)
                  if value is not None]
        for index, value in stated:
            first, wanted = stated[0]
            require(value == wanted,
                    f"data.{index}.{key} is {value} and data.{first}.{key} {wanted}; one network "
                    "learns from all of them, so both must be the same")


def in_section(message: str, index: int) -> str:
    """`message` about keys `data.key`, for section `index` of a list: `data.<index>.key`."""
    return in_item(message, DataConfig, ("data",), index)


def load(path=None, overrides=()) -> Config:
    """Read a YAML file and apply overrides `key.sub=value`.

    Args:
        path: a file, or the name of a config that comes with the package; None for all defaults.

    Raises:
        ConfigError: file, key, type or syntax at fault, with what is valid.
    """
    values: dict = {}
    if path is not None:
        values = read_yaml(find_config(path))
    return from_dict(read_pairs(overrides, values=values),
                     source=str(path) if path else "settings")


def from_dict(values: dict, source="config") -> Config:
    """`Config` from nested dicts; see `load`."""
    return build(Config, values, source)


def to_dict(config) -> dict:
    """Nested plain dicts; `from_dict` reads them back."""
    return dataclasses.asdict(config)


def save(config, path) -> None:
    """Write a config as YAML."""
    with atomic_path(path) as temporary:
        temporary.write_text(yaml.safe_dump(to_dict(config), sort_keys=False), encoding="utf-8")
