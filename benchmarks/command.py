"""Measure speed; quote ratios within one run, machines differ and drift."""
import sys
from importlib import import_module
from pathlib import Path

from keras_saliency.cli import command_line

BENCHMARKS = ("cluster", "engines", "metrics", "predict", "train", "units", "web")


def main():
    parser = command_line.plain_parser(
        "Measure speed. Every figure comes from one run on the same data.",
        "keras-saliency benchmark metrics")
    parser.add_argument("benchmark", choices=BENCHMARKS)
    name = parser.parse_args().benchmark
    # the oracle of the metrics
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "metrics"))
    import_module(f"benchmarks.{name}").run()
