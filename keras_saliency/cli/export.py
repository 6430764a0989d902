"""Export a model for other programs: SavedModel, LiteRT, ONNX, OpenVINO, a web page, a package."""

from keras_saliency import load_pretrained
from keras_saliency.cli import command_line
from keras_saliency.export import options
from keras_saliency.export.onnx_model import export_onnx, export_triton
from keras_saliency.export.openvino_model import export_openvino
from keras_saliency.export.package import export_package
from keras_saliency.export.web_page import export_web, osie_validation
from keras_saliency.serving.export import export_all


def main():
    parser = command_line.plain_parser(
        "Write OUT/VERSION/saved_model.pb with preprocessing and inverse geometry inside, warm-up "
        "requests, and the settings of TensorFlow Serving beside OUT; or the network alone, on its "
        "canvas, for ONNX Runtime or OpenVINO; or a web page that runs it; or a folder with all "
        "that a model hub asks for.",
        "python scripts/export.py msi_net --out models/msi_net --version 1\n"
        "  python scripts/export.py msi_net --onnx models/msi_net.onnx --dynamic-batch\n"
        "  python scripts/export.py msi_net --openvino models/msi_net_openvino --dynamic-canvas\n"
        "  python scripts/export.py msi_net --web demo\n"
        "  python scripts/export.py msi_net --package msi_net_package")
    options.add(parser)
    command_line.add_calibration(parser)
    given = parser.parse_args()
    options.check(parser, given)
    pictures = command_line.calibration(given)
    stimuli = osie_validation(given.osie) if given.osie else None
    model = load_pretrained(given.weights)
    if given.out:
        export_all(model, given.out, given.version, given.float16, options.wants_tflite(given),
                   given.quantize, given.limit, given.dynamic_canvas)
    if given.onnx:
        export_onnx(model, given.onnx, given.dynamic_batch, given.dynamic_canvas)
    if given.triton:
        export_triton(model, given.triton)
    if given.openvino:
        weights = "int8" if given.int8 else "float16" if given.float16 else "float32"
        export_openvino(model, given.openvino, given.dynamic_batch, weights, given.dynamic_canvas,
                        pictures)
    if given.web:
        export_web(model, given.web, "float16" if given.float16 else "dynamic", given.runtime,
                   stimuli)
    if given.package:
        export_package(model, given.package, given.limit)
