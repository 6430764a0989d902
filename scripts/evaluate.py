"""Score a trained saliency model on the validation stimuli of a dataset."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line, evaluation, load_pretrained  # noqa: E402
from keras_saliency.datasets import pipeline  # noqa: E402
from keras_saliency.models import check_canvas  # noqa: E402
from keras_saliency.training import fit  # noqa: E402


def main():
    parser = command_line.parser(
        "Score a trained model on the validation stimuli, at the stimuli's own size.",
        "python scripts/evaluate.py --weights runs/msi_net_osie --config "
        "configs/msi_net_osie.yaml --set data.root=PATH")
    parser.add_argument("--weights", required=True,
                        help="a weights file, a run folder or a pretrained model's name")
    parser.add_argument("--out", metavar="CSV", help="write the scores of each stimulus here")
    arguments = parser.parse_args()
    config = command_line.load_config(arguments)
    model = load_pretrained(arguments.weights)
    _, dataset, spec = fit.load_data(config)
    check_canvas(model, spec.canvas)
    print(f"{model.name} from {arguments.weights} on the validation stimuli of "
          f"{dataset.summary()}")
    with pipeline.unreadable_files_named(dataset):
        result = evaluation.evaluate(
            evaluation.forward_function(model),
            pipeline.canvas_stream(dataset, spec, config.evaluation.batch),
            dataset, spec.sigma, config.evaluation.metrics, label="evaluation")
    print(result.describe())
    if arguments.out:
        result.write_csv(arguments.out)
        print(f"scores of each stimulus: {arguments.out}")


if __name__ == "__main__":
    command_line.run(main)
