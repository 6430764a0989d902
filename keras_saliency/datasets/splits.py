"""Splits into training and validation stimuli, as the authors of MSI-Net published them.

Kroner, Senden, Driessens, Goebel (2020), Contextual encoder-decoder network for visual saliency
prediction, Neural Networks 129; https://github.com/alexanderkroner/saliency (`data.py`).
"""
from typing import Optional

import numpy as np

from keras_saliency.datasets import spec_of
from keras_saliency.datasets.dataset import SaliencyDataset, require


def split(dataset: SaliencyDataset, seed: int = 42, train: Optional[int] = None,
          validation: Optional[int] = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of training and of validation stimuli.

    - A published `partition` is kept: `train` and `val` in name order.
    - With `categories` (CAT2000), 80 % of each category trains. One shuffled list of ranks serves
      all; it is as long as the largest category, and smaller ones skip the ranks they do not have.
    - Otherwise the indices of the name-sorted stimuli are shuffled and the first of them train:
      as many as the `split` of its `DatasetSpec` says, the same share of an incomplete copy, and
      80 % of other sets.

    Args:
        dataset: the whole dataset. seed: of `numpy.random.RandomState`.
        train, validation: take fewer of one side and leave the other as it is. Of a partition a
            seeded choice is taken, of categories as many of each. Without either, one side may
            also grow at the other's cost.
    """
    for side, count in (("train", train), ("validation", validation)):
        require(count is None or count > 0,
                f"{dataset.name}: {side} must be above 0 stimuli, not {count}")
    if dataset.partition is not None:
        sides = _by_partition(dataset, seed, train, validation)
    elif dataset.categories is not None:
        sides = _by_category(dataset, seed, train, validation)
    else:
        sides = _by_order(dataset, seed, train, validation)
    for side, indices, count in zip(("train", "validation"), sides, (train, validation)):
        require(len(indices) > 0, f"{dataset.name}: no stimuli left for {side} among the "
                                  f"{len(dataset)} there are")
        require(count is None or count == len(indices),
                f"{dataset.name}: {count} stimuli asked for {side}, {len(indices)} available")
    return sides


def hold_out(training: np.ndarray, count: int, seed: int = 42) -> tuple[np.ndarray, np.ndarray]:
    """Divide the training stimuli, to choose settings without the validation stimuli.

    Returns:
        Indices of those that still train and of `count` held out, both in the order given.
    """
    require(0 < count < len(training), f"{count} of {len(training)} training stimuli held out; "
                                       "both parts need at least one")
    held = np.isin(np.arange(len(training)), _shuffled(len(training), seed)[:count])
    return training[~held], training[held]


def _shuffled(count, seed) -> np.ndarray:
    return np.random.RandomState(seed).permutation(count)


def _by_partition(dataset, seed, train, validation):
    sides = [np.flatnonzero(np.asarray(dataset.partition) == word) for word in ("train", "val")]
    return tuple(side if count is None else side[np.sort(_shuffled(len(side), seed)[:count])]
                 for side, count in zip(sides, (train, validation)))


def _by_category(dataset, seed, train, validation):
    names = np.asarray(dataset.categories)
    members = [np.flatnonzero(names == name) for name in sorted(set(dataset.categories))]
    ranks = _shuffled(max(len(m) for m in members), seed)
    orders = [m[ranks[ranks < len(m)]] for m in members]
    return (_evenly([order[:_share(len(order))] for order in orders], train),
            _evenly([order[_share(len(order)):] for order in orders], validation))


def _evenly(groups, count) -> np.ndarray:
    """All indices group by group, or `count` of them: the first of each group in turn."""
    if count is not None:
        turns = sorted((turn, g) for g, group in enumerate(groups) for turn in range(len(group)))
        sizes = np.bincount([g for _, g in turns[:count]], minlength=len(groups))
        groups = [group[:size] for group, size in zip(groups, sizes)]
    return np.concatenate(groups)


def _by_order(dataset, seed, train, validation):
    total = len(dataset)
    require((train or 0) + (validation or 0) <= total,
            f"{dataset.name}: {train or 0} training and {validation or 0} validation stimuli "
            f"asked for, {total} available")
    published = _share(total, *(spec_of(dataset).split or (4, 1)))
    border = min(max(published, train or 0), total - (validation or 0))
    order = _shuffled(total, seed)
    return order[:border][:train], order[border:][:validation]


def _share(total, train=4, validation=1) -> int:
    """The stimuli of `total` that train if `train` of `train + validation` do; at least one."""
    return max(1, total * train // (train + validation))
