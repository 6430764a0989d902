"""Published models as functional Keras models, by name."""
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.models.building import ClassicalModel, build_model, check_canvas
    from keras_saliency.models.facts import Facts, provenance
    from keras_saliency.models.facts_layer import facts_of, with_facts
    from keras_saliency.models.loading import load_pretrained, origin, save
    from keras_saliency.models.pretrained import find_weights, list_pretrained
    from keras_saliency.models.registry import MODELS, list_models, network_spec
    from keras_saliency.models.spec import ModelSpec
    from keras_saliency.models.weights_file import WeightsError

__all__ = ["MODELS", "ClassicalModel", "Facts", "ModelSpec", "WeightsError", "build_model",
           "check_canvas", "facts_of", "find_weights", "list_models", "list_pretrained",
           "load_pretrained", "network_spec", "origin", "provenance", "save", "with_facts"]

__getattr__, __dir__ = lazy(__name__, {
    "MODELS": "keras_saliency.models.registry",
    "ClassicalModel": "keras_saliency.models.building",
    "Facts": "keras_saliency.models.facts",
    "ModelSpec": "keras_saliency.models.spec",
    "WeightsError": "keras_saliency.models.weights_file",
    "build_model": "keras_saliency.models.building",
    "check_canvas": "keras_saliency.models.building",
    "facts_of": "keras_saliency.models.facts_layer",
    "find_weights": "keras_saliency.models.pretrained",
    "list_models": "keras_saliency.models.registry",
    "list_pretrained": "keras_saliency.models.pretrained",
    "load_pretrained": "keras_saliency.models.loading",
    "network_spec": "keras_saliency.models.registry",
    "origin": "keras_saliency.models.loading",
    "provenance": "keras_saliency.models.facts",
    "save": "keras_saliency.models.loading",
    "with_facts": "keras_saliency.models.facts_layer",
})

if "keras" in sys.modules:  # `import keras, keras_saliency.models` registers the layers of files
    import_module("keras_saliency.models.registry")
    import_module("keras_saliency.models.facts_layer")
