"""What workers bring and what they cost: two against one, and thousands of shards that sleep."""
import os
import time
from contextlib import contextmanager

from keras_saliency import config as configs
from keras_saliency.cluster import packing
from keras_saliency.datasets.loading import load_sections
from keras_saliency.evaluation.engine import score_model
from keras_saliency.evaluation.sections import section_scorer
from keras_saliency.models import build_model, load_pretrained

CORES = 2


def run(stimuli=96, rounds=3, shards=10_000, seconds=0.01, threads=8, log=print, **options) -> dict:
    """Measure everything that docs/scale.md quotes.

    Args:
        stimuli: generated arrays of 480x640 that MSI-Net is scored on, in each round.
        shards, seconds: of the work that only sleeps. threads: of each worker that does it.
        options: of MSI-Net; without them it has its pretrained weights.

    Returns:
        {what: number}.
    """
    found = {**_speed(stimuli, rounds, options, log), **_overhead(shards, seconds, threads, log)}
    log("\n".join(f"| {name} | {value:.4g} |" for name, value in found.items()))
    return found


def _speed(stimuli, rounds, options, log) -> dict:
    """Stimuli per second of one worker on one core and of two on two; each round takes both."""
    model = build_model("msi_net", **options) if options else load_pretrained("msi_net")
    config = configs.from_dict({"data": {
        "name": "popout", "sigma_pixels": 24, "canvas": [240, 320],
        "options": {"count": stimuli, "size": [480, 640]}}})
    [section] = load_sections(config.sections, part="all")
    scorer = section_scorer(section, ["nss", "cc", "kld"], config)
    best = {}
    with _workers(1) as one, _workers(CORES) as two:
        for round_ in range(rounds + 1):
            for workers, client in ((1, one), (CORES, two)):
                start = time.perf_counter()
                result = score_model(model, section, scorer, 4, client)
                rate = stimuli / (time.perf_counter() - start)
                if round_:  # in the first, workers load TensorFlow and the network
                    best[workers] = max(best.get(workers, 0), rate)
                    log(f"{workers} workers: {rate:.2f} stimuli/s")
    packed = len(packing.pack({"model": model}))
    row = len(packing.pack(result)) / len(result.names)
    return {"stimuli/s, one worker": best[1], "stimuli/s, two workers": best[CORES],
            "times as fast": best[CORES] / best[1], "network, MB": packed / 2 ** 20,
            "result of a stimulus, bytes": row}


def _overhead(shards, seconds, threads, log) -> dict:
    """What is lost on shards that sleep, and how the memory of this process grows."""
    with _workers(CORES, threads) as client:
        _sleep_all(client, range(20 * threads), seconds)
        before, start = _memory(), time.perf_counter()
        _sleep_all(client, range(shards), seconds)
        wall = time.perf_counter() - start
        grown = _memory() - before
        start = time.perf_counter()
        _sleep_all(client, range(shards // 10), 0.0)
        empty = time.perf_counter() - start
    return {"shards that sleep": shards, "seconds that each sleeps": seconds,
            "shards/s": shards / wall, "shards/s if nothing else took time":
                CORES * threads / seconds,
            "shards/s that do nothing": shards // 10 / empty,
            "memory of the client grew by, MB": grown / 2 ** 20}


def _sleep_all(client, numbers, seconds) -> None:
    done = sum(client.map(sleep, "items", ([number] for number in numbers), {"seconds": seconds},
                          None, unit="shard"))
    assert done == len(numbers)


def sleep(items, seconds) -> int:
    """A shard that takes some time and nothing else."""
    time.sleep(seconds)
    return len(items)


@contextmanager
def _workers(count, threads=1):
    """So many workers, each on a core of its own."""
    import distributed

    from keras_saliency.cluster.client import Cluster

    with distributed.LocalCluster(count, threads_per_worker=threads, host="127.0.0.1",
                                  dashboard_address=None, memory_limit=0) as cluster:
        with distributed.Client(cluster, set_as_default=False) as client:
            yield Cluster(client, slots=CORES)


def _memory() -> int:
    """Resident bytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
