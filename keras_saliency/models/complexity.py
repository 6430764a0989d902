"""What a network costs: parameters, multiply-adds and memory of its layers' outputs.

Multiply-adds are those of convolutions and dense layers (bias, activation, pooling and resizing
are not counted); one is two floating-point operations. Memory is 4 bytes a value and, as in Table 1
of Pan et al. (2016), the outputs of all layers at once, as training needs them.
"""
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

FLOAT_BYTES = 4


class LayerCost(NamedTuple):
    """One layer.

    Attributes:
        name, kind: of the layer and of its class. shape: of its output (H, W, C) or (U,).
        parameters: trained or not. multiply_adds: for one image. output_bytes: of one image.
    """

    name: str
    kind: str
    shape: tuple
    parameters: int
    multiply_adds: int
    output_bytes: int


class Cost(NamedTuple):
    """A whole network: sums over its layers."""

    parameters: int
    multiply_adds: int
    parameter_bytes: int
    output_bytes: int


def layer_costs(model) -> list:
    """`LayerCost` of each layer of a functional model whose input size is fixed, in its order.

    Raises:
        ValueError: a model of any input size.
    """
    if None in model.input_shape[1:]:
        raise ValueError(f"{model.name} takes any size; build it with input_shape=(H, W, 3)")
    return [_cost(layer) for layer in model.layers
            if not isinstance(layer, keras.layers.InputLayer)]


def total(costs) -> Cost:
    """The sum of `LayerCost`s."""
    parameters, multiply_adds, outputs = (
        sum(getattr(cost, key) for cost in costs)
        for key in ("parameters", "multiply_adds", "output_bytes"))
    return Cost(parameters, multiply_adds, parameters * FLOAT_BYTES, outputs)


def _cost(layer) -> LayerCost:
    shape = tuple(tf.nest.flatten(layer.output)[0].shape[1:])
    kernels = [tuple(w.shape) for w in layer.weights if len(w.shape) in (2, 4)
               and w.name.split("/")[-1].startswith("kernel")]
    places = int(np.prod(shape[:-1])) if len(shape) == 3 else 1
    if isinstance(layer, keras.layers.Conv2DTranspose):  # each input cell meets the kernel
        places = int(np.prod(tf.nest.flatten(layer.input)[0].shape[1:3]))
    multiply_adds = sum(places * int(np.prod(kernel)) for kernel in kernels)
    return LayerCost(layer.name, type(layer).__name__, shape,
                     sum(int(np.prod(w.shape)) for w in layer.weights), multiply_adds,
                     FLOAT_BYTES * int(np.prod(shape)))
