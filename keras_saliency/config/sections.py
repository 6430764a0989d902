"""The sections of a config as dataclasses, each with checks of its own values.

Checks that need the model or the data are made where those are known.
"""
import math
import numbers
import os
import reprlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

from keras_saliency import files
from keras_saliency.files import InputError

LARGEST_CANVAS = 2 ** 24  # pixels: activation_maps of more do not fit any memory
LARGEST_SEED = 2 ** 32 - 1
FITS = ("pad", "stretch")  # keep the shape of a stimulus, or fill the canvas
ONE, MIRRORED, MULTI_WORKER = DEVICES = ("one", "mirrored", "multi_worker")
PRECISIONS = ("float32", "bfloat16", "auto")


class ConfigError(InputError):
    """A config file or an override is wrong; the message names the key and the remedy."""


require = partial(files.require, error=ConfigError)  # (condition, message)


def is_whole(value: Any) -> bool:
    """Return True for a whole number; true and false are not numbers."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_size(canvas: Any, name: str = "a canvas") -> tuple[int, int]:
    """Return the (h, w) of a canvas: whole numbers of at least 1, `LARGEST_CANVAS` pixels at most.

    A `ConfigError` about anything else calls it `name`.
    """
    sides = tuple(canvas) if isinstance(canvas, (list, tuple)) else ()
    require(len(sides) == 2 and all(is_whole(side) and side >= 1 for side in sides)
            and sides[0] * sides[1] <= LARGEST_CANVAS, f"{name} is [height, width] of at most "
            f"{LARGEST_CANVAS} pixels, not {reprlib.repr(canvas)}")
    return sides


def _at_least(least, section, config, *keys):
    """Require the values of keys to be at least `least`, or None."""
    for key in keys:
        value = getattr(config, key)
        require(value is None or value >= least,
                f"{section}.{key} must be at least {least}, not {value}")


def _positive(section, config, *keys):
    """Require the values of keys to be above 0 and finite, or None."""
    for key in keys:
        value = getattr(config, key)
        require(value is None or 0 < value < math.inf,
                f"{section}.{key} must be above 0 and finite, not {value}")


def _one_of(section, config, **choices):
    """Require the value of each key to be one of its choices."""
    for key, valid in choices.items():
        value = getattr(config, key)
        require(value in valid, f"{section}.{key} {value!r}; choose "
                                f"{(' or ' if len(valid) == 2 else ', ').join(valid)}")


def _seed(section, config, key):
    """Require a value that seeds NumPy's random numbers."""
    value = getattr(config, key)
    require(0 <= value <= LARGEST_SEED,
            f"{section}.{key} must lie between 0 and {LARGEST_SEED}, not {value}")


@dataclass
class ModelConfig:
    """The network, and the weights that it starts from."""

    name: str = "msi_net"
    encoder_weights: Optional[str] = None  # "imagenet" or a file
    weights: Optional[str] = None          # a trained model to start from (fine-tuning)
    options: Dict[str, Any] = field(default_factory=dict)  # the builder's own

    def __post_init__(self):
        for key in ("name", "input_shape", "encoder_weights"):
            require(key not in self.options, f"{key!r} is not an option of a model's builder; the "
                    "sections model and data have keys for the network, its canvas and its "
                    "starting weights")


@dataclass
class DataConfig:
    """The stimuli, and their way onto the canvas."""

    name: str = "popout"
    root: Optional[str] = None
    canvas: Optional[List[int]] = None     # [height, width]; default: in training that of
                                           # model.weights or else the dataset's, for a trained
                                           # model its own
    fit: str = "pad"                       # or "stretch" to fill it; a trained model keeps its own
    upright: bool = False                  # train and score portrait stimuli on the canvas turned
                                           # to portrait, in batches of their own
    weight: float = 1.0                    # how often an epoch shows each training stimulus
    sigma_dva: Optional[float] = None      # blur of the density, degrees; default: the dataset's
    sigma_pixels: Optional[float] = None   # the same in stimulus pixels; overrides sigma_dva
    train: Optional[int] = None            # number of training stimuli; default: as published
    validation: Optional[int] = None
    hold_out: Optional[int] = None         # validate on this many training stimuli instead
    split_seed: int = 42
    center_bias: str = "kde"               # of the training fixations, or "histogram"
    options: Dict[str, Any] = field(default_factory=dict)  # the reader's own

    def __post_init__(self):
        if self.canvas is not None:
            check_size(self.canvas, "data.canvas")
        _one_of("data", self, fit=FITS, center_bias=("kde", "histogram"))
        require(not self.upright or self.fit == "pad", "data.upright saves padding; with "
                f"data.fit={self.fit} there is none: leave it out")
        _positive("data", self, "weight", "sigma_dva", "sigma_pixels")
        _at_least(1, "data", self, "train", "validation", "hold_out")
        _seed("data", self, "split_seed")


@dataclass
class AdversarialConfig:
    """Settings of SalGAN's adversarial stage."""

    alpha: float = 0.05                    # weight of the content loss, 1/20 in the code
    optimizer: str = "adagrad"
    learning_rate: float = 3e-4
    optimizer_options: Dict[str, Any] = field(default_factory=dict)
    width_multiplier: float = 1.0          # of the discriminator; for tests

    def __post_init__(self):
        _positive("train.adversarial", self, "alpha", "learning_rate")


@dataclass
class LbfgsConfig:
    """Settings of the L-BFGS fit of DeepGaze I's readout."""

    iterations: int = 200
    sparsity: float = 1e-3                 # weight of |w|_1 / |w|_2
    memory: int = 10                       # gradients that the curvature is estimated from
    cell: int = 4                          # stimulus pixels to a cell of the density, per axis
    leave_one_observer_out: bool = False   # also fit without each observer, and predict them

    def __post_init__(self):
        _at_least(1, "train.lbfgs", self, "iterations", "memory", "cell")
        require(0 <= self.sparsity < math.inf, "train.lbfgs.sparsity must be at least 0 and "
                                               f"finite, not {self.sparsity}")


@dataclass
class TrainConfig:
    """Settings of training."""

    loss: Dict[str, float] = field(default_factory=lambda: {"kld": 1.0})
    optimizer: str = "adam"
    learning_rate: float = 1e-4
    optimizer_options: Dict[str, Any] = field(default_factory=dict)
    decay: float = 1.0                     # the rate is multiplied by this ...
    decay_every: Optional[int] = None      # ... after each such number of steps; default: an epoch
    end_rate: Optional[float] = None       # or the rate falls linearly to this at the end
    end_momentum: Optional[float] = None   # momentum of sgd at the end, reached linearly
    epochs: int = 10
    batch: int = 1
    freeze: Optional[str] = None           # last frozen encoder block, e.g. "block4"
    devices: str = "one"                   # "mirrored": this machine's; "multi_worker": TF_CONFIG's
    finetune_layers: Any = "all"           # or how many of the last encoder convolutions to train
    cache: str = "none"                    # "none", "memory" or "disk"
    cache_folder: Optional[str] = None     # for cache "disk", shared by runs; default: the run's
    mirror: bool = False                   # left-right mirror images as augmentation
    crop: float = 1.0                      # smallest share of the sides in random windows
    color: float = 0.0                     # largest change of brightness, contrast, saturation
    adversarial: Optional[AdversarialConfig] = None  # train against a discriminator
    lbfgs: Optional[LbfgsConfig] = None    # in place of the optimizer, for deepgaze1
    unit_layers: List[str] = field(default_factory=list)  # layers whose units are scored ...
    unit_every: int = 1                    # ... after this many epochs, on validation stimuli
    monitor: str = "val_loss"              # column of the history that chooses the best epoch
    patience: Optional[int] = None         # stop after this many epochs without improvement
    precision: str = "float32"             # or "bfloat16", or "auto": the faster one here
    seed: int = 1
    deterministic: bool = True

    def __post_init__(self):
        _at_least(1, "train", self, "epochs", "batch", "unit_every", "decay_every", "patience")
        _one_of("train", self, precision=PRECISIONS, devices=DEVICES,
                cache=("none", "memory", "disk"))
        require(self.cache_folder is None or self.cache == "disk",
                f"train.cache_folder is for train.cache=disk, not {self.cache}")
        for key, valid in (("crop", 0 < self.crop <= 1), ("color", 0 <= self.color < 1)):
            require(valid, f"train.{key} must lie between 0 and 1, not {getattr(self, key)}")
        require((self.crop, self.color) == (1, 0) or self.cache == "none",
                f"train.crop and train.color change in every epoch, which train.cache={self.cache} "
                "does not allow: set train.cache=none")
        require(self.end_rate is None or (self.decay == 1 and 0 <= self.end_rate < math.inf),
                "train.end_rate must be at least 0 and finite, and excludes train.decay")
        require(self.end_momentum is None or (self.optimizer == "sgd"
                                              and 0 <= self.end_momentum < 1),
                "train.end_momentum must be at least 0 and below 1; only optimizer sgd takes it")
        _positive("train", self, "learning_rate", "decay")
        _seed("train", self, "seed")
        for name, factor in self.loss.items():
            require(math.isfinite(factor), f"train.loss.{name} must be finite, not {factor}")


@dataclass
class EvaluationConfig:
    """Settings of scoring."""

    metrics: List[str] = field(default_factory=lambda: ["all"])  # "all": all but emd
    every: List[str] = field(default_factory=lambda: ["nss", "cc"])  # after each epoch
    batch: int = 4
    seed: int = 0                          # of the sampled metrics
    shuffled_others: Optional[int] = None  # stimuli that auc_shuffled's nonfixations come from, 10
                                           # in Borji's code; default: all others
    emd_reduction: str = "area"            # or "matlab", as the benchmark's EMD.m

    def __post_init__(self):
        _at_least(1, "evaluation", self, "batch", "shuffled_others")
        _at_least(0, "evaluation", self, "seed")
        _one_of("evaluation", self, emd_reduction=("area", "matlab"))


@dataclass
class Config:
    """The settings of one run, which writes everything to `runs/<name>/`."""

    name: str = "run"
    output: str = "runs"
    model: ModelConfig = field(default_factory=ModelConfig)
    data: Union[DataConfig, List[DataConfig]] = field(default_factory=DataConfig)  # or several
    train: TrainConfig = field(default_factory=TrainConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)

    def __post_init__(self):
        separators = {"\0", "/", os.sep, os.altsep}
        require(self.name not in ("", ".", "..") and not separators & set(self.name),
                f"name {self.name!r} must be the name of one folder inside {self.output!r}; set "
                "another place by output")
        require(self.sections, "data: an empty list; give at least one dataset with its name")
        for key in ("canvas", "fit", "upright"):  # one canvas, and one way onto it
            stated = [(index, getattr(section, key)) for index, section in enumerate(self.sections)
                      if getattr(section, key) is not None]
            for index, value in stated:
                first, wanted = stated[0]
                require(value == wanted,
                        f"data.{index}.{key} is {value} and data.{first}.{key} {wanted}; one "
                        "network learns from all of them, so both must be the same")

    @property
    def sections(self) -> List[DataConfig]:
        """The sections of `data` as a list, even if there is only one."""
        return self.data if isinstance(self.data, list) else [self.data]

    @property
    def scoring(self) -> dict:
        """Arguments of `evaluation.Scorer`: the settings that scores of any dataset depend on."""
        return {key: getattr(self.evaluation, key)
                for key in ("seed", "shuffled_others", "emd_reduction")}

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return Path(self.output) / self.name
