"""Convert the weights that authors published for load_pretrained (see weights/README.md)."""
from pathlib import Path

from keras_saliency.cli import command_line
from keras_saliency.models import importing


def main():
    parser = command_line.plain_parser(
        "Read the weights that the authors of a model published and write them as HDF5. The kind "
        "of file is recognised; weights/README.md says where to find each file.",
        "python scripts/import_weights.py salgan gen_modelWeights0090.npz --out salgan.h5\n"
        "  python scripts/import_weights.py alexnet bvlc_reference_caffenet.caffemodel --float16")
    parser.add_argument("name", choices=sorted(importing.CONVERTERS), metavar="MODEL",
                        help=f"which model it is: {', '.join(sorted(importing.CONVERTERS))} "
                        "(alexnet, vgg16 and vgg16_hybrid are encoders, for model.encoder_weights)")
    parser.add_argument("source", help="the authors' file, their SavedModel folder, or the .index "
                                       "file of their checkpoint")
    parser.add_argument("--out", metavar="H5", help="file to write (default: MODEL.h5)")
    parser.add_argument("--float16", action="store_true", help="half the size on disk")
    command_line.add_builder_options(parser)
    arguments = parser.parse_args()
    done = importing.convert(
        arguments.name, arguments.source, Path(arguments.out or f"{arguments.name}.h5"),
        "float16" if arguments.float16 else "float32", **command_line.builder_options(arguments))
    print(f"{done.path}: {done.layers} layers, {done.parameters:,} parameters from a {done.kind} "
          f"(sha256 {done.sha256[:12]}...)")
