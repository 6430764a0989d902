"""In which order training sees the stimuli of one or several datasets.

An epoch is a pure function of (seed, epoch): a resumed run sees what an uninterrupted one would
have seen. Whatever it draws from, each batch is of one canvas.
"""
from dataclasses import dataclass
from typing import Sequence

import numpy as np
import tensorflow as tf

from keras_saliency.datasets.dataset import DatasetError


@dataclass(frozen=True)
class Share:
    """Stimuli of one dataset that come onto one canvas.

    Attributes:
        count: how many. weight: how often an epoch shows each; of the part after the point, that
            share of them once more, drawn anew for each epoch. canvas: (h, w).
    """

    count: int
    weight: float = 1.0
    canvas: tuple = ()

    @property
    def draws(self) -> int:
        """Examples in an epoch: weight times count, rounded, at least one."""
        return max(1, round(self.weight * self.count))


def steps_per_epoch(shares: Sequence[Share], batch: int) -> int:
    """Whole batches in an epoch; what is left over comes up in another epoch's order.

    Raises:
        DatasetError: a canvas with fewer examples than one batch.
    """
    return sum(_whole_batches(shares, batch).values())


def epoch_orders(shares: Sequence[Share], batch: int, seed: int, mirror: bool, epochs: range):
    """tf.data of (share, index, mirrored, key) in training order over `epochs`.

    Each epoch is a permutation of the draws of all shares, drawn from (seed, epoch) alone. Those
    of each canvas are cut to whole batches, and where there are several canvases their batches
    are shuffled among each other. With `mirror` each example is flipped with probability 1/2,
    drawn likewise, as is the int32 [2] `key` of its augmentation.

    Raises:
        DatasetError: a canvas with fewer examples than one batch.
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


def mixed_loader(loaders):
    """A graph function (share, index, mirrored, key) -> what `loaders[share]` makes of the rest."""
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
    for canvas, count in draws.items():
        if count < batch:
            of_canvas, remedy = "", "set train.batch lower"
            if len(draws) > 1:
                of_canvas = f" on the canvas {canvas[0]}x{canvas[1]}"
                remedy += ", or data.upright=false"
            raise DatasetError(f"{count} training stimuli{of_canvas} do not fill one batch of "
                               f"{batch}; {remedy}")
    return {canvas: count // batch for canvas, count in draws.items()}


def _indices(share: Share, key):
    """int32 [draws]: every index as often as the weight's whole part, then a part of them."""
    passes, rest = divmod(share.draws, share.count)
    every = tf.range(share.count)
    some = tf.argsort(tf.random.stateless_uniform([share.count], key))[:rest]
    return tf.concat([*[every] * passes, some], axis=0)
