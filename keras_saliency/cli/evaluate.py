"""Score a model, a SavedModel, stored maps or a baseline; compare tables of scores."""
from pathlib import Path

from keras_saliency.cli import command_line, options
from keras_saliency.files import InputError
from keras_saliency.lazy import import_tensorflow
from keras_saliency.metrics import METRICS
from keras_saliency.prediction.predictor import network_of, predictor

MEANINGS = ("saliency", "density", "log_density")  # those of `evaluation.stored_maps`


def main() -> int:
    parser = command_line.parser(
        "Score saliency maps of the validation stimuli, at the stimuli's own size, or compare "
        "tables of such scores. Metrics (--set evaluation.metrics=[...], all but emd by default): "
        f"{', '.join(METRICS)}.",
        "keras-saliency evaluate --weights runs/msi_net_osie --config msi_net_osie \\\n"
        "      --set data.root=PATH --out msi_net.csv\n"
        "  keras-saliency evaluate --baseline center_bias --config msi_net_osie \\\n"
        "      --set data.root=PATH --out center_bias.csv\n"
        "  keras-saliency evaluate --compare center_bias.csv msi_net.csv\n"
        "  keras-saliency evaluate --compare-runs without=b1.csv,b2.csv with=a1.csv,a2.csv")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--weights", metavar="MODEL", help="a weights file, a run folder, the name "
                      "of a pretrained model, a SavedModel folder, or a classical model: bms, "
                      "center_bias, gbvs, itti")
    what.add_argument("--maps", metavar="FOLDER", help="saliency maps as gray pictures or .npy, "
                      "named like the stimuli")
    what.add_argument("--baseline", metavar="NAME", help="a density fitted to the training "
                      "stimuli: center_bias, center_bias_histogram, gold_standard; or uniform")
    what.add_argument("--compare", metavar="CSV", nargs="+",
                      help="tables of scores, paired over stimuli; each is tested for being "
                      "better than the first")
    what.add_argument("--compare-runs", metavar="MODEL=CSV,CSV", nargs="+",
                      help="the same for models that were trained several times: one table for "
                      "each training, paired over the trainings (the first with the first ...)")
    add = parser.add_argument
    add("--maps-are", choices=MEANINGS,
        help="what the numbers of --maps mean: saliency of any scale, density (above 0), or "
             "log_density in nats; the last two are also scored by likelihoods (default: saliency, "
             "but log-densities are refused)")
    add("--part", choices=("validation", "training", "all"), default="validation",
        help="stimuli to score (default: %(default)s); with all, baselines leave out the stimulus "
             "they predict")
    add("--prior", choices=("center_bias", "uniform"), default="center_bias",
        help="prior of deepgaze1 and of calibrated networks: their center_bias, or uniform, which "
             "shuffled AUC asks for (default: %(default)s)")
    options.add_trust(parser)
    add("--out", metavar="FILE",
        help="write the scores of each stimulus to this .csv (or .parquet) and the summary to a "
             ".json beside it; for several datasets one table each, named FILE_<dataset>; with "
             "--compare and --compare-runs a .json")
    options.add_engine(parser)
    options.add_cluster(parser)
    arguments = parser.parse_args()
    if arguments.maps_are and not arguments.maps:
        parser.error("--maps-are is for --maps")
    if arguments.compare or arguments.compare_runs:
        _refuse_options_of_scoring(parser, arguments)
        options.require_files(*arguments.compare or ())
        import_tensorflow()
        from keras_saliency.evaluation.scores import compare_tables

        return compare_tables(arguments.compare, arguments.compare_runs, arguments.out)
    config = options.load_config(arguments)
    options.require_files(arguments.maps)
    if arguments.weights:
        options.require_weights(arguments.weights)
    import_tensorflow()
    from keras_saliency.evaluation.scores import score

    with options.workers(arguments, arguments.out and f"{arguments.out}.shards") as client:
        return score(config, _source(parser, arguments, client), arguments.part, arguments.out)


def _source(parser, arguments, client):
    """Return what is scored."""
    from keras_saliency.evaluation import scores
    from keras_saliency.evaluation.sources import BASELINES

    if not arguments.weights:
        for option, given in (("prior", arguments.prior == "uniform"),
                              ("engine", arguments.engine or arguments.precision),
                              ("calibration", arguments.calibration),
                              ("cluster", arguments.cluster)):
            if given:
                parser.error(f"--{option} is for networks of this package, not for "
                             f"{arguments.maps or arguments.baseline}; leave it out")
        if arguments.baseline and arguments.baseline not in BASELINES:
            parser.error(f"no baseline {arguments.baseline!r}; there are {', '.join(BASELINES)}")
        return (scores.of_maps(arguments.maps, arguments.maps_are) if arguments.maps
                else scores.of_baseline(arguments.baseline))
    model = predictor(arguments.weights, arguments.trust)
    name = model.facts.name
    text = (arguments.weights if Path(arguments.weights).name == name  # such as a SavedModel's
            else f"{name} from {arguments.weights}")
    if arguments.prior == "uniform":
        scores.remove_center_bias(network_of(model))
        text += " with a uniform prior"
    model = options.accelerated(arguments, model)
    if arguments.engine or arguments.precision:
        text += f", on {model.engine} in {model.precision}"
    return scores.of_predictor(model, text, client)


def _refuse_options_of_scoring(parser, arguments):
    for name, value in vars(arguments).items():
        if name not in ("compare", "compare_runs", "out") and value != parser.get_default(name):
            option = "set" if name == "overrides" else name
            raise InputError(f"--{option} is for scoring: tables are compared as they are")
