"""Engines that run a network in place of Keras, behind the same `predict`."""
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.engines.accelerated import AUTO, ENGINES, Accelerated, accelerate
    from keras_saliency.engines.exported import Exported, load_exported

__all__ = ["AUTO", "ENGINES", "Accelerated", "Exported", "accelerate", "load_exported"]

__getattr__, __dir__ = lazy(__name__, {
    **dict.fromkeys(("AUTO", "ENGINES", "Accelerated", "accelerate"),
                    "keras_saliency.engines.accelerated"),
    **dict.fromkeys(("Exported", "load_exported"), "keras_saliency.engines.exported"),
})
