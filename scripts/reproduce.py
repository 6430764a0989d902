"""Reproduce a table or a figure."""
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line  # noqa: E402
from keras_saliency.report import gallery, loss_table  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
RESULTS = {
    "ead_losses": (loss_table.run, CONFIGS / "ead_osie_cpu.yaml"),
    "gallery": (gallery.run, CONFIGS / "msi_net_osie.yaml"),
}


def main():
    parser = command_line.parser(
        "Reproduce a table or a figure. ead_losses: EAD trained with l1, l2, bce and ead, three "
        "seeds each (Table 2 of the EAD paper); a stopped table continues where it was. gallery: "
        "predictions of the pretrained models for eight validation stimuli, with their densities "
        "and the center bias, or for --pictures.",
        "python scripts/reproduce.py ead_losses --set data.root=PATH name=ead_losses\n"
        "  python scripts/reproduce.py gallery --set data.root=PATH name=gallery")
    parser.add_argument("result", choices=sorted(RESULTS))
    parser.add_argument("--pictures", metavar="PICTURE_OR_FOLDER",
                        help="of gallery: show these in place of validation stimuli")
    arguments = parser.parse_args()
    if arguments.pictures and arguments.result != "gallery":
        parser.error("--pictures belongs to gallery")
    run, default = RESULTS[arguments.result]
    arguments.config = arguments.config or default
    options = {"pictures": arguments.pictures} if arguments.pictures else {}
    run(command_line.load_config(arguments), **options)


if __name__ == "__main__":
    command_line.run(main)
