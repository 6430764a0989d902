"""The differences between Keras 2 and Keras 3; only this file and `addons` know which one runs."""
from typing import Any

import keras
import tensorflow as tf

KERAS_3 = int(keras.__version__.split(".")[0]) >= 3

# Decorator for our layers, losses and metrics: saved models find them under "keras_saliency>Name".
register = keras.saving.register_keras_serializable(package="keras_saliency")

__all__ = ["KERAS_3", "RampedSGD", "register", "tensorflow_variables"]


def tensorflow_variables(model: keras.Model) -> list[tf.Variable]:
    """Return the `tf.Variable`s that hold a model's weights; Keras 3 wraps its own around them."""
    return [variable.value if KERAS_3 else variable for variable in model.variables]


@register
class RampedSGD(keras.optimizers.SGD):
    """`keras.optimizers.SGD` whose momentum changes linearly from `momentum` at the first update to
    `end_momentum` after `steps` updates, and stays there."""

    def __init__(self, learning_rate=0.01, momentum=0.9, end_momentum=0.999, steps=1, **options):
        super().__init__(learning_rate, momentum=momentum, **options)
        self.end_momentum, self.steps = float(end_momentum), int(steps)
        if not (0 < momentum <= 1 and 0 <= self.end_momentum <= 1):
            raise ValueError("`momentum` must be above 0, and both at most 1")

    def current_momentum(self) -> tf.Tensor:
        """Return the momentum of the next update, float32."""
        done = tf.cast(tf.convert_to_tensor(self.iterations), tf.float32)
        share = tf.minimum(done / self.steps, 1.0)
        return self.momentum + (self.end_momentum - self.momentum) * share

    def update_step(self, gradient: tf.Tensor, variable: Any, learning_rate: Any = None) -> None:
        """Update one variable; Keras 3 passes the rate, in Keras 2 the optimizer has it."""
        index = (self._get_variable_index(variable) if KERAS_3
                 else self._index_dict[self._var_key(variable)])
        velocity, dtype = self.momentums[index], variable.dtype
        rate = tf.cast(tf.convert_to_tensor(
            self.learning_rate if learning_rate is None else learning_rate), dtype)
        momentum = tf.cast(self.current_momentum(), dtype)
        step = tf.convert_to_tensor(velocity) * momentum - gradient * rate
        velocity.assign(step)
        variable.assign_add(step * momentum - gradient * rate if self.nesterov else step)

    def get_config(self) -> dict:
        return {**super().get_config(), "end_momentum": self.end_momentum, "steps": self.steps}
