"""The commands: `keras-saliency NAME`, `python -m keras_saliency NAME`, `python scripts/NAME.py`.

Each is a module with a function `main`, which parses its arguments before it imports TensorFlow.
"""
import os
import sys
from importlib import import_module
from typing import Optional

from keras_saliency.cli import command_line
from keras_saliency.files import InputError
from keras_saliency.files.shipped import CLONE, did_you_mean

COMMANDS = {
    "train": "train a network",
    "evaluate": "score a model, stored maps or a baseline; compare tables of scores",
    "predict": "predict where people look in pictures",
    "calibrate": "fit a network to measured fixations, so that its output is a density",
    "areas": "measure the share of attention that areas of a picture get",
    "analyze-units": "score single units of networks against fixations",
    "dissect": "name the concepts that units respond to",
    "export": "write a network for other programs",
    "import-weights": "convert weights that authors published",
    "summary": "list networks with their sizes and costs",
    "release": "make a trained network ready for weights/",
}
CLONE_COMMANDS = {  # of folders that are not installed
    "reproduce": ("papers", "make a table or a figure of the papers"),
    "benchmark": ("benchmarks", "measure speed"),
}


def main(name: Optional[str] = None) -> None:
    """Run a command with the arguments of this process and exit with its code.

    Args:
        name: of the command; None takes it from the first argument.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported
    command_line.run(lambda: _run(name))


def _run(name):
    name = name or _command(sys.argv)
    sys.argv = [f"keras-saliency {name}", *sys.argv[1:]]  # the first is shown by --help
    return _module(name).main()


def _command(argv) -> str:
    """Take the command out of the arguments."""
    given = argv[1] if len(argv) > 1 else None
    listed = {**COMMANDS, **{name: f"{does} (in a clone of the repository)"
                             for name, (_, does) in CLONE_COMMANDS.items()}}
    if given in listed:
        return argv.pop(1)
    if given not in (None, "-h", "--help"):
        print(f"error: no command {given!r}{did_you_mean(given, listed)} "
              "(keras-saliency --help lists them)", file=sys.stderr)
        sys.exit(command_line.BAD_INPUT)
    width = max(map(len, listed))
    print("usage: keras-saliency COMMAND [OPTIONS]; keras-saliency COMMAND --help explains one\n",
          *(f"  {command:<{width}}  {does}" for command, does in listed.items()),
          sep="\n", file=sys.stdout if given else sys.stderr)
    sys.exit(command_line.DONE if given else command_line.BAD_INPUT)


def _module(name):
    """Import the module of a command."""
    if name not in CLONE_COMMANDS:
        return import_module(f"keras_saliency.cli.{name.replace('-', '_')}")
    folder, _ = CLONE_COMMANDS[name]
    # beside the package, or beside the script where the package is installed apart from the clone
    for clone in (CLONE, os.path.dirname(sys.path[0])):
        if os.path.isfile(os.path.join(clone, folder, "command.py")):
            sys.path.insert(0, str(clone))
            return import_module(f"{folder}.command")
    raise InputError(f"{name} needs {folder}/, which is not installed: run it in a clone of the "
                     "repository, where `pip install -e .` was run")
