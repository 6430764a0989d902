"""Layers and a progress bar that tensorflow-addons had: Maxout, WeightNormalization and
TQDMProgressBar.

On Keras 2 the two layers are those of tensorflow-addons, imported at their first use (about 0.5 s)
without its end-of-life and version warnings. On Keras 3 they are defined here, with the same
arguments and numbers: tests/test_addons.py compares both with results of tensorflow-addons 0.23.
"""
import time
import warnings
from typing import Optional, Sequence

import keras
import tensorflow as tf
from tqdm.auto import tqdm

from keras_saliency.compat import KERAS_3, register

__all__ = ["Maxout", "TQDMProgressBar", "WeightNormalization"]

EPOCH_BAR = "{n_fmt}/{total_fmt}{bar} ETA: {remaining}s - {desc}"


class TQDMProgressBar(keras.callbacks.Callback):
    """Progress as a tqdm bar with metrics for each epoch, and for `evaluate`.

    Pass `verbose=0` to `fit`. The bars go to standard error, the line "Epoch 1/5" above each to
    standard output. `metrics_separator` stands between metrics, each in `metrics_format` with
    {name} and {value}; at most `update_per_second` redraws.
    """

    def __init__(self, metrics_separator=" - ", metrics_format="{name}: {value:0.4f}",
                 update_per_second=10):
        super().__init__()
        self.metrics_separator, self.metrics_format = metrics_separator, metrics_format
        self.update_per_second = update_per_second
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: Optional[dict] = None) -> None:
        self._training = True
        print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self._open("")

    def on_train_batch_end(self, batch: int, logs: Optional[dict] = None) -> None:
        self._step(logs)

    def on_epoch_end(self, epoch: int, logs: Optional[dict] = None) -> None:
        self._close(logs)
        self._training = False

    # Validation inside fit is part of the epoch; only `evaluate` has a bar of its own.
    def on_test_begin(self, logs: Optional[dict] = None) -> None:
        if not self._training:
            self._open("Evaluating")

    def on_test_batch_end(self, batch: int, logs: Optional[dict] = None) -> None:
        if not self._training:
            self._step(logs)

    def on_test_end(self, logs: Optional[dict] = None) -> None:
        if not self._training:
            self._close(logs)

    def _open(self, description):
        self._waiting, self._drawn_at = 0, time.monotonic()
        self._bar = tqdm(desc=description, total=self.params["steps"],  # None: of unknown length
                         bar_format=EPOCH_BAR, unit="steps", dynamic_ncols=True)

    def _step(self, logs):
        self._waiting += 1
        now = time.monotonic()
        if now - self._drawn_at >= 1 / self.update_per_second:
            self._draw(logs)
            self._waiting, self._drawn_at = 0, now

    def _close(self, logs):
        self._bar.miniters = self._bar.mininterval = 0  # so that the last state is drawn
        self._draw(logs)
        self._bar.close()

    def _draw(self, logs):
        self._bar.desc = self.metrics_separator.join(
            self.metrics_format.format(name=name, value=float(value))
            for name, value in (logs or {}).items() if name not in ("batch", "size"))
        self._bar.update(self._waiting)


def __getattr__(name):
    """Import tensorflow-addons for its two layers on first use (PEP 562); Keras 3 has ours."""
    if name not in ("Maxout", "WeightNormalization") or KERAS_3:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from tensorflow_addons import layers
    except ImportError as error:
        raise ImportError(
            f"Keras {keras.__version__} needs tensorflow-addons, which could not be imported "
            f"({error}); pip install 'tensorflow-addons>=0.23,<0.24', or use Keras 3") from error
    return getattr(layers, name)


if KERAS_3:

    @register
    class Maxout(keras.layers.Layer):
        """The largest of k features each (Goodfellow et al. 2013, arXiv 1302.4389).

        `num_units` features remain on `axis`; it must divide their number. With k = features /
        num_units, output j is the maximum of the inputs j, j + num_units, j + 2 num_units, ...: the
        groups are strided, as in tensorflow-addons, not neighbours.

        Raises:
            ValueError: `num_units` does not divide the features, or there is no such axis.
        """

        def __init__(self, num_units, axis=-1, **kwargs):
            super().__init__(**kwargs)
            self.num_units, self.axis = int(num_units), int(axis)

        def compute_output_shape(self, input_shape: Sequence[Optional[int]]) -> tuple:
            shape = list(input_shape)
            shape[self._checked_axis(shape)] = self.num_units
            return tuple(shape)

        def _checked_axis(self, shape) -> int:
            """Return `axis` counted from the front, or raise `ValueError`."""
            if not -len(shape) <= self.axis < len(shape):
                raise ValueError(f"{self.name}: no axis {self.axis} in shape {tuple(shape)}")
            features = shape[self.axis]
            if features is not None and features % self.num_units:
                raise ValueError(f"{self.name}: number of features ({features}) is not a multiple "
                                 f"of num_units ({self.num_units})")
            return self.axis % len(shape)

        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            inputs = tf.convert_to_tensor(inputs)
            static, dynamic = inputs.shape.as_list(), tf.shape(inputs)
            axis = self._checked_axis(static)
            sizes = [dynamic[i] if s is None else s for i, s in enumerate(static)]
            sizes[axis:axis + 1] = [sizes[axis] // self.num_units, self.num_units]
            return tf.reduce_max(tf.reshape(inputs, sizes), axis=axis)

        def get_config(self) -> dict:
            return {**super().get_config(), "num_units": self.num_units, "axis": self.axis}

    @register
    class WeightNormalization(keras.layers.Wrapper):
        """Weight normalisation, kernel = g v / |v| per output (Salimans & Kingma 2016).

        `v` is the kernel variable of the wrapped layer, `g` [outputs] a new variable. The first
        call, in training or not, sets both once: the flag `initialized` is saved with the weights.

        Args:
            layer: a layer with a `kernel` whose last axis is the outputs (Dense, Conv2D); another
                raises ValueError.
            data_init: True sets g to 1 / std(v x) and the bias to -mean(v x) / std(v x) from the
                first batch x. As in tensorflow-addons, v is not divided by |v| for this, as it is
                in the paper: outputs then have std 1 / |v|. False sets g to |v|, which leaves the
                layer's function unchanged.
        """

        def __init__(self, layer, data_init=True, **kwargs):
            super().__init__(layer, **kwargs)
            self.data_init = bool(data_init)

        def build(self, input_shape: Sequence[Optional[int]]) -> None:
            super().build(input_shape)
            if getattr(self.layer, "kernel", None) is None:
                raise ValueError(f"{self.name}: WeightNormalization must wrap a layer with a "
                                 f"`kernel`; {type(self.layer).__name__} has none")
            self.g = self.add_weight(name="g", shape=(self.layer.kernel.shape[-1],),
                                     initializer="ones", dtype=self.layer.kernel.dtype)
            self.initialized = self.add_weight(name="initialized", shape=(), initializer="zeros",
                                               dtype="bool", trainable=False)
            self.built = True

        @property
        def v(self) -> "keras.Variable":
            """The direction: the wrapped layer's own kernel variable, any length."""
            return self.layer.kernel

        def compute_output_shape(self, input_shape: Sequence[Optional[int]]) -> tuple:
            return self.layer.compute_output_shape(input_shape)

        def call(self, inputs: tf.Tensor) -> tf.Tensor:
            bias = getattr(self.layer, "bias", None)

            def current():
                return [tf.convert_to_tensor(v) for v in (self.g, bias) if v is not None]

            def first():
                self._initialize(inputs, bias)
                return current()

            g, *rest = tf.cond(tf.convert_to_tensor(self.initialized), current, first)
            return self._apply(inputs, self._kernel(g), *rest)

        def _kernel(self, g):
            """Return the effective kernel for the magnitudes `g`."""
            v = tf.convert_to_tensor(self.v)
            return tf.nn.l2_normalize(v, axis=list(range(v.shape.rank - 1))) * g

        def _apply(self, inputs, kernel, bias=None):
            """Call the wrapped layer with these tensors for its variables."""
            swap = {id(self.layer.kernel): kernel}
            if bias is not None:
                swap[id(self.layer.bias)] = bias
            values = [[swap.get(id(variable), variable) for variable in variables] for variables in
                      (self.layer.trainable_variables, self.layer.non_trainable_variables)]
            return self.layer.stateless_call(*values, inputs)[0]

        def _initialize(self, inputs, bias):
            """Assign g (and the bias), and remember that it is done."""
            v = tf.convert_to_tensor(self.v)
            if self.data_init:
                mean, variance = self._linear_moments(inputs)
                scale = tf.cast(1.0 / tf.sqrt(variance + 1e-10), v.dtype)
                self.g.assign(tf.convert_to_tensor(self.g) * scale)
                if bias is not None:
                    bias.assign(-tf.cast(mean, v.dtype) * scale)
            else:
                self.g.assign(tf.norm(tf.reshape(v, [-1, v.shape[-1]]), axis=0))
            self.initialized.assign(True)

        def _linear_moments(self, inputs):
            """Return mean and variance [outputs] of the layer's output before its activation."""
            activation = getattr(self.layer, "activation", None)
            try:
                self.layer.activation = None
                outputs = self._apply(inputs, tf.convert_to_tensor(self.v))
            finally:
                self.layer.activation = activation
            return tf.nn.moments(outputs, axes=list(range(outputs.shape.rank - 1)))

        def remove(self) -> keras.layers.Layer:
            """Give the wrapped layer the effective kernel g v / |v|, and return it."""
            self.layer.kernel.assign(self._kernel(tf.convert_to_tensor(self.g)))
            return self.layer

        def get_config(self) -> dict:
            return {**super().get_config(), "data_init": self.data_init}
