"""Fit a network's maps to the fixations of your own viewers: densities instead of saliency_maps."""
from keras_saliency.cli import command_line, options
from keras_saliency.files import require_writable
from keras_saliency.lazy import import_tensorflow


def main() -> int:
    parser = command_line.parser(
        "Calibrate a network: blur, monotone nonlinearity, weight of a center bias and share of "
        "uniform are fitted to fixations, so that its output is a density. Prints bits per "
        "fixation on held-out stimuli. If calibration does not improve them, nothing is written "
        "and the exit code is 1. The canvas is the network's unless the config sets one.",
        "keras-saliency calibrate --weights msi_net --set data.name=folder data.root=FOLDER \\\n"
        "      --part all --out mine.h5\n"
        "  keras-saliency calibrate --weights msi_net --config msi_net_osie \\\n"
        "      --set data.root=PATH data.train=50 --out mine.h5")
    add = parser.add_argument
    add("--weights", metavar="MODEL", default="msi_net", help="a weights file, a run folder, or "
        "the name of a pretrained model (default: %(default)s)")
    add("--part", choices=("training", "all"), default="training", help="stimuli to fit to: the "
        "training part of the config's split, or all (default: %(default)s)")
    add("--out", metavar="FILE", required=True, help="file to write, .h5 or for a network of your "
        "own .keras; predict, evaluate and export take it as weights")
    options.add_trust(parser)
    arguments = parser.parse_args()
    if not arguments.out.endswith((".h5", ".keras")):
        parser.error(f"--out {arguments.out}: a network is kept in a file that ends in .h5 or "
                     ".keras")
    require_writable(arguments.out)
    options.require_weights(arguments.weights)
    data = options.load_config(arguments).data
    import_tensorflow()
    from keras_saliency.datasets.loading import load_part
    from keras_saliency.models import facts_of, load_pretrained, origin
    from keras_saliency.training import calibration

    model = load_pretrained(arguments.weights, arguments.trust)
    print(origin(facts_of(model)))
    dataset = load_part(data, arguments.part)
    print(f"calibrating on the stimuli ({arguments.part}) of {dataset.summary()}")
    result = calibration.fit(model, dataset, data.canvas)
    if not result.improved:
        print(f"{arguments.out} is not written")
        return command_line.FAILED
    print(f"{result.save(arguments.out)}; next: keras-saliency predict photo.jpg --weights "
          f"{arguments.out}{' --trust' if arguments.trust else ''}")
    return command_line.DONE
