"""Make a table or a figure of the papers, the paper's numbers beside ours."""
from pathlib import Path

import papers
from keras_saliency.cli import command_line
from papers.making import page
from papers.making.spec import OPTIONS, ROOTS

REPOSITORY = Path(__file__).resolve().parents[1]
COMMITTED = REPOSITORY / "docs" / "results"


def main():
    parser = command_line.plain_parser(
        __doc__ + " A stopped one continues where it was.",
        "keras-saliency reproduce --list\n"
        "  keras-saliency reproduce popout --quick\n"
        "  keras-saliency reproduce readouts --root osie=PATH --set train.epochs=2\n"
        "  keras-saliency reproduce popout --weights runs/deepgaze1_osie --out docs/results\n"
        "  keras-saliency reproduce --page")
    parser.add_argument("result", nargs="?", choices=sorted(papers.NAMES), metavar="RESULT",
                        help=f"one of {', '.join(papers.NAMES)}")
    parser.add_argument("--list", action="store_true",
                        help="every table and figure of the papers: the result that makes it with "
                             "minutes and verdict, or the data that is missing")
    parser.add_argument("--page", action="store_true",
                        help="write docs/results.md anew from docs/results/")
    parser.add_argument("--root", metavar="NAME=PATH", nargs="+", action="extend", default=[],
                        help="; ".join(f"{name}: {what}" for name, what in ROOTS.items()))
    parser.add_argument("--quick", action="store_true",
                        help="tiny networks on generated arrays, in seconds: shows that it runs")
    parser.add_argument("--out", metavar="FOLDER", help="for <result>.csv, .json and plots "
                        "(default: runs/reproduce, with --quick runs/reproduce_quick)")
    parser.add_argument("--set", metavar="KEY.SUB=VALUE", nargs="+", action="extend", default=[],
                        dest="overrides", help="change the recipe of the trainings")
    parser.add_argument("--weights", metavar="RUN_OR_FILE", nargs="+",
                        help="the models to compare, or further ones")
    parser.add_argument("--pictures", metavar="PICTURE_OR_FOLDER",
                        help="gallery: show these instead of stimuli; scenes: a folder of images "
                             "for each scene")
    parser.add_argument("--least-images", type=int, metavar="N",
                        help="scenes: leave out scenes with fewer images (default: 50)")
    arguments = parser.parse_args()
    if arguments.list:
        print(page.listing(papers.RESULTS, COMMITTED))
    elif arguments.page:
        print(page.write(papers.RESULTS, COMMITTED))
    elif arguments.result is None:
        parser.error("name a result, or --list")
    else:
        make(parser, arguments)


def make(parser, arguments):
    from papers.making import runner  # imports TensorFlow
    from papers.making.setting import Setting, read_roots

    name, spec = arguments.result, papers.RESULTS[arguments.result]
    given = {option: getattr(arguments, option) for option in OPTIONS
             if getattr(arguments, option) is not None}
    for option in given:
        if option not in spec.options:
            owners = [other for other, its in papers.RESULTS.items() if option in its.options]
            parser.error(f"--{option.replace('_', '-')} belongs to {' and '.join(owners)}")
    if arguments.overrides and spec.recipe is None:
        parser.error(f"{name} trains nothing that --set could change")
    scratch = Path(f"runs/reproduce{'_quick' * arguments.quick}")
    out = Path(arguments.out or scratch)
    setting = Setting(
        scratch=scratch / name, roots=read_roots(arguments.root, spec.data, name),
        recipes=REPOSITORY / "configs", overrides=arguments.overrides, quick=arguments.quick,
        **given)
    runner.make(name, spec, setting, out)
    print(page.section(name, spec, out))
    for path in spec.show(setting, runner.rows_of(name, out)) if spec.show else ():
        print(path)
