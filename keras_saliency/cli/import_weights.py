"""Convert the weights that authors published for load_pretrained (see weights/README.md)."""
from pathlib import Path

from keras_saliency.cli import command_line, options
from keras_saliency.lazy import import_tensorflow

MODELS = ("alexnet", "msi_net", "opensalicon", "salgan", "salnet_deep", "salnet_shallow", "vgg16",
          "vgg16_hybrid")


def main() -> None:
    parser = command_line.plain_parser(
        "Read the weights that the authors of a model published and write them as HDF5. The kind "
        "of file is recognised; weights/README.md lists where to find each file.",
        "keras-saliency import-weights salgan gen_modelWeights0090.npz --out salgan.h5\n"
        "  keras-saliency import-weights alexnet bvlc_reference_caffenet.caffemodel --float16")
    add = parser.add_argument
    add("name", choices=MODELS, metavar="MODEL", help=f"one of {', '.join(MODELS)}; alexnet, vgg16 "
        "and vgg16_hybrid are encoders, for model.encoder_weights")
    add("source", help="the authors' file, their SavedModel folder, or the .index file of their "
        "checkpoint")
    add("--out", metavar="H5", help="file to write (default: MODEL.h5)")
    add("--float16", action="store_true", help="halve the size of the file")
    options.add_builder(parser)
    arguments = parser.parse_args()
    built_with = options.builder_options(arguments)
    options.require_files(arguments.source)
    import_tensorflow()
    from keras_saliency.models import importing

    done = importing.convert(
        arguments.name, arguments.source, Path(arguments.out or f"{arguments.name}.h5"),
        "float16" if arguments.float16 else "float32", **built_with)
    print(f"{done.path}: {done.layers} layers, {done.parameters:,} parameters from a {done.kind} "
          f"(sha256 {done.sha256[:12]}...)")
