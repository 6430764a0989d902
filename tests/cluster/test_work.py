"""Shards come back once each and in order, whatever happens to the workers."""
import os
import random
import signal
import threading
import time

import pytest
import shard_tasks

from keras_saliency.cluster.client import Cluster


def cut(count, size=4):
    return [list(range(start, start + size)) for start in range(0, count, size)]


def flat(results):
    return [item for result in results for item in result]


def test_results_come_in_the_order_of_the_shards(workers):
    found = workers.map(shard_tasks.add, "items", cut(40), {"base": 100}, "adding", 40)
    assert flat(found) == list(range(100, 140))


def test_shards_are_read_as_the_work_goes_on(workers):
    read = []

    def shards():
        for shard in cut(400):
            read.append(shard)
            yield shard

    results = workers.map(shard_tasks.add, "items", shards(), {"base": 0}, "adding")
    assert next(results) == [0, 1, 2, 3] and len(read) < 60
    results.close()


def test_a_shard_that_fails_three_times_is_named_and_the_rest_goes_on(workers, tmp_path):
    client = Cluster(workers.client)
    shards = [[2], [4], [5, 50], [6]]
    found = client.map(shard_tasks.refuse_odd, "items", shards, {}, "refusing", 5)
    assert flat(found) == [2, 4, 6]
    assert client.failed == ["5, 50: 5 is odd"]


def test_work_that_always_fails_ends(workers):
    client = Cluster(workers.client)
    with pytest.raises(OSError, match="first 4 shards failed 3 times each.*is odd"):
        list(client.map(shard_tasks.refuse_odd, "items", [[k] for k in range(1, 99, 2)], {}, "no"))


@pytest.mark.slow
@pytest.mark.parametrize("task", [shard_tasks.die_once, shard_tasks.hang_once])
def test_a_worker_that_dies_or_hangs_loses_nothing(task, workers, tmp_path):
    client = Cluster(workers.client, patience=10)
    found = client.map(task, "items", cut(40), {"folder": str(tmp_path)}, "working", 40)
    assert flat(found) == list(range(40)) and not client.failed
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.slow
def test_workers_that_are_killed_at_random_lose_nothing(workers):
    client, over = Cluster(workers.client), threading.Event()

    def kill():
        draw = random.Random(1)
        for _ in range(4):
            if over.wait(draw.uniform(0.5, 3)):
                return
            processes = list(workers.client.run(os.getpid).values())
            if processes:
                os.kill(draw.choice(processes), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = flat(client.map(shard_tasks.add, "items", cut(240), {"base": 1, "seconds": 0.1},
                                "adding", 240))
    finally:
        over.set()
        killer.join()
    assert found == list(range(1, 241)) and not client.failed


def test_what_is_kept_is_not_done_again(workers, tmp_path):
    calls, kept = tmp_path / "calls", tmp_path / "kept"
    calls.mkdir()
    shared = {"base": 10, "folder": str(calls)}

    def run(resume, shards, **changes):
        before = len(list(calls.iterdir()))
        client = Cluster(workers.client, kept, resume)
        found = flat(client.map(shard_tasks.add_once, "items", shards, {**shared, **changes}, "x"))
        return found, len(list(calls.iterdir())) - before

    assert run(False, cut(12)) == (list(range(10, 22)), 3)
    assert run(True, cut(20)) == (list(range(10, 30)), 2)   # two more shards
    assert run(True, cut(20), base=20) == (list(range(20, 40)), 5)   # other work
    assert run(False, cut(20)) == (list(range(10, 30)), 5)


def test_a_stop_keeps_what_was_finished(workers, tmp_path):
    client = Cluster(workers.client, tmp_path)
    results = client.map(shard_tasks.add, "items", cut(400), {"base": 0, "seconds": 0.05}, "x")
    for _ in range(5):
        next(results)
    results.close()  # as Ctrl-C does
    time.sleep(0.5)
    found = len(list(tmp_path.rglob("*.shard")))
    assert 5 <= found < 60
    processing = workers.client.processing()
    assert not any(processing.values())
