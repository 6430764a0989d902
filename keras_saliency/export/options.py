"""The options of scripts/export.py, and which of them go together."""
from keras_saliency.export.picture_bytes import LIMIT
from keras_saliency.export.tflite import QUANTIZE

FORMATS = ("onnx", "triton", "openvino", "web", "package")  # which do without --out
NEEDS = {  # options of some formats alone
    "float16": ("out", "openvino", "web"), "dynamic_batch": ("onnx", "openvino"),
    "dynamic_canvas": ("onnx", "openvino", "tflite"), "int8": ("openvino",),
    "runtime": ("web",), "osie": ("web",)}


def add(parser) -> None:
    """Let a parser take them; --calibration is `command_line.add_calibration`'s."""
    add = parser.add_argument
    add("weights", metavar="MODEL_OR_RUN",
        help="a weights file, a run folder or a pretrained model's name")
    add("--out", metavar="FOLDER",
        help="the model's folder; its name is the one that it is served under")
    add("--version", type=int, default=1,
        help="sub-folder of it, never overwritten (default: %(default)s)")
    add("--float16", action="store_true",
        help="weights of the SavedModel, of --openvino and of --web in half precision, half the "
             "size")
    add("--tflite", action="store_true", help="also write a .tflite file")
    add("--quantize", choices=QUANTIZE, default="none",
        help="of the .tflite file, which it asks for; dynamic keeps weights in 8 bits")
    add("--limit", type=int, default=LIMIT, metavar="PIXELS",
        help="largest picture that the SavedModel accepts (default: %(default)s)")
    add("--onnx", metavar="FILE", help="write an .onnx file (extra onnx)")
    add("--triton", metavar="FOLDER",
        help="a new model folder for Triton, with an .onnx file for batches of any size and "
             "config.pbtxt (extra onnx)")
    add("--openvino", metavar="FOLDER",
        help="a new folder for an .xml and a .bin file (extra fast)")
    add("--int8", action="store_true",
        help="the files of --openvino in 8-bit integers, a quarter of the size; what they lose is "
             "printed and kept in them (extra fast)")
    add("--web", metavar="FOLDER",
        help="a new folder with a web page that runs the network in the browser, weights in 8 "
             "bits; docs/web.md")
    add("--runtime", metavar="FOLDER",
        help="where npm has installed what --web runs on (default: npm fetches it)")
    add("--osie", metavar="FOLDER",
        help="measure what --web loses on the validation stimuli of OSIE (default: on generated "
             "pictures)")
    add("--package", metavar="FOLDER",
        help="a new folder for the page of a model hub: .keras, SavedModel and .onnx files, a "
             "model card, checksums (extra onnx)")
    add("--dynamic-batch", action="store_true",
        help="--onnx and --openvino take any number of pictures at a time, not one")
    add("--dynamic-canvas", action="store_true",
        help="--onnx, --openvino and --tflite take any canvas that the network does; predict.py "
             "then turns it for portrait pictures")


def check(parser, given) -> None:
    """Exit with a message where options do not go together; `given` are the parser's."""
    if given.version < 1 or given.limit < 1:
        parser.error("--version and --limit must be at least 1")
    if given.out is None and (wants_tflite(given)
                              or not any(getattr(given, name) for name in FORMATS)):
        parser.error("a SavedModel and a .tflite file need --out; others are "
                     + ", ".join(f"--{name}" for name in FORMATS))
    asked = {name for name in (*FORMATS, "out") if getattr(given, name)}
    asked |= {"tflite"} if wants_tflite(given) else set()
    for option, formats in NEEDS.items():
        if getattr(given, option) and not asked & set(formats):
            parser.error(f"--{option.replace('_', '-')} is for --{', --'.join(formats)}")
    if given.int8 and given.float16 or given.calibration and not given.int8:
        parser.error("--int8 goes without --float16, --calibration is for --int8")


def wants_tflite(given) -> bool:
    """Whether a .tflite file is asked for beside the SavedModel."""
    return given.tflite or given.quantize != "none"
