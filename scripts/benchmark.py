import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # benchmarks/ is not installed

from keras_saliency.cli import main  # noqa: E402

main("benchmark", "benchmarks.command")
