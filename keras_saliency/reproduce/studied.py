"""Networks whose units a result studies."""
from pathlib import Path

import keras

from keras_saliency.models import build_model, load_pretrained
from keras_saliency.reproduce.setting import QUICK_CANVAS

# VGG16 as ImageNet left it, below a readout of ones, so that its output is the mean of its units.
UNTRAINED = "imagenet"
CANVAS = (240, 320)  # at which EAD and the VGG readouts of OSIE are trained


def model_of(setting, name: str):
    """A network by the name of its weights, `UNTRAINED`, or with `setting.quick` the tiny and
    random network of a model's name.

    Raises:
        WeightsError: as `load_pretrained`.
    """
    if setting.quick:
        keras.utils.set_random_seed(1 + (name == UNTRAINED))
        model = build_model("vgg_linear" if name == UNTRAINED else name, width_multiplier=0.03)
        model.canvas = QUICK_CANVAS
        return model
    if name != UNTRAINED:
        return load_pretrained(name)
    model = build_model("vgg_linear", encoder_weights=UNTRAINED)
    model.canvas, model.canvas_fit = CANVAS, "pad"
    return model


def short(name: str) -> str:
    """What a table calls weights: a name, or the last part of a run's folder."""
    path = Path(str(name))
    return path.parent.name if path.name == "best.h5" else path.name
