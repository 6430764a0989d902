"""Models for other programs."""
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.export.pysaliency_model import to_pysaliency
    from keras_saliency.export.saved_model import save

__all__ = ["save", "to_pysaliency"]

__getattr__, __dir__ = lazy(__name__, {
    "save": "keras_saliency.export.saved_model",
    "to_pysaliency": "keras_saliency.export.pysaliency_model",
})
