"""Models for other programs and engines."""
from typing import TYPE_CHECKING

from keras_saliency.lazy import lazy

if TYPE_CHECKING:
    from keras_saliency.export.accelerated import Accelerated, accelerate
    from keras_saliency.export.formats import AUTO, FORMATS
    from keras_saliency.export.pysaliency_model import to_pysaliency
    from keras_saliency.export.saved_model import save
    from keras_saliency.prediction.exported import Exported, load_exported

__all__ = ["AUTO", "FORMATS", "Accelerated", "Exported", "accelerate", "load_exported", "save",
           "to_pysaliency"]

__getattr__, __dir__ = lazy(__name__, {
    **dict.fromkeys(("AUTO", "FORMATS"), "keras_saliency.export.formats"),
    **dict.fromkeys(("Accelerated", "accelerate"), "keras_saliency.export.accelerated"),
    **dict.fromkeys(("Exported", "load_exported"), "keras_saliency.prediction.exported"),
    "save": "keras_saliency.export.saved_model",
    "to_pysaliency": "keras_saliency.export.pysaliency_model",
})
