"""The order in which training sees the stimuli of one or several datasets.

An epoch is a pure function of (seed, epoch), so a resumed run goes on as an uninterrupted one
would. Each batch is of one canvas.
"""
from dataclasses import dataclass
from typing import Callable, Sequence

import numpy as np
import tensorflow as tf

from keras_saliency.datasets.dataset import require


@dataclass(frozen=True)
class Share:
    """Stimuli of one dataset that come onto one canvas."""

    count: int
    weight: float = 1.0  # how often an epoch shows each; with 1.25, a quarter of them, drawn anew
                         # for each epoch, is shown a second time
    canvas: tuple = ()   # (h, w)

    @property
    def draws(self) -> int:
        """Examples in an epoch: weight times count, rounded, at least one."""
        return max(1, round(self.weight * self.count))


def steps_per_epoch(shares: Sequence[Share], batch: int) -> int:
    """Return the number of whole batches in an epoch; other epochs have the stimuli left over."""
    return sum(_whole_batches(shares, batch).values())


def epoch_orders(shares: Sequence[Share], batch: int, seed: int, mirror: bool,
                 epochs: range) -> tf.data.Dataset:
    """Return tf.data of (share, index, mirrored, key) in training order over `epochs`.

    Each epoch is a permutation of the draws of all shares. The draws of each canvas are cut to
    whole batches; the batches of several canvases are shuffled among each other. With `mirror`
    each example is flipped with probability 1/2. `key`, int32 [2], is for its augmentation.
    """
    share_of = np.repeat(np.arange(len(shares)), [share.draws for share in shares])
    places = [(np.flatnonzero([shares[share].canvas == canvas for share in share_of]), whole)
              for canvas, whole in _whole_batches(shares, batch).items()]

    def order(epoch):
        key = tf.stack([tf.cast(seed, tf.int64), epoch])
        chance = tf.random.stateless_uniform([2, len(share_of)], key)
        flips = (chance[1] < 0.5) if mirror else tf.zeros([len(share_of)], tf.bool)
        keys = tf.random.stateless_uniform([len(share_of), 2], key + 1, None, None, tf.int32)
        index = tf.concat([_indices(share, key + 2 + number)
                           for number, share in enumerate(shares)], axis=0)
        batches = tf.concat([
            tf.reshape(tf.gather(own, tf.argsort(tf.gather(chance[0], own)))[:whole * batch],
                       [whole, batch]) for own, whole in places], axis=0)
        if len(places) > 1:
            among = tf.random.stateless_uniform([len(batches)], key + 2 + len(shares))
            batches = tf.gather(batches, tf.argsort(among))
        permutation = tf.reshape(batches, [-1])
        return tf.data.Dataset.from_tensor_slices(tuple(
            tf.gather(drawn, permutation) for drawn in (share_of, index, flips, keys)))

    return tf.data.Dataset.range(epochs.start, epochs.stop).flat_map(order)


def mixed_loader(loaders: Sequence[Callable]) -> Callable:
    """Return a graph function that calls `loaders[share]` with (index, mirrored, key)."""
    if len(loaders) == 1:
        return lambda share, *example: loaders[0](*example)

    def load(share, *example):
        return tf.switch_case(tf.cast(share, tf.int32),
                              [lambda load=load: load(*example) for load in loaders])

    return load


def _whole_batches(shares, batch) -> dict:
    """{canvas: whole batches in an epoch}."""
    draws = {}
    for share in shares:
        draws[share.canvas] = draws.get(share.canvas, 0) + share.draws
    several = len(draws) > 1
    for canvas, count in draws.items():
        require(count >= batch, f"{count} training stimuli"
                + (f" on the canvas {canvas[0]}x{canvas[1]}" if several else "")
                + f" do not fill one batch of {batch}; set train.batch lower"
                + (", or data.upright=false" if several else ""))
    return {canvas: count // batch for canvas, count in draws.items()}


def _indices(share: Share, key):
    """int32 [draws]: all indices, as often as the weight's whole part, then some of them."""
    passes, rest = divmod(share.draws, share.count)
    some = tf.argsort(tf.random.stateless_uniform([share.count], key))[:rest]
    return tf.concat([*[tf.range(share.count)] * passes, some], axis=0)
