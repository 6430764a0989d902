"""Network dissection: which concepts the units of a network stand for."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import analysis, command_line, load_pretrained  # noqa: E402
from keras_saliency.analysis.dissection_study import fetch_examples  # noqa: E402
from keras_saliency.datasets.concepts import load_concepts  # noqa: E402
from keras_saliency.models import fit_of  # noqa: E402
from keras_saliency.prediction.forward import canvas_of  # noqa: E402
from keras_saliency.report import dissection_report  # noqa: E402


def main():
    parser = command_line.plain_parser(
        "Compare the masks of units with labelled pixels: Broden, or any folder with "
        "images/ and labels/. Writes tables and one HTML page.",
        "python scripts/dissect.py broden1_224 --weights ead --layers "
        "block5_conv3 --out dissection")
    parser.add_argument("root", help="folder of Broden, or with images/ and labels/")
    parser.add_argument("--weights", default="ead",
                        help="a weights file, a run folder or a pretrained model's name "
                             "(default: %(default)s)")
    parser.add_argument("--layers", nargs="+", default=["block5_conv3"], metavar="NAME",
                        help="default: block5_conv3")
    parser.add_argument("--split", choices=("train", "val"), help="of Broden (default: all)")
    parser.add_argument("--detectors-of", metavar="DATASET_ROOT",
                        help="OSIE: count detections of its positive fixation detectors alone")
    parser.add_argument("--quantile", type=float, default=0.995,
                        help="of a unit's cells that is its threshold (default: %(default)s)")
    parser.add_argument("--masks", action="store_true", help="also write masks of the best units")
    parser.add_argument("--seed", type=int, default=0, help="of the labels by chance")
    parser.add_argument("--out", default="dissection", help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    concepts = load_concepts(arguments.root, arguments.split)
    model = load_pretrained(arguments.weights)
    canvas = canvas_of(model)
    chosen = None
    if arguments.detectors_of:
        chosen = analysis.detector_units(model, arguments.layers, arguments.detectors_of)
    sketches = analysis.find_thresholds(model, arguments.layers, concepts, canvas,
                                        quantile=arguments.quantile)
    for layer, sketch in sketches.items():
        print(f"thresholds of {layer}: {sketch.describe()}")
    found = analysis.dissect(
        model, arguments.layers, concepts,
        {layer: sketch.result() for layer, sketch in sketches.items()}, canvas, chosen=chosen,
        seed=arguments.seed)
    examples = fetch_examples(model, concepts, found, canvas)
    dissection_report.write(model.name, concepts, found, examples, canvas, arguments.out,
                            arguments.masks, fit=fit_of(model))


if __name__ == "__main__":
    command_line.run(main)
