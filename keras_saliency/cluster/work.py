"""Sending of shards to workers, and again when a worker dies, hangs or fails."""
import itertools
import queue
import sys
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator

from keras_saliency.files import first_line, list_some, printable

ATTEMPTS = 3     # attempts at a shard, before the work goes on without it
FIRST = 4        # failed shards before any result: the work stops, since all would fail
PATIENCE = 600   # seconds that a shard may take
AHEAD = 8        # shards sent ahead for each thread of the workers
TOGETHER = 32    # results fetched in one call; more may not fit into memory
GONE = 20        # seconds without a scheduler, before the work stops
TICK = 1.0       # seconds between looks at the workers
SCHEDULER_GONE = ("the scheduler is gone; finished shards are kept in the output folder: resume "
                  "the work from there")


@dataclass
class _Shard:
    """A shard at the workers; `seen` is {worker: time when the shard was first seen there}."""

    number: int
    value: Any
    future: Any = None  # of the latest attempt
    failures: int = 0
    seen: dict = field(default_factory=dict)


class Work:
    """One piece of work; names, kept, patience and failed are as in `Cluster`.

    Args:
        client: `distributed.Client`. submit: function (shard, key) -> future.
        advance: function to call with the number of items done.
    """

    def __init__(self, client: Any, submit: Callable, names: Callable, advance: Callable, kept: Any,
                 patience: float, failed: list):
        self.client, self.submit, self.names, self.advance = client, submit, names, advance
        self.kept, self.patience, self.failed = kept, patience, failed
        # by number: shards at the workers; functions that return a result, None for no result
        self._out, self._ready, self._arrived = {}, {}, queue.SimpleQueue()
        self._came_back, self._threads = False, 1
        # times: of the last look, of the last look with a worker, of the scheduler's loss
        self._looked, self._served, self._gone_since = 0.0, time.monotonic(), None

    def results(self, shards: Iterable) -> Iterator:
        """Yield the results in the order of the shards, without shards given up."""
        try:
            yield from self._results(iter(shards))
        except Exception:
            if self.client.status != "running":  # many calls fail then, each in its own way
                raise OSError(SCHEDULER_GONE) from None
            raise
        finally:
            if self.client.status == "running":
                self.client.cancel([shard.future for shard in self._out.values()], force=True)

    def _results(self, shards):
        sent = given = 0
        while True:
            room = max(0, AHEAD * self._threads - (sent - given))
            for shard in itertools.islice(shards, room):
                self._begin(sent, shard)
                sent += 1
            if given == sent:
                return
            self._look()
            if given not in self._ready:
                self._receive()
                continue
            result = self._ready.pop(given)
            given += 1
            if result is not None:
                yield result()

    def _begin(self, number, value) -> None:
        if self.kept is not None and self.kept.has(number, value):
            self._ready[number] = lambda: self.kept.read(number, value)
            self.advance(len(value))
        else:
            self._out[number] = _Shard(number, value)
            self._send(self._out[number])

    def _send(self, shard) -> None:
        shard.seen.clear()
        shard.future = self.submit(shard.value, f"shard-{shard.number}-{uuid.uuid4().hex}")
        shard.future.add_done_callback(lambda future: self._arrived.put((shard, future)))

    def _receive(self) -> None:
        """Take the shards that came back, if any; fetch their results in one call."""
        arrived, lost = {}, []
        with suppress(queue.Empty):
            while len(arrived) < TOGETHER:
                shard, future = self._arrived.get(timeout=0 if arrived else TICK)
                if future is shard.future and shard.number in self._out:
                    arrived[shard.number] = shard  # else an abandoned attempt
        results = self.client.gather({number: shard.future for number, shard in arrived.items()
                                      if shard.future.status == "finished"}, errors="skip")
        for number, shard in arrived.items():
            if shard.future.status == "finished" and number in results:
                self._finish(shard, results[number])
            elif shard.future.status == "error":
                self._fail(shard, shard.future.exception())
            else:  # the scheduler lost it, or is gone itself
                lost.append(shard)
        if lost:
            time.sleep(TICK)
        for shard in lost:
            self._fail(shard, ConnectionError("lost by the scheduler"))

    def _finish(self, shard, result) -> None:
        if self.kept is not None:
            self.kept.write(shard.number, shard.value, result)
        self._came_back = True
        self._settle(shard, lambda: result)

    def _fail(self, shard, error) -> None:
        shard.failures += 1
        if shard.failures < ATTEMPTS:
            self._send(shard)
            return
        self.failed.append(f"{list_some(self.names(shard.value))}: {first_line(error)}")
        self._settle(shard, None)
        if len(self.failed) >= FIRST and not self._came_back:
            raise OSError(f"the first {FIRST} shards failed {ATTEMPTS} times each, the last with: "
                          f"{first_line(error)}")

    def _settle(self, shard, result) -> None:
        del self._out[shard.number]
        self._ready[shard.number] = result
        self.advance(len(shard.value))

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < TICK:
            return
        self._looked = now
        if self.client.status != "running":
            self._gone_since = self._gone_since or now
            if now - self._gone_since > GONE:
                raise OSError(SCHEDULER_GONE)
            return
        self._gone_since = None
        threads = sum(self.client.nthreads().values())
        self._threads, self._served = threads or self._threads, now if threads else self._served
        if now - self._served > self.patience:
            raise OSError(f"no worker for {self.patience} seconds; start some, then resume the "
                          "work")
        by_key = {shard.future.key: shard for shard in self._out.values()}
        for worker, keys in self.client.processing().items():
            shards = [by_key[key] for key in keys if key in by_key]
            late = [shard for shard in shards
                    if now - shard.seen.setdefault(worker, now) > self.patience]
            if late:
                self._stop(worker)
                for shard in late:
                    self._fail(shard, TimeoutError(f"no result after {self.patience} seconds"))

    def _stop(self, worker) -> None:
        """Stop a worker that hangs; its nanny, if any, starts it again."""
        print(printable(f"\nworker {worker} hangs and is stopped"), file=sys.stderr)
        try:
            self.client.restart_workers([worker], raise_for_error=False)
        except ValueError:  # it has no nanny
            self.client.retire_workers([worker], close_workers=True)
