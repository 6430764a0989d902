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
EPOCHS = 8


def options(output):
    return ["--resume", "--set", f"output={output}", "name=small", "model.encoder_weights=null",
            "model.options={width_multiplier: 0.03}", "data.canvas=[48, 64]", "data.train=null",
            "data.validation=null", "data.options={count: 12, size: [96, 128]}",
            f"train.epochs={EPOCHS}", "train.batch=4", "evaluation.metrics=[nss]"]


def start(output):
    return subprocess.Popen(
        [sys.executable, str(REPOSITORY / "scripts" / "train.py"), *options(output)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def killed(process, history, random):
    """Kill a run at a random moment after one of its epochs; False if it ended before that."""
    epochs, later = random.randint(1, EPOCHS), random.uniform(0, 1)
    while process.poll() is None and not (
            history.exists() and len(history.read_text().splitlines()) > epochs):
        time.sleep(0.02)
    try:
        process.wait(timeout=later)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


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
def test_killed_at_random_moments(run, tmp_path):
    code, said = run("train", *options(tmp_path / "whole"))
    assert code == 0, said
    drawn, kills, runs = random.Random(0), 0, 0
    while True:
        parts = tmp_path / f"parts{runs}"
        process = start(parts)
        if kills < KILLS and killed(process, parts / "small" / "history.csv", drawn):
            kills += 1
            print(f"{kills} kills in {runs + 1} runs", flush=True)
            continue
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        assert_same_run(tmp_path / "whole", parts)
        if kills == KILLS:
            break
        runs += 1  # the kills go on in another run
