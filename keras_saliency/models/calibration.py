"""A network whose saliency_map is turned into a density by a few numbers, fitted to fixations.

The network's map, min-max'ed over the canvas, is blurred; a monotone function of its logarithm plus
a weight times a center_bias is the logarithm of a density, up to its sum; a share of it is uniform.
`training.calibration` fits these numbers.

Source: Kuemmerer, Wallis and Bethge (2015), Information-theoretic model comparison unifies saliency
metrics, PNAS 112 (blur, monotone nonlinearity, center bias, by maximum likelihood). Departures: the
function is of the logarithm, so that the map divided by its sum is where the fit begins; the center
bias is a kernel density with a weight, not a function of the distance; a share is uniform.
"""
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from keras_saliency.files import require
from keras_saliency.maps.finish import DENSITY
from keras_saliency.models import density_layers, facts_layer
from keras_saliency.models.facts_layer import CALIBRATED, facts_of, with_facts
from keras_saliency.models.layers import MinMax

# name of a layer without `CALIBRATED` -> its kind, in order
STEPS = {"min_max": MinMax, "blur": density_layers.GaussianBlur,
         "nonlinearity": density_layers.MonotoneLog, "center_bias": density_layers.AddCenterBias,
         "softmax": density_layers.LogSoftmax, "log_density": density_layers.MixUniform}


class Parameters(NamedTuple):
    """The fitted numbers of a calibration."""

    slopes: np.ndarray  # float64 [SEGMENTS], see `MonotoneLog`
    sigma: float  # of the blur, in pixels of the canvas
    center_weight: float  # of the center_bias
    uniform_share: float  # 0..1, of the density
    # float64 [64, 64], the center_bias as `AddCenterBias` takes it
    log_density: np.ndarray = np.zeros((density_layers.PRIOR_CELLS, density_layers.PRIOR_CELLS))


def add_calibration(network: keras.Model) -> keras.Model:
    """Return the model `calibrated_<name>` that shares the layers of `network`, RGB 0..255
    [B, H, W, 3] -> one map [B, H, W, 1], and ends in a density.

    Its output, float32 [B, H, W, 1], sums to 1 over the canvas; the layer `calibrated_log_density`
    has the logarithm in nats. Canvas, fit and `about` are those of the network. Blur and
    nonlinearity replace the finish that the authors of some networks publish, such as SalNet's.
    """
    x = facts_layer.bare_output(network)
    require(not facts_layer.is_calibrated(network),
            f"{network.name} has a calibration; give the network that it was made of")
    for name, kind in STEPS.items():
        x = kind(name=CALIBRATED + name)(x)
    x = layers.Activation("exponential", name=f"{CALIBRATED}density")(x)
    model = keras.Model(network.inputs[0], x, name=CALIBRATED + network.name)
    known = facts_of(network)
    return with_facts(model, known.changed(name=model.name, density=True, finish=DENSITY))


def write_parameters(model: keras.Model, parameters: Parameters) -> None:
    """Put `Parameters` into a model of `add_calibration`."""
    share = parameters.uniform_share
    values = {"blur": {"log_sigma": np.log(parameters.sigma)},
              "nonlinearity": {"slopes": parameters.slopes},
              "center_bias": {"alpha": parameters.center_weight,
                              "log_density": parameters.log_density},
              "log_density": {"logit": np.log(share / (1 - share))}}
    for layer, variables in values.items():
        for name, value in variables.items():
            getattr(model.get_layer(CALIBRATED + layer), name).assign(np.float32(value))


def read_parameters(model: keras.Model) -> Parameters:
    """Return the `Parameters` that a model of `add_calibration` holds."""
    def value(layer, name):
        return np.asarray(getattr(model.get_layer(CALIBRATED + layer), name), np.float64)

    return Parameters(value("nonlinearity", "slopes"), float(np.exp(value("blur", "log_sigma"))),
                      float(value("center_bias", "alpha")),
                      float(1 / (1 + np.exp(-value("log_density", "logit")))),
                      value("center_bias", "log_density"))
