"""Engines that run a network in place of Keras, behind the same `predict`."""
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.engines.accelerated import Accelerated, accelerate
    from keras_saliency.engines.exported import Exported, load_exported
    from keras_saliency.engines.registry import ENGINES
    from keras_saliency.engines.spec import AUTO

__all__ = ["AUTO", "ENGINES", "Accelerated", "Exported", "accelerate", "load_exported"]

__getattr__, __dir__ = lazy(__name__, {
    "AUTO": "keras_saliency.engines.spec",
    "ENGINES": "keras_saliency.engines.registry",
    "Accelerated": "keras_saliency.engines.accelerated",
    "Exported": "keras_saliency.engines.exported",
    "accelerate": "keras_saliency.engines.accelerated",
    "load_exported": "keras_saliency.engines.exported",
})
