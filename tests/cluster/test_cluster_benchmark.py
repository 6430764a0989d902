"""The benchmark of workers runs, and what it says follows from what it measured."""
import pytest

from benchmarks import cluster


@pytest.mark.slow
def test_every_number_is_there():
    lines = []
    found = cluster.run(stimuli=9, rounds=1, shards=60, seconds=0.001, threads=2,
                        log=lines.append, width_multiplier=0.03)
    assert all(value > 0 for name, value in found.items() if "memory" not in name)
    assert found["times as fast"] == pytest.approx(
        found["stimuli/s, two workers"] / found["stimuli/s, one worker"])
    assert found["shards/s"] < found["shards/s if nothing else took time"] == 4000
    assert len(lines[-1].splitlines()) == len(found)
