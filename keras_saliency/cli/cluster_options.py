"""The options of commands that divide their work among the workers of a cluster."""
import argparse
import sys
from contextlib import contextmanager
from typing import Iterator

from keras_saliency.cli.command_line import FAILED
from keras_saliency.files import InputError, printable
from keras_saliency.files.paths import AnyPath


def add(parser: argparse.ArgumentParser) -> None:
    """Add --cluster and --resume to a parser; `workers` reads them."""
    parser.add_argument("--cluster", metavar="ADDRESS",
                        help="divide the work among Dask workers: local (a process for each core "
                             "of this machine), local:4 (four processes), or the address of a "
                             "scheduler such as tcp://host:8786; see docs/scale.md")
    parser.add_argument("--resume", action="store_true",
                        help="with --cluster: go on where the same command was stopped")


@contextmanager
def workers(arguments: argparse.Namespace, keep: AnyPath) -> Iterator:
    """Yield the `cluster.Cluster` of --cluster; None without it.

    The shards that failed are named at the end and make the exit code 1.

    Args:
        keep: folder for the results of finished shards.
    """
    if arguments.cluster is None:
        if arguments.resume:
            raise InputError("--resume goes on with what --cluster began")
        yield None
        return
    from keras_saliency.cluster import connect

    with connect(arguments.cluster, keep, arguments.resume) as client:
        yield client
        for line in client.failed:
            print(f"error: {printable(line)}", file=sys.stderr)
        if client.failed:
            sys.exit(FAILED)
