"""The adversarial stage of SalGAN: generator and discriminator take turns.

Source: Pan et al. (2017), section 3.3, and the authors' code. The discriminator learns to tell
measured maps from generated ones. The generator minimises alpha times its content loss plus the
cross-entropy of the discriminator taking its maps for measured ones. Batches alternate.
"""
from dataclasses import dataclass
from typing import Any, Callable, Sequence, Tuple

import keras
import tensorflow as tf

from keras_saliency.config import TrainConfig, require
from keras_saliency.files import AnyPath
from keras_saliency.models.salgan import salgan_discriminator
from keras_saliency.models.weights_file import WeightsError
from keras_saliency.training.run import assign, matching, optimizer_variables

DISCRIMINATOR, OPTIMIZER = "_discriminator", "_discriminator_optimizer"
EPSILON = 1e-7


@dataclass
class Adversary:
    """The discriminator and its optimizer."""

    discriminator: keras.Model
    optimizer: keras.optimizers.Optimizer

    def groups(self) -> dict:
        """Return {group of a checkpoint: variables}."""
        return {DISCRIMINATOR: self.discriminator.weights,
                OPTIMIZER: optimizer_variables(self.optimizer)}

    def restore(self, path: AnyPath) -> None:
        """Take over the state in a checkpoint; `WeightsError` if it is of another discriminator."""
        self.optimizer.build(self.discriminator.trainable_variables)
        groups = self.groups()
        values = {group: matching(path, group, variables) for group, variables in groups.items()}
        require(None not in values.values(),
                f"{path} does not hold the state of this discriminator; start a new run from its "
                f"generator: set model.weights={path}", error=WeightsError)
        for group, variables in groups.items():
            assign(variables, values[group])


def make_adversary(settings: TrainConfig, canvas: Sequence[int],
                   optimizer: keras.optimizers.Optimizer) -> Adversary:
    """Return the discriminator for maps on `canvas` (h, w), with its own `optimizer`."""
    require(settings.cache == "none",
            "train.adversarial needs the stimuli themselves: set train.cache=none")
    require(not any(side % 16 for side in canvas), "train.adversarial: the sides of the canvas "
            f"must be multiples of 16, not {canvas[0]}x{canvas[1]}")
    discriminator = salgan_discriminator(
        (*canvas, 3), width_multiplier=settings.adversarial.width_multiplier)
    return Adversary(discriminator, optimizer)


class AdversarialTraining(keras.Model):
    """A model whose `fit` trains a generator (of maps in 0..1) and its adversary.

    The logs have `loss` (the content loss alone, as for other models), `generator_loss`,
    `discriminator_loss`, `discriminator_accuracy` and both learning rates, as means over the steps
    that computed them. `alpha` is the weight of the content loss.
    """

    def __init__(self, generator: keras.Model, adversary: Adversary, alpha: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.generator, self.discriminator = generator, adversary.discriminator
        self.discriminator_optimizer, self.alpha = adversary.optimizer, alpha
        self.means = {name: keras.metrics.Mean(name=name) for name in (
            "loss", "generator_loss", "discriminator_loss", "discriminator_accuracy",
            "generator_rate", "discriminator_rate")}

    def compile(self, optimizer: keras.optimizers.Optimizer, loss: Callable,
                **options: Any) -> None:
        super().compile(optimizer=optimizer, **options)
        self.content_loss = loss
        optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

    @property
    def metrics(self) -> list:
        return list(self.means.values())

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.generator(inputs, training=training)

    def train_step(self, data: Tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        images, targets = data
        done = tf.cast(self.optimizer.iterations, tf.int64) + tf.cast(
            self.discriminator_optimizer.iterations, tf.int64)
        tf.cond(done % 2 == 0, lambda: self._train_discriminator(images, targets),
                lambda: self._train_generator(images, targets))
        return {mean.name: mean.result() for mean in self.metrics}

    def _train_discriminator(self, images, targets):
        fake = self.generator(images, training=True)
        with tf.GradientTape() as tape:
            real_answer = self.discriminator([images, targets[..., :1]], training=True)
            fake_answer = self.discriminator([images, fake], training=True)
            loss = _entropy(real_answer) + _entropy(1 - fake_answer)
        right = tf.concat([real_answer > 0.5, fake_answer < 0.5], axis=0)
        _step(self.discriminator, self.discriminator_optimizer, tape, loss)
        return self._record(discriminator_loss=loss,
                            discriminator_accuracy=tf.cast(right, tf.float32),
                            discriminator_rate=self.discriminator_optimizer.learning_rate)

    def _train_generator(self, images, targets):
        with tf.GradientTape() as tape:
            maps = self.generator(images, training=True)
            content = self.content_loss(targets, maps)
            taken = _entropy(self.discriminator([images, maps], training=False))
            loss = self.alpha * content + taken
        _step(self.generator, self.optimizer, tape, loss)
        return self._record(loss=content, generator_loss=loss,
                            generator_rate=self.optimizer.learning_rate)

    def _record(self, **values):
        for name, value in values.items():
            self.means[name].update_state(tf.convert_to_tensor(value))
        return tf.constant(0)


def _step(network, optimizer, tape, loss):
    variables = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


def _entropy(probability):
    """Return the mean cross-entropy, in nats, of probabilities that should be 1."""
    return -tf.reduce_mean(tf.math.log(tf.maximum(probability, EPSILON)))
