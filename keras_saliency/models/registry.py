"""The models by name, which is that of their builder."""
from typing import Optional

from keras_saliency.files import require
from keras_saliency.models import (
    deepgaze1,
    ead,
    msi_net,
    opensalicon,
    salgan,
    salnet_deep,
    salnet_shallow,
    vgg_linear,
)
from keras_saliency.models.classical import bms, center_bias, gbvs, itti
from keras_saliency.models.spec import ModelSpec

MODELS = {module.SPEC.builder.__name__: module.SPEC for module in (
    bms, center_bias, deepgaze1, ead, gbvs, itti, msi_net, opensalicon, salgan, salnet_deep,
    salnet_shallow, vgg_linear)}


def list_models(classical: Optional[bool] = None) -> list:
    """Return registered model names, sorted; `classical` True for functions of an image alone,
    False for networks alone."""
    return sorted(name for name, spec in MODELS.items() if classical in (None, spec.classical))


def network_spec(name: str) -> ModelSpec:
    """Return the `ModelSpec` of a network, or raise `InputError`, which lists the networks."""
    networks = list_models(classical=False)
    require(name in networks, f"no model {name!r}; the networks are {', '.join(networks)}")
    return MODELS[name]
