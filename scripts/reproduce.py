"""Reproduce a table or a figure."""
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line  # noqa: E402
from keras_saliency.reproduce import RESULTS  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def main():
    parser = command_line.parser(
        "Reproduce a table or a figure. " + " ".join(
            f"{name}: {result.summary}" for name, result in RESULTS.items()),
        "python scripts/reproduce.py ead_losses --set data.root=PATH name=ead_losses\n"
        "  python scripts/reproduce.py gallery --set data.root=PATH name=gallery\n"
        "  python scripts/reproduce.py calibration --set data.root=PATH name=calibration\n"
        "  python scripts/reproduce.py popout --weights runs/msi_net_osie --set name=popout\n"
        "  python scripts/reproduce.py scenes --pictures FOLDER --set data.root=PATH name=scenes")
    parser.add_argument("result", choices=sorted(RESULTS))
    parser.add_argument("--pictures", metavar="PICTURE_OR_FOLDER",
                        help="gallery: show these in place of validation stimuli; scenes: a folder "
                             "of images for each scene")
    parser.add_argument("--weights", metavar="RUN_OR_FILE", nargs="+",
                        help="calibration: calibrate these networks; popout: score these models "
                             "as well; what was trained on generated arrays, as runs/quickstart "
                             "was, has seen these")
    parser.add_argument("--least-images", type=int, metavar="N",
                        help="scenes: leave out scenes with fewer images (default: 50)")
    arguments = parser.parse_args()
    result = RESULTS[arguments.result]
    given = {name: getattr(arguments, name) for name in ("pictures", "weights", "least_images")
             if getattr(arguments, name) is not None}
    for option in given:
        if option not in result.options:
            owners = [name for name, other in RESULTS.items() if option in other.options]
            parser.error(f"--{option.replace('_', '-')} belongs to {' and '.join(owners)}")
    arguments.config = arguments.config or CONFIGS / result.config
    result.run(command_line.load_config(arguments), **given)


if __name__ == "__main__":
    command_line.run(main)
