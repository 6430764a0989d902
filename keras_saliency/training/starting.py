"""The trained network that a run starts from (`model.weights`), and what the run takes from it."""
from typing import Optional, Sequence

import keras

from keras_saliency.config import Config, ModelConfig
from keras_saliency.datasets.loading import Section
from keras_saliency.maps.facts import Facts
from keras_saliency.models import load_pretrained
from keras_saliency.models.loading import is_own


def load_start(settings: ModelConfig) -> Optional[keras.Model]:
    """Return the network of `model.weights`; None without."""
    if settings.weights is None:
        return None
    return load_pretrained(settings.weights, trust=is_own(settings.name))


def take_over(config: Config, facts: Facts) -> list[str]:
    """Set the canvas and the options that a config leaves open to those of the weights.

    Returns what was taken, as settings.
    """
    taken = []
    if facts.canvas is not None and all(data.canvas is None for data in config.sections):
        config.sections[0].canvas = list(facts.canvas)
        key = "data.0.canvas" if isinstance(config.data, list) else "data.canvas"
        taken.append(f"{key}={_size(facts.canvas)}")
    if facts.about.get("model") == config.model.name:
        options = {key: value for key, value in _options(facts).items()
                   if key not in config.model.options}
        config.model.options = {**options, **config.model.options}
        taken += [f"model.options.{key}={value}" for key, value in options.items()]
    return taken


def differences(config: Config, facts: Facts, sections: Sequence[Section]) -> list[str]:
    """Return what a run does otherwise than the training of its weights, as far as they say it.

    These are canvas, fit, options of the network, and the blur of the densities of the same data.
    """
    spec, blurs = sections[0].spec, facts.about.get("sigma_pixels")
    pairs = [("canvas", facts.canvas and _size(facts.canvas), _size(spec.canvas)),
             ("fit", facts.fit, spec.fit)]
    pairs += [(f"option {key}", value, config.model.options[key])
              for key, value in _options(facts).items() if key in config.model.options]
    pairs += [(f"blur of {section.label} in pixels", blurs.get(section.label), section.spec.sigma)
              for section in sections if isinstance(blurs, dict)]
    return [f"{what} {theirs}, here {ours}" for what, theirs, ours in pairs
            if theirs is not None and theirs != ours]


def sentence(weights: str, taken: Sequence[str], different: Sequence[str]) -> str:
    """Return a line on `take_over` and `differences`; "" if there is nothing to say."""
    parts = [f"{', '.join(taken)} as in it"] * bool(taken)
    parts += [f"it was trained with {'; '.join(different)}"] * bool(different)
    return f"model.weights {weights}: {'; '.join(parts)}" if parts else ""


def _options(facts) -> dict:
    options = facts.about.get("options")
    return options if isinstance(options, dict) else {}


def _size(canvas) -> str:
    return "[{}, {}]".format(*canvas)
