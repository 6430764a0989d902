"""Export a model for other programs: SavedModel, LiteRT, ONNX, OpenVINO, a web page, a package."""
from keras_saliency.cli import command_line, options
from keras_saliency.files.picture_headers import LIMIT
from keras_saliency.lazy import import_tensorflow

QUANTIZE = ("none", "dynamic")  # of a .tflite file
FORMATS = ("onnx", "triton", "openvino", "web", "package")  # which do without --out
NEEDS = {  # options of some formats alone
    "float16": ("out", "openvino", "web"), "dynamic_batch": ("onnx", "openvino"),
    "dynamic_canvas": ("onnx", "openvino", "tflite"), "int8": ("openvino",),
    "runtime": ("web",), "osie": ("web",)}


def main() -> None:
    given = _read()
    options.require_weights(given.weights)
    options.require_files(given.osie, given.runtime)
    pictures = options.calibration(given)
    import_tensorflow()
    from keras_saliency.export.onnx_model import export_onnx, export_triton
    from keras_saliency.export.openvino_model import export_openvino
    from keras_saliency.export.package import export_package
    from keras_saliency.export.web_page import export_web, osie_validation
    from keras_saliency.models import load_pretrained
    from keras_saliency.serving.export import export_all

    stimuli = osie_validation(given.osie) if given.osie else None
    model = load_pretrained(given.weights, given.trust)
    dynamic = {"dynamic_batch": given.dynamic_batch, "dynamic_canvas": given.dynamic_canvas}
    if given.out:
        export_all(model, given.out, given.version, given.float16, given.tflite, given.quantize,
                   given.limit, given.dynamic_canvas)
    if given.onnx:
        export_onnx(model, given.onnx, **dynamic)
    if given.triton:
        export_triton(model, given.triton)
    if given.openvino:
        weights = "int8" if given.int8 else "float16" if given.float16 else "float32"
        export_openvino(model, given.openvino, weights=weights, pictures=pictures, **dynamic)
    if given.web:
        export_web(model, given.web, "float16" if given.float16 else "dynamic", given.runtime,
                   stimuli)
    if given.package:
        export_package(model, given.package, given.limit)


def _read():
    """Return the arguments of the command, or exit with a message where they do not fit."""
    parser = command_line.plain_parser(
        "Write a SavedModel, OUT/VERSION/saved_model.pb, with preprocessing and inverse geometry "
        "inside, warm-up requests, and the settings of TensorFlow Serving beside OUT; or the "
        "network alone, on its canvas, for ONNX Runtime or OpenVINO; or a web page that runs it; "
        "or a folder with everything that a model hub asks for.",
        "keras-saliency export msi_net --out models/msi_net --version 1\n"
        "  keras-saliency export msi_net --onnx models/msi_net.onnx --dynamic-batch\n"
        "  keras-saliency export msi_net --openvino models/msi_net_openvino --dynamic-canvas\n"
        "  keras-saliency export msi_net --web demo\n"
        "  keras-saliency export msi_net --package msi_net_package")
    add = parser.add_argument
    add("weights", metavar="MODEL_OR_RUN",
        help="a weights file, a run folder or the name of a pretrained model")
    add("--out", metavar="FOLDER",
        help="folder of the SavedModel; a server calls the model by its name")
    add("--version", type=int, default=1,
        help="sub-folder of --out, never overwritten (default: %(default)s)")
    add("--float16", action="store_true",
        help="halve the size: weights of the SavedModel, of --openvino and of --web in half "
             "precision")
    add("--tflite", action="store_true", help="also write a .tflite file")
    add("--quantize", choices=QUANTIZE, default="none",
        help="also write a .tflite file; dynamic keeps its weights in 8 bits")
    add("--limit", type=int, default=LIMIT, metavar="PIXELS",
        help="largest picture that the SavedModel accepts (default: %(default)s)")
    add("--onnx", metavar="FILE", help="write an .onnx file (extra onnx)")
    add("--triton", metavar="FOLDER",
        help="write a new model folder for Triton: an .onnx file for batches of any size and "
             "config.pbtxt (extra onnx)")
    add("--openvino", metavar="FOLDER",
        help="write an .xml and a .bin file into a new folder (extra fast)")
    add("--int8", action="store_true",
        help="write the files of --openvino in 8-bit integers, a quarter of the size; the loss is "
             "printed and kept in them (extra fast)")
    add("--web", metavar="FOLDER",
        help="write a web page that runs the network in the browser, weights in 8 bits, into a "
             "new folder; see docs/web.md")
    add("--runtime", metavar="FOLDER",
        help="folder where npm has installed the runtime of --web (default: npm fetches it)")
    add("--osie", metavar="FOLDER",
        help="measure the loss of --web on the validation stimuli of OSIE (default: on generated "
             "pictures)")
    add("--package", metavar="FOLDER",
        help="write a new folder for the page of a model hub: .keras, SavedModel and .onnx files, "
             "a model card, checksums (extra onnx)")
    add("--dynamic-batch", action="store_true",
        help="let the files of --onnx and --openvino take any number of pictures at a time")
    add("--dynamic-canvas", action="store_true",
        help="let the files of --onnx, --openvino and --tflite take any canvas that the network "
             "does; predict then turns it for portrait pictures")
    options.add_calibration(parser)
    options.add_trust(parser)
    given = parser.parse_args()
    given.tflite = given.tflite or given.quantize != "none"
    if given.version < 1 or given.limit < 1:
        parser.error("--version and --limit must be at least 1")
    if given.out is None and (given.tflite or not any(getattr(given, name) for name in FORMATS)):
        parser.error("a SavedModel and a .tflite file need --out; others are "
                     + ", ".join(f"--{name}" for name in FORMATS))
    asked = {name for name in (*FORMATS, "out", "tflite") if getattr(given, name)}
    for option, formats in NEEDS.items():
        if getattr(given, option) and not asked & set(formats):
            parser.error(f"--{option.replace('_', '-')} is for --{', --'.join(formats)}")
    if given.int8 and given.float16 or given.calibration and not given.int8:
        parser.error("--int8 goes without --float16, --calibration is for --int8")
    return given
