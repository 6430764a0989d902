"""Export a model for other programs: SavedModel for TensorFlow Serving, TensorFlow Lite."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line, load_pretrained  # noqa: E402
from keras_saliency.export.picture_bytes import LIMIT  # noqa: E402
from keras_saliency.export.saved_model import export_all  # noqa: E402
from keras_saliency.export.tflite import QUANTIZE  # noqa: E402


def main():
    parser = command_line.plain_parser(
        "Write OUT/VERSION/saved_model.pb with preprocessing and inverse geometry "
        "inside, warm-up requests, and the settings of TensorFlow Serving beside OUT.",
        "python scripts/export.py msi_net --out models/msi_net --version 1")
    parser.add_argument("weights", metavar="MODEL_OR_RUN",
                        help="a weights file, a run folder or a pretrained model's name")
    parser.add_argument("--out", required=True, metavar="FOLDER",
                        help="the model's folder; its name is the one that it is served under")
    parser.add_argument("--version", type=int, default=1,
                        help="sub-folder, never overwritten (default: %(default)s)")
    parser.add_argument("--float16", action="store_true",
                        help="weights in half precision, half the size")
    parser.add_argument("--tflite", action="store_true", help="also write a .tflite file")
    parser.add_argument("--quantize", choices=QUANTIZE, default="none",
                        help="of the .tflite file, which it asks for; dynamic keeps weights in "
                             "8 bits")
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="PIXELS",
                        help="largest picture that is accepted (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.version < 1 or arguments.limit < 1:
        parser.error("--version and --limit must be at least 1")
    export_all(load_pretrained(arguments.weights), arguments.out, arguments.version,
               arguments.float16, arguments.tflite or arguments.quantize != "none",
               arguments.quantize, arguments.limit)


if __name__ == "__main__":
    command_line.run(main)
