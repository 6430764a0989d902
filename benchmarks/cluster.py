"""Speed and overhead of workers: two against one, and thousands of shards that sleep."""
import os
import time
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from keras_saliency import config as configs
from keras_saliency.cluster import packing
from keras_saliency.cluster.connection import LOOPBACK
from keras_saliency.datasets.loading import load_sections
from keras_saliency.datasets.shards import ITEMS
from keras_saliency.evaluation.scores import score_predictor
from keras_saliency.evaluation.scoring import section_scorer
from keras_saliency.models import build_model, load_pretrained
from keras_saliency.prediction.predictor import predictor

CORES = 2


def run(stimuli=96, rounds=4, shards=10_000, seconds=0.01, threads=8, workers=1000, log=print,
        **options) -> dict:
    """Measure everything that docs/scale.md quotes.

    Args:
        stimuli: generated arrays of 480x640 that MSI-Net is scored on, in each round.
        shards, seconds: of the work that only sleeps. threads: of each worker that does it.
        workers: so many are then played by threads that sleep a thousand times as long for each
            shard: ten seconds, about what MSI-Net takes for 16 pictures.
        options: of MSI-Net; without them it has its pretrained weights.

    Returns:
        {what: number}.
    """
    found = {**_speed(stimuli, rounds, options, log), **_overhead(shards, seconds, threads, log),
             **_many(workers, 1000 * seconds)}
    log("\n".join(f"| {name} | {value:.4g} |" for name, value in found.items()))
    for count in (1, 10, 100, 1000, 10_000, 100_000):
        speed = rate(count, found["stimuli/s, one worker"], found["shards/s that do nothing"])
        log(f"| {count} workers | {speed:.0f} stimuli/s | {count * found['network, MB']:.0f} MB of "
            f"networks | {speed * found['result of a stimulus, bytes'] / 1000:.3g} kB/s |")
    return found


def rate(workers: int, one: float, limit: float, items=ITEMS) -> float:
    """Stimuli per second of so many workers: theirs together, or what the scheduler gets through.

    Args:
        one: stimuli per second of one worker. limit: shards per second of a scheduler.
        items: stimuli of a shard.
    """
    return min(workers * one, limit * items)


def _speed(stimuli, rounds, options, log) -> dict:
    """Stimuli per second of one worker on one core and of two on two; each round takes both."""
    model = build_model("msi_net", **options) if options else load_pretrained("msi_net")
    few, many = (_section(count) for count in (CORES * ITEMS, stimuli))
    best = {}
    with _workers(1) as one, _workers(CORES) as two:
        for client in (one, two):  # workers load TensorFlow and the network
            score_predictor(predictor(model), *few, 4, client)
        for _ in range(rounds):
            for workers, client in ((1, one), (CORES, two)):
                start = time.perf_counter()
                result = score_predictor(predictor(model), *many, 4, client)
                speed = stimuli / (time.perf_counter() - start)
                best[workers] = max(best.get(workers, 0), speed)
                log(f"{workers} workers: {speed:.2f} stimuli/s")
    packed = len(packing.pack({"model": model}))
    row = len(packing.pack(result)) / len(result.names)
    return {"stimuli/s, one worker": best[1], "stimuli/s, two workers": best[CORES],
            "times as fast": best[CORES] / best[1], "network, MB": packed / 2 ** 20,
            "result of a stimulus, bytes": row}


def _section(stimuli) -> tuple:
    """So many generated arrays, as `score_predictor` takes them: the section and its scorer."""
    config = configs.from_dict({"data": {
        "name": "popout", "sigma_pixels": 24, "canvas": [240, 320],
        "options": {"count": stimuli, "size": [480, 640]}}})
    [section] = load_sections(config.sections, part="all")
    return section, section_scorer(section, ["nss", "cc", "kld"], config)


def _overhead(shards, seconds, threads, log) -> dict:
    """Measure the overhead of shards that sleep, and the growth of this process in memory."""
    slots = CORES * threads
    with _processes(CORES, threads) as client:
        speed = _pace(client, shards, seconds)
        memory = {shards: _memory()}
        for done in (3 * shards, 5 * shards):  # until lists that Dask keeps are full
            empty = _pace(client, 2 * shards, 0.0)
            memory[done] = _memory()
            log(f"{empty:.0f} shards/s that do nothing")
    return {"shards that sleep": shards, "seconds that each sleeps": seconds,
            "shards at a time": slots, "shards/s": speed,
            "shards/s if nothing else took time": slots / seconds,
            "shards/s that do nothing": empty,
            "milliseconds for a shard that does nothing": 1000 / empty,
            **{f"client's memory after {done} shards, MB": size / 2 ** 20
               for done, size in memory.items()}}


def _many(workers, seconds) -> dict:
    """Compare the pace of many workers, with six shards each, with that without overhead."""
    with _processes(CORES, workers // CORES) as client:
        speed = _pace(client, 6 * workers, seconds)
    return {"workers that sleep": workers, "shards/s of them": speed,
            "shards/s of them if nothing else took time": workers / seconds}


def _pace(client, count, seconds) -> float:
    """Shards per second of so many that sleep."""
    start = time.perf_counter()
    shards = ([number] for number in range(count))
    done = sum(client.map(sleep, "items", shards, {"seconds": seconds}, None, unit="shard"))
    assert done == count
    return done / (time.perf_counter() - start)


def sleep(items, seconds) -> int:
    """A shard that takes some time and nothing else."""
    time.sleep(seconds)
    return len(items)


@contextmanager
def _workers(count):
    """So many workers, each on a core of its own."""
    import distributed

    with distributed.LocalCluster(n_workers=count, threads_per_worker=1,
                                  memory_limit=0, **LOOPBACK) as cluster:
        with _client(cluster, CORES) as client:
            yield client


@contextmanager
def _processes(count, threads):
    """Yield a `Cluster` of `count` workers; the scheduler has a process and memory of its own."""
    import distributed.deploy.subprocess

    paths = os.pathsep.join([str(Path(__file__).resolve().parents[1]),
                             os.environ.get("PYTHONPATH", "")])
    with mock.patch.dict(os.environ, PYTHONPATH=paths):  # where workers find `sleep`
        with distributed.deploy.subprocess.SubprocessCluster(
                n_workers=count, threads_per_worker=threads,
                worker_kwargs={"memory_limit": 0}, **LOOPBACK) as cluster:
            with _client(cluster, 0) as client:
                yield client


@contextmanager
def _client(cluster, slots):
    import distributed

    from keras_saliency.cluster.client import Cluster

    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(len(cluster.worker_spec))
        yield Cluster(client, slots=slots)


def _memory() -> int:
    """Resident bytes of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
