"""The workers of a Dask client, as what predicting, scoring and unit analysis take for `client`."""
from tqdm import tqdm

from keras_saliency.cluster import packing
from keras_saliency.cluster.kept import Kept
from keras_saliency.cluster.work import PATIENCE, Work
from keras_saliency.cluster.worker import Shared, run_shard


class Cluster:
    """Sends shards of work to workers and gives their results in the shards' order.

    Args:
        client: `distributed.Client`.
        keep: folder for the results of finished shards; None to keep none.
        resume: take what is kept from the same work instead of doing it again.
        slots: how many workers part the cores of one machine; 0 to leave that as it is.
        patience: seconds after which a shard counts as hanging: it starts again elsewhere.

    Attributes:
        failed: lines about shards that failed three times, which the work went on without.
    """

    def __init__(self, client, keep=None, resume=False, slots=0, patience=PATIENCE):
        self.client, self.keep, self.resume = client, keep, resume
        self.slots, self.patience = slots, patience
        self.failed, self._placed = [], set()

    def map(self, function, argument: str, shards, shared: dict, label: str, total=None,
            unit="stimulus", names=list, kept=None):
        """Yield `function(**shared, argument=shard)` of each shard, in their order.

        Args:
            function: of a module of this package; it is found there on the workers.
            shards: iterable of what can be sent, each with a length; it is read as the work goes
                on.
            shared: further arguments, sent once to each worker; may hold networks.
            label, unit: of the progress bar; no label, no bar. total: items of all shards, None
                if nobody knows.
            names: shard -> names of its items, for the message about one that failed; such a
                shard yields nothing.
            kept: what keeps results of finished shards in place of `Kept`.

        Raises:
            OSError: the scheduler is gone, or the first shards all fail.
            InputError: a kept result that is damaged.
        """
        placed = [self._place(packing.pack({key: value})) for key, value in shared.items()]
        work = f"{function.__name__}-{packing.digest(''.join(placed).encode())}"
        if kept is None and self.keep:
            kept = Kept(self.keep, work, self.resume)

        def submit(shard, key):
            return self.client.submit(run_shard, placed, function, argument, shard, key=key,
                                      pure=False)

        with tqdm(total=total, desc=label, unit=unit, disable=label is None) as bar:
            work = Work(self.client, submit, names, bar.update, kept, self.patience, self.failed)
            yield from work.results(shards)

    def _place(self, packed: bytes) -> str:
        """Send what shards share to the workers, once; its name there."""
        name = f"keras_saliency-{packing.digest(packed)}"
        if name not in self._placed:
            self.client.register_plugin(Shared(name, packed, self.slots))
            self._placed.add(name)
        return name
