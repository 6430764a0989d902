"""A run that is killed at random moments and resumed ends as if nothing had happened.

KERAS_SALIENCY_KILLS sets how often (the default is for CI).
"""
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from keras_saliency.models import weights_file

REPOSITORY = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KERAS_SALIENCY_KILLS", 2))


def command(output):
    return [sys.executable, str(REPOSITORY / "scripts" / "train.py"), "--resume", "--set",
            f"output={output}", "name=small", "model.encoder_weights=null",
            "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]", "data.train=null",
            "data.validation=null", "data.options={count: 20, size: [96, 128]}", "train.epochs=8",
            "train.batch=4", "evaluation.metrics=[nss]"]


def start(output):
    return subprocess.Popen(command(output), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def assert_same_run(whole, parts):
    for name in ("last.h5", "best.h5"):
        a, b = (weights_file.read(output / "small" / name) for output in (whole, parts))
        assert a.keys() == b.keys()
        for layer in a:
            for variable in a[layer]:
                np.testing.assert_array_equal(a[layer][variable], b[layer][variable])
    for name in ("history.csv", "scores.csv"):
        first, second = ((output / "small" / name).read_text() for output in (whole, parts))
        assert first == second, name
    left = list(parts.rglob(".ks-*"))
    assert not left, left


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    begin = time.monotonic()
    whole = start(tmp_path / "whole")
    assert whole.wait(timeout=300) == 0, whole.stderr.read()
    length, rng, kills, runs = time.monotonic() - begin, random.Random(0), 0, 0
    while True:
        parts = tmp_path / f"parts{runs}"
        new, begin = not parts.exists(), time.monotonic()
        process = start(parts)
        try:
            process.wait(timeout=rng.uniform(0.3, 1) * length if kills < KILLS else 300)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            assert kills < KILLS, "a resumed run does not end"
            kills += 1
            print(f"{kills} kills in {runs + 1} runs", flush=True)
            continue
        assert process.returncode == 0, process.stderr.read()
        assert_same_run(tmp_path / "whole", parts)
        if kills == KILLS:
            break
        runs += 1  # the kills go on in another run
        if new:  # how busy the machine is may have changed
            length = time.monotonic() - begin
