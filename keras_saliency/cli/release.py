"""Make a trained run a pretrained model: a small file in weights/, described in its manifest."""
import json
from pathlib import Path

from keras_saliency.cli import command_line
from keras_saliency.models import release


def main():
    parser = command_line.plain_parser(
        "Write weights/NAME.h5 in float16 without the layers that stayed as ImageNet "
        "left them. Then score it with evaluate.py --weights NAME --out SCORES.csv and "
        "enter it into weights/manifest.yaml with --scores.",
        "python scripts/release.py ead --run runs/ead_natural\n"
        "  python scripts/release.py ead --scores osie.json mit1003.json --minutes 30")
    parser.add_argument("name", help="of the pretrained model, e.g. ead")
    step = parser.add_mutually_exclusive_group(required=True)
    step.add_argument("--run", help="run folder or weights file to take the weights from")
    parser.add_argument("--base", default="vgg16_imagenet.h5", metavar="FILE",
                        help="of weights/, whose layers are left out where they are the same: an "
                        "encoder, or the network that was calibrated (default: %(default)s)")
    step.add_argument("--scores", metavar="JSON", nargs="+",
                      help="summaries that evaluate.py wrote for NAME, of a dataset each")
    step.add_argument("--enter", action="store_true",
                      help="enter NAME without scores, such as an encoder")
    parser.add_argument("--alias", action="append", default=[], help="short name; repeatable")
    parser.add_argument("--minutes", type=float, help="that the training took")
    parser.add_argument("--command", help="that trained it")
    arguments = parser.parse_args()
    if arguments.run:
        path = release.release(arguments.run, arguments.name, arguments.base)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
        return
    if arguments.enter:
        entry = release.describe(arguments.name, arguments.alias)
        print(f"{arguments.name}: sha256 {entry['sha256'][:12]}...")
        return
    summaries = [json.loads(Path(path).read_text(encoding="utf-8")) for path in arguments.scores]
    entry = release.describe(
        arguments.name, arguments.alias, command=arguments.command, minutes=arguments.minutes,
        scores={summary["dataset"]: release.scores(summary) for summary in summaries})
    print(f"{arguments.name}: sha256 {entry['sha256'][:12]}..., {entry['bytes'] / 1e6:.1f} MB")
