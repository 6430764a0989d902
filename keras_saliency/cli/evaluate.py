"""Score a model, a SavedModel, stored maps or a baseline; compare tables of scores."""

from keras_saliency import list_models
from keras_saliency.cli import command_line
from keras_saliency.evaluation import engine
from keras_saliency.evaluation.sources import BASELINES
from keras_saliency.files import InputError
from keras_saliency.metrics import METRICS


def main():
    parser = command_line.parser(
        "Score saliency maps of the validation stimuli, at the stimuli's own size, or compare "
        "tables of such scores. Metrics (--set evaluation.metrics=[...], all without emd): "
        f"{', '.join(METRICS)}.",
        "python scripts/evaluate.py --weights runs/msi_net_osie --config "
        "configs/msi_net_osie.yaml \\\n      --set data.root=PATH --out msi_net.csv\n"
        "  python scripts/evaluate.py --baseline center_bias --config configs/msi_net_osie.yaml "
        "\\\n      --set data.root=PATH --out center_bias.csv\n"
        "  python scripts/evaluate.py --compare center_bias.csv msi_net.csv\n"
        "  python scripts/evaluate.py --compare-runs without=b1.csv,b2.csv with=a1.csv,a2.csv")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--weights", metavar="MODEL", help="a weights file, a run folder, a "
                      "pretrained model's name, a SavedModel folder, or a classical model: "
                      + ", ".join(list_models(classical=True)))
    what.add_argument("--maps", metavar="FOLDER", help="saliency maps as gray pictures or .npy, "
                      "named like the stimuli")
    what.add_argument("--baseline", choices=sorted(BASELINES),
                      help="fitted to the training stimuli")
    what.add_argument("--compare", metavar="CSV", nargs="+",
                      help="tables of scores, paired over stimuli; each is tested for being "
                      "better than the first")
    what.add_argument("--compare-runs", metavar="MODEL=CSV,CSV", nargs="+",
                      help="the same for models that were trained several times: a table of each "
                      "training, paired over the trainings (the first with the first ...)")
    parser.add_argument("--part", choices=("validation", "training", "all"),
                        default="validation", help="stimuli to score (default: %(default)s); "
                        "with all, baselines leave out the stimulus they predict")
    parser.add_argument("--prior", choices=("center_bias", "uniform"), default="center_bias",
                        help="what deepgaze1 and calibrated networks take for the density of "
                        "fixations on any stimulus: their center_bias, or with uniform nothing, "
                        "which is what shuffled AUC asks for (default: %(default)s)")
    parser.add_argument("--trust", action="store_true", help="run a SavedModel from elsewhere "
                        "though its graph can read or write files or run other code; without "
                        "it such a graph is refused")
    parser.add_argument("--out", metavar="FILE", help="write the scores of each stimulus to this "
                        ".csv (or .parquet) and the summary to a .json beside it, of several "
                        "datasets to one for each, named FILE_<dataset>; with --compare and "
                        "--compare-runs a .json")
    command_line.add_engine_options(parser)
    command_line.add_cluster_options(parser)
    arguments = parser.parse_args()
    if arguments.compare or arguments.compare_runs:
        _refuse_options_of_scoring(parser, arguments)
        return engine.compare_tables(arguments.compare, arguments.compare_runs, arguments.out)
    with command_line.workers(arguments, arguments.out and f"{arguments.out}.shards") as client:
        return engine.score(
            command_line.load_config(arguments), arguments.weights, arguments.maps,
            arguments.baseline, arguments.part, arguments.out, arguments.trust, arguments.prior,
            command_line.accelerator(arguments), client)


def _refuse_options_of_scoring(parser, arguments):
    for name, value in vars(arguments).items():
        if name not in ("compare", "compare_runs", "out") and value != parser.get_default(name):
            option = "set" if name == "overrides" else name
            raise InputError(f"--{option} is for scoring: tables are compared as they are")
