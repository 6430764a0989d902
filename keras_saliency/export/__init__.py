"""Models for other programs."""
from keras_saliency.export.pysaliency_model import to_pysaliency
from keras_saliency.export.saved_model import save

__all__ = ["save", "to_pysaliency"]
