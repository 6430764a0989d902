"""Reproduce a table or a figure."""
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line  # noqa: E402
from keras_saliency.reproduce import ead_losses, gallery, popout_nmm, scenes  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
RESULTS = {
    "ead_losses": (ead_losses.run, CONFIGS / "ead_osie_cpu.yaml"),
    "gallery": (gallery.run, CONFIGS / "msi_net_osie.yaml"),
    "popout": (popout_nmm.run, CONFIGS / "quickstart.yaml"),
    "scenes": (scenes.run, CONFIGS / "ead_salicon.yaml"),
}


def main():
    parser = command_line.parser(
        "Reproduce a table or a figure. ead_losses: EAD trained with l1, l2, bce and ead, three "
        "seeds each (Table 2 of the EAD paper); a stopped table continues where it was. gallery: "
        "predictions of the pretrained models for eight validation stimuli, with their densities "
        "and the center bias, or for --pictures. popout: NMM of the classical and the pretrained "
        "models, and of any --weights, on 80 search arrays. scenes: VGG16 learns the scenes of the "
        "dataset's stimuli from --pictures, a folder per scene (Table 8 of the CVPR 2019 paper).",
        "python scripts/reproduce.py ead_losses --set data.root=PATH name=ead_losses\n"
        "  python scripts/reproduce.py gallery --set data.root=PATH name=gallery\n"
        "  python scripts/reproduce.py popout --weights runs/msi_net_osie --set name=popout\n"
        "  python scripts/reproduce.py scenes --pictures FOLDER --set data.root=PATH name=scenes")
    parser.add_argument("result", choices=sorted(RESULTS))
    parser.add_argument("--pictures", metavar="PICTURE_OR_FOLDER",
                        help="gallery: show these in place of validation stimuli; scenes: a folder "
                             "of images for each scene")
    parser.add_argument("--weights", metavar="RUN_OR_FILE", nargs="+",
                        help="popout: score these models as well; what was trained on generated "
                             "arrays, as runs/quickstart was, has seen these")
    arguments = parser.parse_args()
    if arguments.pictures and arguments.result not in ("gallery", "scenes"):
        parser.error("--pictures belongs to gallery and scenes")
    if arguments.weights and arguments.result != "popout":
        parser.error("--weights belongs to popout")
    run, default = RESULTS[arguments.result]
    arguments.config = arguments.config or default
    options = {"pictures": arguments.pictures, "weights": arguments.weights}
    run(command_line.load_config(arguments), **{k: v for k, v in options.items() if v})


if __name__ == "__main__":
    command_line.run(main)
