"""Engines that run a network in place of Keras, behind the same `predict`."""
from keras_saliency.engines.accelerated import AUTO, ENGINES, Accelerated, accelerate

__all__ = ["AUTO", "ENGINES", "Accelerated", "accelerate"]
