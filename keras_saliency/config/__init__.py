"""Settings of a run: dataclasses read from YAML, with overrides `key.sub=value`."""
from keras_saliency.config.checks import (
    FITS,
    LARGEST_CANVAS,
    MIRRORED,
    MULTI_WORKER,
    ONE,
    PRECISIONS,
    ConfigError,
    check_size,
    is_whole,
    require,
)
from keras_saliency.config.reading import from_dict, in_section, load, read_pairs, save, to_dict
from keras_saliency.config.sections import (
    AdversarialConfig,
    Config,
    DataConfig,
    EvaluationConfig,
    LbfgsConfig,
    ModelConfig,
    TrainConfig,
)

__all__ = ["AdversarialConfig", "Config", "ConfigError", "DataConfig", "EvaluationConfig", "FITS",
           "LARGEST_CANVAS", "LbfgsConfig", "MIRRORED", "MULTI_WORKER", "ModelConfig", "ONE",
           "PRECISIONS", "TrainConfig", "check_size", "from_dict", "in_section", "is_whole",
           "load", "read_pairs", "require", "save", "to_dict"]
