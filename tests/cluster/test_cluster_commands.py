"""A separate scheduler and workers, started as in docs/scale.md."""
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DASK = [sys.executable, "-m", "dask"]


@pytest.fixture
def scheduler(tmp_path):
    """Yield (process, address) of a scheduler with two separate workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, elsewhere, started = f"tcp://127.0.0.1:{port}", tmp_path / "elsewhere", []
    elsewhere.mkdir()
    commands = [["scheduler", "--host", "127.0.0.1", "--port", str(port)],
                *[["worker", address, "--nthreads", "1"]] * 2]
    for command in commands:
        started.append(subprocess.Popen(
            [*DASK, *command, "--no-dashboard"], cwd=elsewhere, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    yield started[0], address
    for process in started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


@pytest.mark.slow
def test_predictions_by_workers_and_the_end_of_their_scheduler(scheduler, run, monkeypatch,
                                                               tmp_path):
    process, address = scheduler
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(64):
        picture = np.random.default_rng(index).integers(0, 256, (60, 90, 3), np.uint8)
        cv2.imwrite(str(pictures / f"{index:02d}.png"), picture)
    few = sorted(pictures.iterdir())[:6]

    monkeypatch.chdir(tmp_path)
    for out, options in (("here", []), ("there", ["--cluster", address])):
        code, output = run("predict", *(path.relative_to(tmp_path) for path in few), "--weights",
                           "itti", "--raw", "--out", out, *options)
        assert code == 0 and "6 of 6 pictures" in output, output
    for path in (tmp_path / "here").glob("[!.]*"):
        assert path.read_bytes() == (tmp_path / "there" / path.name).read_bytes()

    cut = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "scripts" / "predict.py"), "pictures", "--weights",
         "gbvs", "--out", "cut", "--cluster", address],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kept = tmp_path / "cut" / ".shards"
    deadline = time.monotonic() + 120
    while not list(kept.rglob("*.shard")) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    _, errors = cut.communicate(timeout=120)
    finished = [int(path.name.split("-")[0]) for path in kept.rglob("*.shard")]
    assert cut.returncode == 1 and 0 < len(finished) < 4
    assert errors.splitlines()[-1].startswith("error: the scheduler is gone; finished shards")
    assert "distributed" not in errors  # Dask logs its own lines

    names = [f"{16 * shard + k:02d}_density.png" for shard in finished for k in range(16)]
    before = [(tmp_path / "cut" / name).stat().st_mtime_ns for name in names]
    code, output = run("predict", "pictures", "--weights", "gbvs", "--out", "cut", "--cluster",
                       "local:1", "--resume")
    assert code == 0 and "64 of 64 pictures" in output, output
    assert len(list((tmp_path / "cut").glob("*_density.png"))) == 64
    assert [(tmp_path / "cut" / name).stat().st_mtime_ns for name in names] == before
