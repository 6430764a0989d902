"""What a network costs: its layers, parameters, multiply-adds and memory."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import yaml  # noqa: E402

from keras_saliency import command_line  # noqa: E402
from keras_saliency.models import MODELS  # noqa: E402
from keras_saliency.report import complexity_table  # noqa: E402


def main():
    parser = command_line.plain_parser(
        "Print the layers of a network with output size, parameters, multiply-adds for one image "
        "and memory of the outputs (float32); without a name, a table of all networks.",
        "python scripts/summary.py msi_net --size 360 360\n  python scripts/summary.py")
    parser.add_argument("model", nargs="?", metavar="MODEL", help=", ".join(sorted(MODELS)))
    parser.add_argument("--size", nargs=2, type=int, metavar=("HEIGHT", "WIDTH"),
                        help="of the input (default: the canvas that the model works at)")
    parser.add_argument("--option", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
                        help="of the builder, e.g. backbone=alexnet")
    arguments = parser.parse_args()
    if arguments.model is None:
        if arguments.size or arguments.option:
            parser.error("--size and --option go with a MODEL")
        print(complexity_table.model_table())
        return
    options = {}
    for option in arguments.option:
        key, equals, value = option.partition("=")
        if not equals:
            parser.error(f"--option {option}: write KEY=VALUE")
        options[key] = yaml.safe_load(value)
    print(complexity_table.layer_table(arguments.model, arguments.size, options))


if __name__ == "__main__":
    command_line.run(main)
