"""Settings that cannot work give a one-line error before work starts."""
import subprocess
import sys

import pytest

from keras_saliency.cluster import connect, connection
from keras_saliency.files import InputError


@pytest.mark.parametrize("address", ["", "locally", "local:0", "local:x", "host:8786", "tcp://host"])
def test_another_address_is_refused(address):
    with pytest.raises(InputError, match="local:WORKERS, or the address of a scheduler"):
        with connect(address):
            pytest.fail("connected")


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(connection, "SCHEDULER_SECONDS", 1)
    with pytest.raises(OSError, match="no scheduler answers at tcp://127.0.0.1:1: .*dask sched"):
        with connect("tcp://127.0.0.1:1"):
            pytest.fail("connected")


def test_a_scheduler_without_workers(monkeypatch):
    import distributed

    monkeypatch.setattr(connection, "WORKER_SECONDS", 1)
    with distributed.LocalCluster(n_workers=0, **connection.LOOPBACK) as empty:
        with pytest.raises(OSError, match="has no worker: start some with `dask worker tcp://"):
            with connect(empty.scheduler_address):
                pytest.fail("connected")


@pytest.mark.parametrize("package, found", [("numpy", r"\d.* numpy"), ("no_such", "no no_such")])
def test_another_version_on_the_workers(package, found, workers):
    with pytest.raises(InputError, match=f"{package} 0.1 is here, but {found} on .*127.0.0.1.*: "
                                         f"install {package} 0.1 there"):
        connection.require_versions(workers.client, {package: "0.1"})


def test_dask_that_is_not_installed():
    code = ("import sys; sys.modules['distributed'] = None\n"
            "from keras_saliency.files import InputError, import_optional\n"
            "from keras_saliency.cluster.connection import connect\n"
            "with connect('local'): pass")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'python -m pip install ".[cluster]" in a clone' in done.stderr
