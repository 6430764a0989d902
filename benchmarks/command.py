"""Measure speed; quote ratios within one run, machines differ and drift."""
import sys
from pathlib import Path

# the oracle of the metrics
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "metrics"))

from benchmarks import cluster, engines, metrics, predict, train, units, web  # noqa: E402
from keras_saliency.cli import command_line  # noqa: E402

BENCHMARKS = {
    "cluster": cluster.run,
    "engines": engines.run,
    "metrics": metrics.run,
    "predict": predict.run,
    "train": train.run,
    "units": units.run,
    "web": web.run,
}


def main():
    parser = command_line.plain_parser(
        "Measure speed. Every figure comes from one run on the same data.",
        "python scripts/benchmark.py metrics")
    parser.add_argument("benchmark", choices=sorted(BENCHMARKS))
    BENCHMARKS[parser.parse_args().benchmark]()
