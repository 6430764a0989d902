"""The part that runs on a worker: one shard at a time on each of its threads."""
import os
import threading
from functools import lru_cache
from typing import Any, Callable, Iterable, Sequence

from distributed import WorkerPlugin, get_worker

from keras_saliency.cluster import packing
from keras_saliency.lazy import import_tensorflow


class Shared(WorkerPlugin):
    """Arguments that all shards share, sent once to each worker (later ones too) and unpacked by
    the first shard there."""

    def __init__(self, name: str, packed: bytes, slots: int = 0):
        """slots: number of workers that divide the cores of their machine; 0 not to pin them."""
        self.name, self.packed, self.slots = name, packed, slots

    def setup(self, worker: Any) -> None:
        self._lock, self._value = threading.Lock(), None
        self._threads, self._slot = worker.state.nthreads, worker.name

    def value(self) -> dict:
        """Return the unpacked dict."""
        with self._lock:
            if self._value is None:
                limit_threads(self._threads, self._slot, self.slots)
                self._value = packing.unpack(self.packed)
            return self._value


@lru_cache(maxsize=None)  # once in a process
def limit_threads(threads: int, slot: Any, slots: int) -> None:
    """Give TensorFlow as many threads as the worker has; if `slots` workers divide their machine's
    cores, pin this process to its share."""
    if slots and isinstance(slot, int) and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[slot % slots::slots] or cores)
    import_tensorflow()
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # TensorFlow runs already
        pass


def run_shard(names: Iterable, function: Callable, argument: str, shard: Sequence) -> Any:
    """Call `function` with the arguments of the `Shared` of `names` and the shard as `argument`."""
    plugins, shared = get_worker().plugins, {}
    for name in names:
        shared.update(plugins[name].value())
    return function(**shared, **{argument: shard})
