"""The costs of a network: its layers, parameters, multiply-adds and memory."""
from keras_saliency.cli import command_line, options
from keras_saliency.lazy import import_tensorflow


def main() -> None:
    parser = command_line.plain_parser(
        "Print the layers of a network with output size, parameters, multiply-adds for one image "
        "and memory of the outputs (float32). Without a name, print a table of all networks.",
        "keras-saliency summary msi_net --size 360 360\n  keras-saliency summary")
    parser.add_argument("model", nargs="?", metavar="MODEL", help="name of a network")
    parser.add_argument("--size", nargs=2, type=int, metavar=("HEIGHT", "WIDTH"),
                        help="of the input (default: the canvas of the model)")
    options.add_builder(parser)
    arguments = parser.parse_args()
    if arguments.model is None and (arguments.size or arguments.option):
        parser.error("--size and --option go with a MODEL")
    built_with = options.builder_options(arguments)
    import_tensorflow()
    from keras_saliency.models import MODELS, build_model, check_canvas, list_models, network_spec
    from keras_saliency.models.complexity import layer_costs, total
    from keras_saliency.report import tables

    if arguments.model is None:
        print(tables.model_table(
            (name, MODELS[name], total(layer_costs(build_model(name), MODELS[name].canvas)))
            for name in list_models(classical=False)))
        return
    size = arguments.size or network_spec(arguments.model).canvas
    model = build_model(arguments.model, **built_with)
    check_canvas(model, size)
    costs = layer_costs(model, size)
    print(tables.layer_table(costs, total(costs)))
