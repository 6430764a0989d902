"""What the scripts share: --config and --set, and errors as one line with an exit code."""
import argparse
import functools
import os
import sys
import traceback
from contextlib import contextmanager

from keras_saliency import config as configs
from keras_saliency import engines
from keras_saliency.export.engine_spec import AUTO
from keras_saliency.files import InputError, printable
from keras_saliency.prediction.runtimes import INT8, PRECISIONS

DONE, FAILED, BAD_INPUT = 0, 1, 2
# What opening a file raises because of its name; other OSErrors are of the machine.
UNOPENED = (FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError,
            PermissionError)


def plain_parser(description: str, example: str) -> argparse.ArgumentParser:
    """An argument parser with a working example in its help."""
    return argparse.ArgumentParser(
        description=description, epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter)


def parser(description: str, example: str, default_config=None) -> argparse.ArgumentParser:
    """An argument parser with --config, --set and a working example in its help."""
    parser = plain_parser(description, example)
    parser.add_argument("--config", metavar="YAML", default=default_config,
                        help="settings of the run" + (
                            " (default: %(default)s)" if default_config else ""))
    parser.add_argument("--set", metavar="KEY.SUB=VALUE", nargs="+", action="extend", default=[],
                        dest="overrides", help="change settings; may be repeated")
    return parser


def add_builder_options(parser) -> None:
    """Let a parser take --option KEY=VALUE; `builder_options` reads them."""
    parser.add_argument("--option", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
                        help="of the model's builder, e.g. width_multiplier=0.5")


def builder_options(arguments) -> dict:
    """The dict that --option describes."""
    return configs.ModelConfig(options=configs.read_pairs(arguments.option, "--option")).options


def add_engine_options(parser) -> None:
    """Let a parser take --engine, --precision and --calibration; `accelerator` reads them."""
    parser.add_argument("--engine", choices=(AUTO, *engines.ENGINES),
                        help="what runs the network in place of Keras; auto is the fastest that is "
                             "installed")
    parser.add_argument("--precision", choices=PRECISIONS,
                        help="what the engine computes in (default: float32), --engine auto where "
                             "none is named; auto is what this processor does fast without loss; "
                             "int8 is faster, loses a little and says how much")
    add_calibration(parser)


def add_calibration(parser) -> None:
    """Let a parser take --calibration; `calibration` reads it."""
    parser.add_argument("--calibration", metavar="FOLDER",
                        help="pictures such as will be predicted, which set the ranges of int8: 30 "
                             "or more (default: generated ones)")


def add_cluster_options(parser) -> None:
    """Let a parser take --cluster and --resume; `workers` reads them."""
    parser.add_argument("--cluster", metavar="ADDRESS",
                        help="let Dask workers do it: local (a process for each core of this "
                             "machine), local:4 (so many), or a scheduler such as "
                             "tcp://host:8786; see docs/scale.md")
    parser.add_argument("--resume", action="store_true",
                        help="with --cluster: go on where the same command was stopped")


@contextmanager
def workers(arguments, keep):
    """The `cluster.Cluster` of --cluster for a `with` block, None without it; at its end the
    shards that failed are named and end the script with exit code 1.

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


def calibration(arguments):
    """The images that --calibration names; None without it."""
    if arguments.calibration is None:
        return None
    from keras_saliency.prediction.pictures import find_pictures, read_picture

    return [read_picture(path) for path in find_pictures(arguments.calibration)]


def accelerator(arguments):
    """The function that puts a model on the engine that --engine and --precision describe; None
    without them."""
    if arguments.engine is None and arguments.precision is None:
        if arguments.calibration:
            raise InputError(f"--calibration is for --precision {INT8}")
        return None
    return functools.partial(engines.accelerate, engine=arguments.engine or AUTO,
                             precision=arguments.precision or "float32",
                             calibration=calibration(arguments))


def load_config(arguments) -> configs.Config:
    """The `Config` that --config and --set describe; with --cluster its folders by their whole
    path, as workers may have started elsewhere."""
    config = configs.load(arguments.config, arguments.overrides)
    if getattr(arguments, "cluster", None):
        for data in config.sections:
            data.root = data.root and os.path.abspath(data.root)
    return config


def run(main) -> None:
    """Call `main()` and exit with its code (None is 0).

    Wrong input (`InputError`, and files that cannot be opened) is one line on standard error and
    exit code 2. A full disk, a dead server or a diverged training is one line and exit code 1.
    Anything else is a bug and keeps its traceback. KERAS_SALIENCY_DEBUG=1 shows every traceback.
    """
    try:
        sys.exit(main() or DONE)
    except (InputError, *UNOPENED) as error:
        _fail(error, BAD_INPUT)
    except (OSError, FloatingPointError) as error:
        _fail(error, FAILED)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(FAILED)


def _fail(error, code) -> None:
    if os.environ.get("KERAS_SALIENCY_DEBUG"):
        traceback.print_exc()
    named = isinstance(error, OSError) and error.filename and error.strerror
    text = f"{error.filename}: {error.strerror}" if named else str(error)
    print(f"error: {printable(text)}", file=sys.stderr)
    sys.exit(code)
