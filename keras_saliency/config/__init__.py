"""Settings of a run: dataclasses read from YAML, with overrides `key.sub=value`."""
from keras_saliency.config.reading import from_dict, in_section, load, read_pairs, save, to_dict
from keras_saliency.config.sections import (
    AdversarialConfig,
    Config,
    ConfigError,
    DataConfig,
    EvaluationConfig,
    LbfgsConfig,
    ModelConfig,
    TrainConfig,
    check_size,
    is_whole,
    require,
)

__all__ = ["AdversarialConfig", "Config", "ConfigError", "DataConfig", "EvaluationConfig",
           "LbfgsConfig", "ModelConfig", "TrainConfig", "check_size", "from_dict", "in_section",
           "is_whole", "load", "read_pairs", "require", "save", "to_dict"]
