"""What share of attention areas of pictures get."""
import functools
from pathlib import Path

import keras_saliency as ks
from keras_saliency.areas.files import read_areas
from keras_saliency.areas.study import paired, study_areas
from keras_saliency.cli import command_line
from keras_saliency.files import list_some
from keras_saliency.prediction.pictures import find_pictures
from keras_saliency.report import area_report


def main():
    parser = command_line.plain_parser(
        "Predict where people look, and what share of their attention each area of the pictures "
        "gets: tables, figures and one HTML page. Several pictures with areas of the same names, "
        "such as variants of a page, are ranked.",
        "python scripts/areas.py photo.jpg --areas areas.csv\n"
        "  python scripts/areas.py variants --areas areas.csv --out shares\n"
        "  python scripts/areas.py before.png --compare after.png --areas areas.json")
    parser.add_argument("pictures", metavar="PICTURE_OR_FOLDER")
    parser.add_argument("--areas", required=True, metavar="FILE",
                        help="a .csv file with the columns [picture,]area,left,top,right,bottom, a "
                             ".json file with boxes or polygons, a picture whose grey levels are "
                             "the areas, or a folder of them; see docs/areas.md")
    parser.add_argument("--compare", metavar="OTHER",
                        help="another picture, or a folder with pictures of the same names: how "
                             "the shares change")
    parser.add_argument("--fixations", metavar="CSV",
                        help="measured fixations on the pictures beside the prediction: "
                             "stimulus,observer,x,y")
    parser.add_argument("--weights", default="msi_net_density",
                        help="a pretrained model's name, a weights file, a run folder or a "
                             "classical model; those that are no density are divided by their sum "
                             "(default: %(default)s)")
    parser.add_argument("--out", default="areas", help="folder (default: %(default)s)")
    command_line.add_engine_options(parser)
    arguments = parser.parse_args()
    areas = read_areas(arguments.areas)
    pictures = find_pictures(arguments.pictures)
    if arguments.compare:
        pictures = paired(pictures, find_pictures(arguments.compare))
    unused = areas.unused(pictures)
    if unused:
        print(f"{arguments.areas}: also has areas of {list_some(unused)}")
    model = ks.models.load_predictor(arguments.weights)
    accelerate = command_line.accelerator(arguments)
    origin = ks.models.origin(model)
    print(origin)
    studies = study_areas(functools.partial(ks.predict, accelerate(model) if accelerate else model),
                          pictures, areas, arguments.fixations)
    path = area_report.write(studies, Path(arguments.out), origin, bool(arguments.compare))
    print(f"{path}: open it in a browser; the same as files beside it")
