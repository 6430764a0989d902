"""Train a saliency model and evaluate it."""
from keras_saliency.cli import command_line, options
from keras_saliency.config.reading import list_configs
from keras_saliency.lazy import import_tensorflow


def main() -> int:
    parser = command_line.parser(
        "Train a saliency model. Writes one folder runs/NAME/ and lists what is in it. "
        "keras-saliency summary lists the networks for model.name. Configs that come with the "
        f"package: {', '.join(list_configs())}.",
        "keras-saliency train --config msi_net_osie --set data.root=PATH", "quickstart")
    parser.add_argument("--resume", action="store_true",
                        help="continue runs/NAME/ after its last finished epoch")
    arguments = parser.parse_args()
    config = options.load_config(arguments)
    import_tensorflow()
    from keras_saliency.models.loading import is_own
    from keras_saliency.training import fit, run_results

    run = fit.train(config, resume=arguments.resume)
    if run.rows and run.chief:
        run_results.write(run)
        trust = " --trust" if is_own(config.model.name) else ""
        print(f"\nnext: keras-saliency predict PICTURE_OR_FOLDER --weights {run.folder} "
              f"--out predictions{trust}")
    return command_line.DONE if run.finished else command_line.FAILED
