"""What a network costs: its layers, parameters, multiply-adds and memory."""

from keras_saliency.cli import command_line
from keras_saliency.models import MODELS, build_model, check_canvas, list_models, network_spec
from keras_saliency.models.complexity import layer_costs, total
from keras_saliency.report import tables


def main():
    networks = list_models(classical=False)
    parser = command_line.plain_parser(
        "Print the layers of a network with output size, parameters, multiply-adds for one image "
        "and memory of the outputs (float32); without a name, a table of all networks.",
        "python scripts/summary.py msi_net --size 360 360\n  python scripts/summary.py")
    parser.add_argument("model", nargs="?", metavar="MODEL", help=", ".join(networks))
    parser.add_argument("--size", nargs=2, type=int, metavar=("HEIGHT", "WIDTH"),
                        help="of the input (default: the canvas that the model works at)")
    command_line.add_builder_options(parser)
    arguments = parser.parse_args()
    if arguments.model is None:
        if arguments.size or arguments.option:
            parser.error("--size and --option go with a MODEL")
        print(tables.model_table(
            (name, MODELS[name], total(layer_costs(build_model(name), MODELS[name].canvas)))
            for name in networks))
        return
    size = arguments.size or network_spec(arguments.model).canvas
    model = build_model(arguments.model, **command_line.builder_options(arguments))
    check_canvas(model, size)
    costs = layer_costs(model, size)
    print(tables.layer_table(costs, total(costs)))
