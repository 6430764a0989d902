"""Connection to a Dask cluster whose workers have the right software."""
import asyncio
import logging
import os
import re
from contextlib import contextmanager, nullcontext
from importlib import metadata
from pathlib import Path
from typing import Any, Iterator, Optional, Union

from keras_saliency.files import InputError, import_optional, list_some, require

ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://.+:\d+")
LOCAL = re.compile(r"local(?::([1-9]\d{0,3}))?")
SCHEDULER_SECONDS, WORKER_SECONDS = 15, 60  # to wait for an answer, and for the first worker
# Results depend on the versions of these.
PACKAGES = ("keras_saliency", "tensorflow", "numpy")
# Options of a cluster on this machine: no dashboard, any free port.
LOOPBACK = {"host": "127.0.0.1", "dashboard_address": None,
            "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}}


@contextmanager
def connect(address: str, keep: Optional[Union[str, Path]] = None, resume: bool = False,
            **options: Any) -> Iterator:
    """Yield the workers at an address as a `Cluster`, for a `with` block.

    Args:
        address: "local" to start one worker per core of this machine, "local:4" for four workers
            that divide its cores, or the address of a scheduler, such as "tcp://host:8786".
        keep, resume, options: as for `Cluster`.

    Raises:
        MissingPackage: Dask is not installed.
        InputError: another address; or a worker lacks this package or has another version of it or
            of a package that the results depend on.
        OSError: no scheduler answers, or it has no worker.
    """
    distributed = import_optional("distributed", "cluster")
    from keras_saliency.cluster.client import Cluster

    local = LOCAL.fullmatch(address)
    require(local or ADDRESS.fullmatch(address), f"cluster {address}: write local, local:WORKERS, "
            "or the address of a scheduler such as tcp://host:8786")
    for logger in ("distributed", "distributed.client"):  # the second sets its own level
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    workers = int(local[1] or os.cpu_count()) if local else 0
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=max(1, os.cpu_count() // workers), memory_limit=0,
        silence_logs=logging.CRITICAL, **LOOPBACK) if local else nullcontext(address)
    with cluster as where:
        try:
            client = distributed.Client(where, timeout=SCHEDULER_SECONDS, set_as_default=False)
        except (OSError, asyncio.TimeoutError, TimeoutError):
            raise OSError(f"no scheduler answers at {where}: start one with `dask scheduler`, and "
                          "workers with `dask worker ADDRESS`") from None
        with client:
            try:
                client.wait_for_workers(1, timeout=WORKER_SECONDS)
            except (asyncio.TimeoutError, TimeoutError):
                raise OSError(f"the scheduler at {address} has no worker: start some with `dask "
                              f"worker {address}`") from None
            own = {package: metadata.version(package) for package in PACKAGES}
            require_versions(client, own)
            yield Cluster(client, keep, resume, slots=workers, **options)


def require_versions(client: Any, versions: dict) -> None:
    """Raise `InputError` naming the workers without these versions, {package: version}."""
    for package, own in versions.items():
        wrong = {}
        # a function of the standard library, which workers without this package can run
        for worker, version in client.run(metadata.version, package, on_error="return").items():
            if version != own:
                wrong.setdefault("no" if isinstance(version, Exception) else version, []).append(
                    worker)
        for version, workers in wrong.items():
            raise InputError(f"{package} {own} is here, but {version} {package} on "
                             f"{list_some(workers)}: install {package} {own} there")
