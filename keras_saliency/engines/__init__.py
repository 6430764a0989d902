"""Engines that run a network in place of Keras, behind the same `predict`."""
from keras_saliency.engines.accelerated import AUTO, ENGINES, Accelerated, accelerate
from keras_saliency.engines.spec import PRECISIONS

__all__ = ["AUTO", "ENGINES", "PRECISIONS", "Accelerated", "accelerate"]
