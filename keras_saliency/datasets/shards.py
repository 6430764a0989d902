"""How work over many items is cut: into the same pieces for one process and for many machines.

Sums of floating point numbers depend on the order in which they are added. What is merged from
shards is the same to the last bit whoever computes them, as long as the shards are the same.
"""
import numpy as np

ITEMS = 8  # of a shard, and a batch more where that does not divide it


def cut(indices, batch: int) -> list:
    """`indices` in pieces of whole batches, in their order; the last may be shorter.

    Returns:
        List of int64 arrays of some `ITEMS` each.
    """
    indices = np.asarray(indices, np.int64)
    size = length(batch)
    return [indices[start:start + size] for start in range(0, len(indices), size)]


def length(batch: int) -> int:
    """Items of a shard in batches of so many."""
    return batch * -(-ITEMS // batch)


def spread(client, function, parts, names, shared: dict, label, unit="stimulus"):
    """Yield `function(**shared, indices=part)` of each of `parts`, in their order, which the
    workers of a client compute.

    Args:
        client: of `cluster.connect`. function: of a module of this package.
        parts: of `cut`. names: of all items, by index, for messages.
        label, unit: of the progress bar.
    """
    return client.map(function, "indices", parts, shared, label, sum(map(len, parts)), unit,
                      lambda part: [str(names[i]) for i in part])


def merge(first: dict, second: dict) -> dict:
    """{key: what has a method `merge`} of two shards as that of both, in this order."""
    return {**first, **{key: first[key].merge(part) if key in first else part
                        for key, part in second.items()}}
