"""Score the units of networks against fixations, and show what they respond to."""
from pathlib import Path

from keras_saliency.cli import command_line, options
from keras_saliency.lazy import import_tensorflow

LAYERS = ("block4_conv1", "block4_conv2", "block4_conv3", "block5_conv1", "block5_conv2",
          "block5_conv3")
BEST_IMAGES, THRESHOLD = 5, 0.9  # the paper's, as in units/detectors.py


def main() -> None:
    parser = command_line.parser(
        "Score every unit of the chosen layers by its NSS and write tables, figures and one HTML "
        "page. With more than one model the page shows them side by side, such as an encoder "
        "before and after training.",
        "keras-saliency analyze-units --weights imagenet ead \\\n"
        "      --set data.name=osie data.root=PATH --out units")
    add = parser.add_argument
    add("--weights", nargs="+", default=["imagenet", "ead"], metavar="WEIGHTS",
        help="weights files, run folders or names of pretrained models; \"imagenet\" is the "
             "config's model before training; the weights of an encoder are loaded into that model "
             "too (default: imagenet ead)")
    add("--layers", nargs="+", default=list(LAYERS), metavar="LAYER",
        help="LAYER of every model or MODEL:LAYER of one, by the name of its file or folder; "
             "LAYER+LAYER scales the units of several layers together (default: block4_conv1 to "
             "block5_conv3)")
    add("--part", choices=("validation", "training", "all"), default="all",
        help="stimuli to score on (default: %(default)s)")
    add("--best", type=int, default=BEST_IMAGES,
        help="a unit's score is the mean over so many stimuli, those on which it does best "
             "(default: %(default)s)")
    add("--threshold", type=float, default=THRESHOLD,
        help="score above which a unit is a positive fixation detector (default: %(default)s)")
    add("--regions", metavar="FOLDER", help="labels of OSIE-SR: also score each labelled region")
    add("--popout", action="store_true",
        help="also score targets of 80 generated pop-out arrays of 480x640")
    add("--out", default="units", help="folder (default: %(default)s)")
    options.add_cluster(parser)
    arguments = parser.parse_args()
    config = options.load_config(arguments)
    options.require_files(arguments.regions)
    options.require_weights(*(given for given in arguments.weights if given != "imagenet"))
    import_tensorflow()
    from keras_saliency.datasets.loading import load_data
    from keras_saliency.report import unit_report
    from keras_saliency.units import unit_study
    from keras_saliency.units.relation import study_relations

    _, dataset, spec = load_data(config.data, part=arguments.part)
    models = unit_study.load_models(arguments.weights, config.model)
    canvas = config.data.canvas  # else each model's own
    untrained = [name for given, name in zip(arguments.weights, models)
                 if unit_study.is_encoder(given)]
    with options.workers(arguments, Path(arguments.out) / ".shards") as client:
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
