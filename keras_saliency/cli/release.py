"""Make a trained run a pretrained model: a small file in weights/, described in its manifest."""
from keras_saliency.cli import command_line, options
from keras_saliency.files import read_json, require
from keras_saliency.lazy import import_tensorflow


def main() -> None:
    parser = command_line.plain_parser(
        "Write weights/NAME.h5 in float16 without the layers that are the same as in ImageNet's "
        "encoder. Then score it with keras-saliency evaluate --weights NAME --out SCORES.csv, and "
        "enter it into weights/manifest.yaml with --scores.",
        "keras-saliency release ead --run runs/ead_natural\n"
        "  keras-saliency release ead --scores osie.json mit1003.json --minutes 30")
    add = parser.add_argument
    add("name", help="name of the pretrained model, e.g. ead")
    step = parser.add_mutually_exclusive_group(required=True)
    step.add_argument("--run", help="run folder or weights file to take the weights from")
    add("--base", default="vgg16_imagenet.h5", metavar="FILE",
        help="file in weights/ whose layers are left out where they are the same: an encoder, or "
             "the network that was calibrated (default: %(default)s)")
    step.add_argument("--scores", metavar="JSON", nargs="+",
                      help="summaries that evaluate wrote for NAME, one for each dataset")
    step.add_argument("--enter", action="store_true",
                      help="enter NAME without scores, such as an encoder")
    add("--alias", action="append", default=[], help="short name; repeatable")
    add("--minutes", type=float, help="duration of the training")
    add("--command", help="command that trained it")
    arguments = parser.parse_args()
    if arguments.run:
        options.require_weights(arguments.run)
    summaries = {path: read_json(path) for path in arguments.scores or ()}
    import_tensorflow()
    from keras_saliency.models import pretrained

    if arguments.run:
        path = pretrained.release(arguments.run, arguments.name, arguments.base)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    elif arguments.enter:
        entry = pretrained.describe(arguments.name, arguments.alias)
        print(f"{arguments.name}: sha256 {entry['sha256'][:12]}...")
    else:
        scores = [pretrained.scores(summary, path) for path, summary in summaries.items()]
        datasets = [summary["dataset"] for summary in summaries.values()]
        require(len(set(datasets)) == len(datasets), "two summaries are of one dataset: "
                f"{', '.join(datasets)}; give one of each")
        entry = pretrained.describe(
            arguments.name, arguments.alias, command=arguments.command, minutes=arguments.minutes,
            scores=dict(zip(datasets, scores)))
        print(f"{arguments.name}: sha256 {entry['sha256'][:12]}..., "
              f"{entry['bytes'] / 1e6:.1f} MB")
