"""Measure the share of attention that areas of pictures get."""
from pathlib import Path

from keras_saliency.cli import command_line, options
from keras_saliency.datasets.coordinates import COORDINATES
from keras_saliency.lazy import import_tensorflow


def main() -> None:
    parser = command_line.plain_parser(
        "Predict where people look, and the share of their attention that each area of the "
        "pictures gets: tables, figures and one HTML page. Several pictures with areas of the "
        "same names, such as variants of a page, are ranked.",
        "keras-saliency areas photo.jpg --areas areas.csv\n"
        "  keras-saliency areas variants --areas areas.csv --out shares\n"
        "  keras-saliency areas before.png --compare after.png --areas areas.json")
    add = parser.add_argument
    add("pictures", metavar="PICTURE_OR_FOLDER")
    add("--areas", required=True, metavar="FILE",
        help="a .csv file with the columns [picture,]area,left,top,right,bottom, a .json file with "
             "boxes or polygons, a picture whose grey levels are the areas, or a folder of such "
             "pictures; see docs/areas.md")
    add("--compare", metavar="OTHER",
        help="another picture, or a folder with pictures of the same names: show how the shares "
             "change")
    add("--fixations", metavar="CSV",
        help="measured fixations on the pictures, to show beside the prediction: "
             "stimulus,observer,x,y")
    add("--coordinates", choices=COORDINATES,
        help="what the fixations are: pixels from the top left corner, fractions (0..1) of width "
             "and height, pixels from the center (center_up: y upwards), or from the bottom left "
             "corner (default: pixels, refused if they cannot be that)")
    add("--weights", default="msi_net_density",
        help="the name of a pretrained model, a weights file, a run folder or a classical model; "
             "maps that are no density are divided by their sum (default: %(default)s)")
    add("--out", default="areas", help="folder (default: %(default)s)")
    options.add_screens(parser)
    options.add_limit(parser)
    options.add_background(parser)
    options.add_trust(parser)
    options.add_engine(parser)
    arguments = parser.parse_args()
    options.require_files(arguments.areas, arguments.pictures, arguments.compare,
                          arguments.fixations)
    options.require_weights(arguments.weights)
    import_tensorflow()
    import keras_saliency as ks
    from keras_saliency.areas.files import read_areas
    from keras_saliency.areas.study import paired, study_areas
    from keras_saliency.files import list_some
    from keras_saliency.prediction.pictures import find_pictures
    from keras_saliency.report import area_report

    areas = read_areas(arguments.areas)
    apart = arguments.areas, arguments.out
    pictures = find_pictures(arguments.pictures, apart)
    if arguments.compare:
        pictures = paired(pictures, find_pictures(arguments.compare, apart))
    unused = areas.unused(pictures)
    if unused:
        print(f"{arguments.areas}: also has areas of {list_some(unused)}")
    model = ks.predictor(arguments.weights, arguments.trust)
    origin = ks.models.origin(model.facts)
    print(origin)
    model = options.accelerated(arguments, model)
    studies = study_areas(options.predict_function(arguments, model), pictures, areas,
                          arguments.fixations, arguments.limit, arguments.coordinates,
                          arguments.background)
    path = area_report.write(studies, Path(arguments.out), origin, bool(arguments.compare))
    print(f"{path}: open it in a browser; the same as files beside it")
