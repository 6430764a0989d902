"""Train a saliency model and evaluate it."""
from pathlib import Path

from keras_saliency import list_models
from keras_saliency.cli import command_line
from keras_saliency.datasets import list_datasets
from keras_saliency.losses import LOSSES
from keras_saliency.training import (
    fit,
    run_results,
)

DEFAULT_CONFIG = Path(__file__).resolve().parents[2] / "configs" / "quickstart.yaml"


def main():
    parser = command_line.parser(
        "Train a saliency model. Writes one folder runs/<name>/ and says what is in it. "
        f"model.name: {', '.join(list_models(classical=False))}. data.name: "
        f"{', '.join(list_datasets())}. train.loss: {', '.join(LOSSES)}.",
        "python scripts/train.py --config configs/msi_net_osie.yaml --set data.root=PATH",
        DEFAULT_CONFIG)
    parser.add_argument("--resume", action="store_true",
                        help="continue runs/<name>/ after its last finished epoch")
    arguments = parser.parse_args()
    run = fit.train(command_line.load_config(arguments), resume=arguments.resume)
    if run.rows and run.chief:
        run_results.write(run)
    return command_line.DONE if run.finished else command_line.FAILED
