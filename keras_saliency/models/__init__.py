"""Published models by name; their layers are registered with Keras, which loads and unpickles them.
"""
from keras_saliency.maps.facts import Facts, provenance
from keras_saliency.models.building import ClassicalModel, build_model, check_canvas
from keras_saliency.models.facts_layer import facts_of, with_facts
from keras_saliency.models.loading import load_pretrained, origin, save
from keras_saliency.models.pretrained import find_weights, list_pretrained
from keras_saliency.models.registry import MODELS, list_models, network_spec
from keras_saliency.models.spec import ModelSpec
from keras_saliency.models.weights_file import WeightsError

__all__ = ["MODELS", "ClassicalModel", "Facts", "ModelSpec", "WeightsError", "build_model",
           "check_canvas", "facts_of", "find_weights", "list_models", "list_pretrained",
           "load_pretrained", "network_spec", "origin", "provenance", "save", "with_facts"]
