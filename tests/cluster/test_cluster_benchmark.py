"""The benchmark of workers runs, and its text follows from its measurements."""
from contextlib import nullcontext

import pytest

from benchmarks import cluster


@pytest.mark.slow
def test_every_number_is_there(monkeypatch, workers):
    """With the workers that other tests have as well, for each loads TensorFlow."""
    monkeypatch.setattr(cluster, "CORES", 1)
    monkeypatch.setattr(cluster, "_workers", lambda count: nullcontext(workers))
    lines = []
    found = cluster.run(stimuli=9, rounds=1, shards=60, seconds=2e-4, threads=4, workers=4,
                        log=lines.append, width_multiplier=0.03)
    assert all(value > 0 for value in found.values())
    assert found["times as fast"] == pytest.approx(
        found["stimuli/s, two workers"] / found["stimuli/s, one worker"])
    assert found["shards/s"] < found["shards/s if nothing else took time"] == 20_000
    assert found["shards/s of them"] < found["shards/s of them if nothing else took time"] == 20
    assert len(lines[-7].splitlines()) == len(found)


def test_workers_add_up_to_what_a_scheduler_gets_through():
    speeds = [cluster.rate(workers, one=2.5, limit=800, items=8) for workers in (1, 100, 10_000)]
    assert speeds == [2.5, 250, 6400]


def test_as_many_workers_as_asked_for():
    with cluster._workers(1) as one:
        assert len(one.client.nthreads()) == 1
