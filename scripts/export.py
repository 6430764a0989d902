"""Export a model for other programs: SavedModel, TensorFlow Lite, ONNX, OpenVINO."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line, load_pretrained  # noqa: E402
from keras_saliency.export.onnx_model import export_onnx, export_triton  # noqa: E402
from keras_saliency.export.openvino_model import export_openvino  # noqa: E402
from keras_saliency.export.picture_bytes import LIMIT  # noqa: E402
from keras_saliency.export.saved_model import export_all  # noqa: E402
from keras_saliency.export.tflite import QUANTIZE  # noqa: E402


def main():
    parser = command_line.plain_parser(
        "Write OUT/VERSION/saved_model.pb with preprocessing and inverse geometry "
        "inside, warm-up requests, and the settings of TensorFlow Serving beside OUT; or the "
        "network alone, on its canvas, for ONNX Runtime or OpenVINO.",
        "python scripts/export.py msi_net --out models/msi_net --version 1\n"
        "  python scripts/export.py msi_net --onnx models/msi_net.onnx --dynamic-batch\n"
        "  python scripts/export.py msi_net --openvino models/msi_net_openvino --dynamic-canvas")
    parser.add_argument("weights", metavar="MODEL_OR_RUN",
                        help="a weights file, a run folder or a pretrained model's name")
    parser.add_argument("--out", metavar="FOLDER",
                        help="the model's folder; its name is the one that it is served under")
    parser.add_argument("--version", type=int, default=1,
                        help="sub-folder of it, never overwritten (default: %(default)s)")
    parser.add_argument("--float16", action="store_true",
                        help="weights of the SavedModel and of --openvino in half precision, half "
                             "the size")
    parser.add_argument("--tflite", action="store_true", help="also write a .tflite file")
    parser.add_argument("--quantize", choices=QUANTIZE, default="none",
                        help="of the .tflite file, which it asks for; dynamic keeps weights in "
                             "8 bits")
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="PIXELS",
                        help="largest picture that the SavedModel accepts (default: %(default)s)")
    parser.add_argument("--onnx", metavar="FILE", help="write an .onnx file (extra onnx)")
    parser.add_argument("--triton", metavar="FOLDER",
                        help="a new model folder for Triton, with an .onnx file for batches of any "
                             "size and config.pbtxt (extra onnx)")
    parser.add_argument("--openvino", metavar="FOLDER",
                        help="a new folder for an .xml and a .bin file (extra fast)")
    parser.add_argument("--int8", action="store_true",
                        help="the files of --openvino in 8-bit integers, a quarter of the size; "
                             "what they lose is printed and kept in them (extra fast)")
    command_line.add_calibration(parser)
    parser.add_argument("--dynamic-batch", action="store_true",
                        help="--onnx and --openvino take any number of pictures at a time, not one")
    parser.add_argument("--dynamic-canvas", action="store_true",
                        help="--onnx, --openvino and --tflite take any canvas that the network "
                             "does; predict.py then turns it for portrait pictures")
    arguments = parser.parse_args()
    if arguments.version < 1 or arguments.limit < 1:
        parser.error("--version and --limit must be at least 1")
    lite = arguments.tflite or arguments.quantize != "none"
    others = arguments.onnx or arguments.triton or arguments.openvino
    if arguments.out is None and (lite or not others):
        parser.error("a SavedModel and a .tflite file need --out; others are --onnx, --triton, "
                     "--openvino")
    if arguments.int8 and (not arguments.openvino or arguments.float16) or (
            arguments.calibration and not arguments.int8):
        parser.error("--int8 is for --openvino without --float16, --calibration for --int8")
    pictures = command_line.calibration(arguments)
    model = load_pretrained(arguments.weights)
    if arguments.out:
        export_all(model, arguments.out, arguments.version, arguments.float16, lite,
                   arguments.quantize, arguments.limit, arguments.dynamic_canvas)
    if arguments.onnx:
        export_onnx(model, arguments.onnx, arguments.dynamic_batch, arguments.dynamic_canvas)
    if arguments.triton:
        export_triton(model, arguments.triton)
    if arguments.openvino:
        weights = "int8" if arguments.int8 else "float16" if arguments.float16 else "float32"
        export_openvino(model, arguments.openvino, arguments.dynamic_batch, weights,
                        arguments.dynamic_canvas, pictures)


if __name__ == "__main__":
    command_line.run(main)
