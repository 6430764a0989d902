"""Measure speed; quote ratios within one run, machines differ and drift."""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from keras_saliency import command_line  # noqa: E402
from keras_saliency.benchmarks import metrics, predict, train, units  # noqa: E402

BENCHMARKS = {
    "metrics": metrics.run,
    "predict": predict.run,
    "train": train.run,
    "units": units.run,
}


def main():
    parser = command_line.plain_parser(
        "Measure speed. Every figure comes from one run on the same data.",
        "python scripts/benchmark.py metrics")
    parser.add_argument("benchmark", choices=sorted(BENCHMARKS))
    BENCHMARKS[parser.parse_args().benchmark]()


if __name__ == "__main__":
    command_line.run(main)
