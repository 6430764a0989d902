"""The workers of a Dask client, for the argument `client` of predicting, scoring, unit analysis."""
import os
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Optional, Sequence, Union

from distributed import WorkerPlugin, get_worker
from tqdm import tqdm

from keras_saliency.cluster import packing
from keras_saliency.cluster.work import PATIENCE, Work
from keras_saliency.lazy import import_tensorflow


class Cluster:
    """Send shards of work to workers and return their results in the shards' order.

    Args:
        client: `distributed.Client`. keep: folder for the results of finished shards, or None.
        resume: reuse the kept results of the same work.
        slots: number of workers that divide the cores of one machine; 0 not to pin workers.
        patience: seconds after which a shard counts as hanging and starts again elsewhere.

    Attributes:
        failed: lines about shards that failed three times and were given up.
    """

    def __init__(self, client: Any, keep: Optional[Union[str, Path]] = None, resume: bool = False,
                 slots: int = 0, patience: float = PATIENCE):
        self.client, self.keep, self.resume = client, keep, resume
        self.slots, self.patience = slots, patience
        self.failed, self._placed = [], set()

    def map(self, function: Callable, argument: str, shards: Iterable, shared: dict, label: str,
            total: Optional[int] = None, unit: str = "stimulus", names: Callable = list,
            kept: Any = None, contents: str = "",
            holds: Optional[Callable] = None) -> Iterator:
        """Yield `function(**shared, argument=shard)` for each shard, in their order.

        Args:
            function: of a module of this package, which workers import by name.
            shards: iterable of sequences that can be pickled, read while the work goes on.
            shared: further arguments, sent once to each worker; may hold networks.
            label, unit: texts of the progress bar; None as label for no bar. total: number of
                items in all shards, or None if unknown.
            names: function from a shard to the names of its items, for the message about a shard
                that failed; such a shard yields nothing.
            kept: store of finished shards' results, instead of `packing.Kept`.
            contents: a digest of the files that the function reads; kept results belong to it.
            holds: as for `packing.Kept`.

        Raises:
            OSError: the scheduler is gone, or the first shards all fail.
            InputError: a kept result is damaged.
        """
        placed = [self._place(packing.pack({key: value})) for key, value in shared.items()]
        work = f"{function.__name__}-{packing.digest(''.join([*placed, contents]).encode())}"
        if kept is None and self.keep:
            kept = packing.Kept(self.keep, work, self.resume, holds)

        def submit(shard, key):
            return self.client.submit(run_shard, placed, function, argument, shard, key=key,
                                      pure=False)

        with tqdm(total=total, desc=label, unit=unit, disable=label is None) as bar:
            work = Work(self.client, submit, names, bar.update, kept, self.patience, self.failed)
            yield from work.results(shards)

    def _place(self, packed: bytes) -> str:
        """Send shared arguments to the workers once; return their name there."""
        name = f"keras_saliency-{packing.digest(packed)}"
        if name not in self._placed:
            self.client.register_plugin(Shared(name, packed, self.slots))
            self._placed.add(name)
        return name


class Shared(WorkerPlugin):
    """Arguments that all shards share, sent once to each worker (later ones too) and unpacked by
    the first shard there."""

    def __init__(self, name: str, packed: bytes, slots: int = 0):
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
    """Give TensorFlow the threads of the worker; with `slots`, pin it to its share of cores."""
    if slots and isinstance(slot, int) and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[slot % slots::slots] or cores)
    import_tensorflow()
    import tensorflow as tf

    with suppress(RuntimeError):  # TensorFlow runs already
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def run_shard(names: Iterable, function: Callable, argument: str, shard: Sequence) -> Any:
    """Call `function` with the arguments of the `Shared` of `names` and the shard as `argument`."""
    plugins, shared = get_worker().plugins, {}
    for name in names:
        shared.update(plugins[name].value())
    return function(**shared, **{argument: shard})
