"""Costs of a network: parameters, multiply-adds and memory of its layers' outputs.

Multiply-adds count convolutions and dense layers, not bias, activation, pooling or resizing; one is
two floating-point operations. Memory is 4 bytes a value, summed over the outputs of all layers,
which training keeps at once (as in Table 1 of Pan et al. 2016).
"""
from typing import NamedTuple, Sequence

import keras
import numpy as np
import tensorflow as tf

from keras_saliency.models.facts_layer import CarriedFacts

FLOAT_BYTES = 4


class LayerCost(NamedTuple):
    """Cost of one layer, for one image."""

    name: str
    kind: str  # its class
    shape: tuple  # of its output, (H, W, C) or (U,)
    parameters: int  # with frozen ones
    multiply_adds: int
    output_bytes: int


class Cost(NamedTuple):
    """Sums over the layers of a network."""

    parameters: int
    multiply_adds: int
    parameter_bytes: int
    output_bytes: int


def layer_costs(model: keras.Model, size: tuple) -> list:
    """Return the `LayerCost` of each layer of a functional model but the one that carries its
    facts, for images of `size` (h, w)."""
    layers = [layer for layer in model.layers
              if not isinstance(layer, (keras.layers.InputLayer, CarriedFacts))]
    tensors = [tf.nest.flatten(tensor)[0] for layer in layers
               for tensor in (layer.input, layer.output)]
    shapes = [tuple(shape[1:]) for shape in keras.Model(
        model.inputs[0], tensors).compute_output_shape((1, *size, 3))]
    return [_cost(layer, *pair) for layer, pair in zip(layers, zip(shapes[::2], shapes[1::2]))]


def total(costs: Sequence) -> Cost:
    """Sum the costs of layers."""
    parameters = sum(cost.parameters for cost in costs)
    return Cost(parameters, sum(cost.multiply_adds for cost in costs), parameters * FLOAT_BYTES,
                sum(cost.output_bytes for cost in costs))


def _cost(layer, given, made) -> LayerCost:
    kernels = [tuple(w.shape) for w in layer.weights if len(w.shape) in (2, 4)
               and w.name.split("/")[-1].startswith("kernel")]
    # a transposed convolution applies its kernel at each input cell, others at each output cell
    cells = given if isinstance(layer, keras.layers.Conv2DTranspose) else made
    places = int(np.prod(cells[:-1])) if len(cells) == 3 else 1
    multiply_adds = sum(places * int(np.prod(kernel)) for kernel in kernels)
    return LayerCost(layer.name, type(layer).__name__, made,
                     sum(int(np.prod(w.shape)) for w in layer.weights), multiply_adds,
                     FLOAT_BYTES * int(np.prod(made)))
