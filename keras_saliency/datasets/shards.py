"""Shards of work over many items, the same for one process and for many machines.

Sums of floating point numbers depend on the order of their terms. Equal shards therefore give the
same results to the last bit, whatever machine computes them.
"""
import functools
import itertools
from typing import Any, Callable, Iterator, Optional, Sequence

import numpy as np
from numpy.typing import ArrayLike

ITEMS = 8  # per shard; up to a batch more where the batch does not divide it


def cut(indices: ArrayLike, batch: int) -> list[np.ndarray]:
    """Cut `indices` into int64 arrays of whole batches, in order; the last may be shorter."""
    indices, size = np.asarray(indices, np.int64), length(batch)
    return [indices[start:start + size] for start in range(0, len(indices), size)]


def length(batch: int) -> int:
    """Return the number of items in a shard of whole batches."""
    return batch * -(-ITEMS // batch)


def spread(client: Any, function: Callable, parts: Sequence[np.ndarray], dataset: Any,
           shared: dict, label: Optional[str], unit: str = "stimulus") -> Iterator:
    """Yield `function(**shared, indices=part)` of each of `parts`, in order, from the workers.

    Args:
        client: of `cluster.connect`; with None this process calls `function` once, with all
            indices and the label. function: of a module of this package. parts: of `cut`.
        dataset: of all items, with their `names`, for messages, and its `contents`, to which
            results belong that the client keeps. label, unit: of the progress bar.
    """
    if client is None:
        return iter([function(**shared, indices=np.array([*itertools.chain(*parts)], int),
                              label=label)])
    return client.map(function, "indices", parts, shared, label, sum(map(len, parts)), unit,
                      lambda part: [str(dataset.names[i]) for i in part],
                      contents=dataset.contents() if client.keep else "", holds=_is_whole)


def _is_whole(part, result) -> bool:
    """Return False for a kept result that says it is of another number of items."""
    items = result if isinstance(result, np.ndarray) else getattr(result, "names", part)
    return len(items) == len(part)


def merged(client: Any, function: Callable, indices: ArrayLike, batch: int,
           *arguments: Any) -> dict:
    """Return the `merge` of what `spread` yields for shards of `indices`."""
    return functools.reduce(merge, spread(client, function, cut(indices, batch), *arguments), {})


def merge(first: Any, second: Any) -> Any:
    """Merge the results of two shards, in this order.

    Dicts are merged key by key, arrays joined, other objects asked to `merge`.
    """
    if isinstance(first, np.ndarray):
        return np.concatenate([first, second])
    if not isinstance(first, dict):
        return first.merge(second)
    return {**first, **{key: merge(first[key], part) if key in first else part
                        for key, part in second.items()}}
