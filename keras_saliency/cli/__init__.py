"""The commands: `keras-saliency NAME`, `python -m keras_saliency NAME`, `python scripts/NAME.py`.

Each is a module with a function `main`, which parses its arguments before it imports TensorFlow.
"""
import os
import sys
from importlib import import_module

COMMANDS = {  # name on the command line: one line of what it does
    "train": "train a network",
    "evaluate": "score a model, stored maps or a baseline; compare tables of scores",
    "predict": "predict pictures",
    "calibrate": "fit a network to measured fixations, so that it gives a density",
    "areas": "measure what share of attention areas of a picture get",
    "analyze-units": "score single units of networks against fixations",
    "dissect": "name the concepts that units respond to",
    "export": "write a network for other programs",
    "import-weights": "convert weights that authors published",
    "summary": "list networks with their sizes and costs",
    "release": "make a trained network ready for weights/",
}


def main(name=None, module=None):
    """Run a command with the arguments of this process and exit with its code.

    Args:
        name: of the command; None takes it from the first argument.
        module: that has its `main`; default: the one of this package.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported
    if name is None:
        name = _command(sys.argv)
    from keras_saliency.cli import command_line

    command_line.run(import_module(
        module or f"keras_saliency.cli.{name.replace('-', '_')}").main)


def _command(argv) -> str:
    """The command that the arguments name; it is taken out of them."""
    if len(argv) > 1 and argv[1] in COMMANDS:
        argv[:2] = [f"{os.path.basename(argv[0])} {argv[1]}"]
        return argv[0].split()[-1]
    helping = len(argv) > 1 and argv[1] in ("-h", "--help")
    out = sys.stdout if helping else sys.stderr
    width = max(map(len, COMMANDS))
    print("usage: keras-saliency COMMAND [OPTIONS]; keras-saliency COMMAND --help explains one\n",
          *(f"  {command:<{width}}  {what}" for command, what in COMMANDS.items()),
          sep="\n", file=out)
    sys.exit(0 if helping else 2)
