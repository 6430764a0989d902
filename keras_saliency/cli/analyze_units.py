"""Which units of a network follow the fixations, and what they respond to."""
from pathlib import Path

from keras_saliency.cli import command_line
from keras_saliency.datasets.loading import load_data
from keras_saliency.report import unit_report
from keras_saliency.units import unit_study
from keras_saliency.units.relation import study_relations

LAYERS = ("block4_conv1", "block4_conv2", "block4_conv3", "block5_conv1", "block5_conv2",
          "block5_conv3")


def main():
    parser = command_line.parser(
        "Score every unit of the chosen layers by its NSS and write tables, figures and one HTML "
        "page. With more than one model the page shows them side by side, such as an encoder "
        "before and after training.",
        "python scripts/analyze_units.py --weights imagenet ead --set data.name=osie "
        "data.root=PATH --out units")
    parser.add_argument("--weights", nargs="+", default=["imagenet", "ead"], metavar="WEIGHTS",
                        help="weights files, run folders or pretrained names; \"imagenet\" is the "
                             "config's model before training; an encoder's file is taken into "
                             "that model too (default: imagenet ead)")
    parser.add_argument("--layers", nargs="+", default=list(LAYERS), metavar="LAYER",
                        help="LAYER of every model or MODEL:LAYER of one, by the name of its file "
                             "or folder; LAYER+LAYER scales the units of several layers together "
                             "(default: block4_conv1 to block5_conv3)")
    parser.add_argument("--part", choices=("validation", "training", "all"), default="all",
                        help="stimuli to score on (default: %(default)s)")
    parser.add_argument("--best", type=int, default=unit_study.BEST_IMAGES,
                        help="stimuli that a unit's score is the mean of (default: %(default)s)")
    parser.add_argument("--threshold", type=float, default=unit_study.THRESHOLD,
                        help="of positive fixation detectors (default: %(default)s)")
    parser.add_argument("--regions", metavar="FOLDER",
                        help="OSIE-SR's labels: also score each labelled region")
    parser.add_argument("--popout", action="store_true",
                        help="also score targets of 80 generated pop-out arrays of 480x640")
    parser.add_argument("--out", default="units", help="folder (default: %(default)s)")
    command_line.add_cluster_options(parser)
    arguments = parser.parse_args()
    config = command_line.load_config(arguments)
    _, dataset, spec = load_data(config.data, part=arguments.part)
    models = unit_study.load_models(arguments.weights, config.model)
    canvas = config.data.canvas  # else each model's own
    untrained = [name for given, name in zip(arguments.weights, models)
                 if unit_study.is_encoder(given)]
    with command_line.workers(arguments, Path(arguments.out) / ".shards") as client:
        study = unit_study.study_units(
            models, arguments.layers, dataset, canvas, config.evaluation.batch, arguments.best,
            arguments.threshold, untrained=untrained, client=client)
    if arguments.regions:
        study.regions = unit_study.study_regions(
            models, arguments.layers, dataset, arguments.regions, spec.sigma, canvas)
        study.relations = study_relations(study.trained(models), study.regions, dataset, canvas)
    if arguments.popout:
        study.targets = unit_study.study_targets(models, arguments.layers, canvas)
    unit_report.write(study, Path(arguments.out))
