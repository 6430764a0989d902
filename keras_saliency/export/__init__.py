"""Models for other programs."""
from keras_saliency.export.saved_model import save

__all__ = ["save"]
