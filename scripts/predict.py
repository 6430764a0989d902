"""Predict saliency_maps of pictures."""
import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line, load_pretrained  # noqa: E402
from keras_saliency.models import origin  # noqa: E402
from keras_saliency.report import prediction_files  # noqa: E402


def main():
    parser = argparse.ArgumentParser(
        description="Predict where people look: for each picture a density PNG and a colored "
                    "overlay, in the picture's own size.",
        epilog="example:\n  python scripts/predict.py photo.jpg\n"
               "  python scripts/predict.py pictures --weights runs/quickstart --out predictions",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", metavar="IMAGE_OR_FOLDER")
    parser.add_argument("--weights", default="msi_net",
                        help="a weights file, a run folder or a pretrained model's name "
                             "(default: %(default)s, MSI-Net trained on OSIE)")
    parser.add_argument("--out", default="predictions", help="folder (default: %(default)s)")
    parser.add_argument("--raw", action="store_true",
                        help="also write the float32 map as .npy")
    arguments = parser.parse_args()
    model = load_pretrained(arguments.weights)
    print(origin(model))
    failed = prediction_files.predict_all(
        model, arguments.pictures, arguments.out, raw=arguments.raw)
    return command_line.FAILED if failed else command_line.DONE


if __name__ == "__main__":
    command_line.run(main)
