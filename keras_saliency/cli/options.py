"""Options that several commands take, their checks, and their values as the library takes them."""
import argparse
import functools
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

import yaml
from PIL import ImageColor

from keras_saliency import config as configs
from keras_saliency.cli.command_line import FAILED
from keras_saliency.export.formats import AUTO, engines
from keras_saliency.files import AnyPath, InputError, printable, require
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.files.picture_pixels import WHITE
from keras_saliency.files.shipped import PACKAGE, missing_weights, shipped
from keras_saliency.prediction.pictures import MOST_PIXELS
from keras_saliency.prediction.runtimes import INT8, PRECISIONS


def add_builder(parser: argparse.ArgumentParser) -> None:
    """Add --option to a parser; `builder_options` reads it."""
    parser.add_argument("--option", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
                        help="options of the model's builder, e.g. width_multiplier=0.5")


def builder_options(arguments: argparse.Namespace) -> dict:
    """Return the options that --option describes."""
    return configs.ModelConfig(options=configs.read_pairs(arguments.option, "--option")).options


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Add --trust to a parser."""
    parser.add_argument("--trust", action="store_true",
                        help="run a SavedModel from elsewhere though its graph can read or write "
                             "files, and code of your own that a weights file names "
                             "(MODULE:FUNCTION); without it such files are refused")


def add_limit(parser: argparse.ArgumentParser) -> None:
    """Add --limit to a parser."""
    parser.add_argument("--limit", type=_limit, default=LIMIT, metavar="PIXELS",
                        help="largest picture to read, checked before memory is taken for it "
                             f"(default: %(default)s, at most {MOST_PIXELS}; a server has its own)")


def _limit(text) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= MOST_PIXELS):
        raise argparse.ArgumentTypeError(f"must be from 1 to {MOST_PIXELS}, not {text!r:.40}")
    return int(text)


def add_background(parser: argparse.ArgumentParser) -> None:
    """Add --background to a parser, a color (r, g, b)."""
    parser.add_argument("--background", type=_color, default=WHITE, metavar="COLOR",
                        help="on which lies what is transparent in a picture: a name such as gray, "
                             "or #rrggbb (default: white)")


def _color(text) -> tuple:
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a color such as gray or #808080, not "
                                         f"{text!r:.40}") from None


def add_screens(parser: argparse.ArgumentParser) -> None:
    """Add --screens to a parser; `predict_function` reads it."""
    parser.add_argument("--screens", nargs="?", type=_screen, const=AUTO, metavar="PIXELS",
                        help="predict long pictures, such as whole web pages, in overlapping "
                             "windows and join their maps. PIXELS is the length of a window along "
                             "the longer side, such as the height of the browser's window (900); "
                             "without it pictures from 1:4 on have windows of the canvas' shape")


def _screen(text) -> Any:
    if text != AUTO and not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a number of pixels, such as 900, not {text!r:.80}; "
                                         "without a number write it after the pictures")
    return text if text == AUTO else int(text)


def predict_function(arguments: argparse.Namespace, model: Any) -> Callable:
    """Return the function image [H, W, 3] -> map [H, W] of a predictor, as --screens says."""
    from keras_saliency.prediction.predictor import predict, predict_screens

    if arguments.screens is None:
        return functools.partial(predict, model)
    return functools.partial(predict_screens, model, screen=_pixels(arguments))


def served_function(arguments: argparse.Namespace, client: Any) -> Callable:
    """Return the same function of a client of a model server, whose canvas is not known."""
    from keras_saliency.prediction.screens import by_screens, warn_of_strip

    def predict(image):
        if arguments.screens is not None:
            return by_screens(client.predict, image, _pixels(arguments))
        warn_of_strip(image.shape[:2])
        return client.predict(image)

    return predict


def _pixels(arguments) -> Optional[int]:
    return None if arguments.screens == AUTO else arguments.screens


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add --engine, --precision and --calibration to a parser; `accelerated` reads them."""
    add = parser.add_argument
    add("--engine", choices=(AUTO, *engines()), help="run the network on this engine instead of "
        "Keras; auto chooses the fastest one that is installed")
    add("--precision", choices=PRECISIONS, help="arithmetic of the engine (default: float32), "
        "which is chosen as by --engine auto if none is named; auto is the fastest on this "
        "processor that loses nothing; int8 is faster, loses a little and prints how much")
    add_calibration(parser)


def add_calibration(parser: argparse.ArgumentParser) -> None:
    """Add --calibration to a parser; `calibration` reads it."""
    parser.add_argument("--calibration", metavar="FOLDER",
                        help="30 or more pictures like those to predict, which set the ranges of "
                             "int8 (default: generated ones)")


def require_files(*paths: Optional[AnyPath]) -> None:
    """Raise `InputError` for the first path that does not exist; None is left out."""
    for path in paths:
        require(path is None or Path(path).expanduser().exists(), f"{path}: no such file or folder")


def require_weights(*given: str) -> None:
    """Raise `InputError` for weights that do not exist, before TensorFlow is imported for them."""
    if "tensorflow" in sys.modules:  # the error of loading them comes as quickly
        return
    folder = shipped("weights")
    manifest = folder / "manifest.yaml"
    entries = yaml.safe_load(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    names = {file.stem for file in folder.glob("*.h5")}
    names.update(alias for entry in entries.values() for alias in entry.get("aliases", ()))
    classical = {file.stem for file in (PACKAGE / "models" / "classical").glob("*.py")}
    for name in given:
        if not Path(name).expanduser().exists() and name not in names | classical:
            raise InputError(missing_weights(name, names))


def load_config(arguments: argparse.Namespace) -> configs.Config:
    """Return the `Config` that --config and --set describe.

    With --cluster the folders of its data are absolute, as workers may have started elsewhere.
    """
    config = configs.load(arguments.config, arguments.overrides)
    require_files(*(data.root for data in config.sections))
    if getattr(arguments, "cluster", None):
        for data in config.sections:
            data.root = data.root and os.path.abspath(data.root)
    return config


def calibration(arguments: argparse.Namespace, limit: int = LIMIT) -> Optional[list]:
    """Return the pictures of at most `limit` pixels that --calibration names; None without it."""
    if arguments.calibration is None:
        return None
    from keras_saliency.prediction.pictures import find_pictures, read_picture

    return [read_picture(path, limit) for path in find_pictures(arguments.calibration)]


def accelerated(arguments: argparse.Namespace, model: Any) -> Any:
    """Return a model on the engine of --engine and --precision; the model itself without them."""
    if arguments.engine is None and arguments.precision is None:
        require(arguments.calibration is None, f"--calibration is for --precision {INT8}")
        return model
    from keras_saliency.export import accelerate

    return accelerate(model, arguments.engine or AUTO, arguments.precision or "float32",
                      calibration(arguments, getattr(arguments, "limit", LIMIT)))


def add_cluster(parser: argparse.ArgumentParser) -> None:
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
        require(not arguments.resume, "--resume goes on with what --cluster began")
        yield None
        return
    from keras_saliency.cluster import connect

    with connect(arguments.cluster, keep, arguments.resume) as client:
        yield client
        for line in client.failed:
            print(f"error: {printable(line)}", file=sys.stderr)
        if client.failed:
            sys.exit(FAILED)
