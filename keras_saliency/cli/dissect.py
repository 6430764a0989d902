"""Network dissection: the concepts that the units of a network stand for."""
import os

from keras_saliency.cli import command_line, options
from keras_saliency.lazy import import_tensorflow


def main() -> None:
    parser = command_line.parser(
        "Compare the masks of units with labelled pixels: Broden, or any folder with "
        "images/ and labels/. Writes tables and one HTML page.",
        "keras-saliency dissect broden1_224 --weights ead --layers block5_conv3 \\\n"
        "      --out dissection --detectors --set data.name=osie data.root=PATH")
    add = parser.add_argument
    add("root", help="folder of Broden, or with images/ and labels/")
    add("--weights", default="ead",
        help="a weights file, a run folder or the name of a pretrained model (default: "
             "%(default)s)")
    add("--layers", nargs="+", default=["block5_conv3"], metavar="LAYER",
        help="LAYER+LAYER scales the units of several layers together to find the detectors "
             "(default: block5_conv3)")
    add("--split", choices=("train", "val"), help="part of Broden (default: both)")
    add("--detectors", action="store_true",
        help="find the positive fixation detectors on the dataset of --config and --set, and count "
             "in how many images they detect each concept")
    add("--quantile", type=float, default=0.995,
        help="quantile of a unit's cells that is its threshold (default: %(default)s)")
    add("--masks", action="store_true", help="also write masks of the best units")
    add("--seed", type=int, default=0, help="seed of the labels by chance")
    add("--out", default="dissection", help="folder (default: %(default)s)")
    options.add_cluster(parser)
    arguments = parser.parse_args()
    if not arguments.detectors and (arguments.config or arguments.overrides):
        parser.error("--config and --set name the dataset of --detectors, which is not given")
    config = options.load_config(arguments)
    if not os.path.isdir(arguments.root):
        parser.error(f"{arguments.root}: no folder")
    options.require_weights(arguments.weights)
    import_tensorflow()
    from keras_saliency.datasets.concepts import load_concepts
    from keras_saliency.datasets.loading import load_data
    from keras_saliency.models import load_pretrained
    from keras_saliency.report import dissection_report
    from keras_saliency.units import dissection

    concepts = load_concepts(os.path.abspath(arguments.root), arguments.split)
    model = load_pretrained(arguments.weights)
    fixated = load_data(config.data, part="all")[1] if arguments.detectors else None
    with options.workers(arguments, f"{arguments.out}/.shards") as client:
        found = dissection.dissect_layers(
            model, arguments.layers, concepts, fixated, arguments.quantile, arguments.seed, client)
    dissection_report.write(model.name, concepts, found,
                            dissection.fetch_examples(model, concepts, found), arguments.out,
                            arguments.masks, detectors_of=fixated and fixated.name)
