"""What the tests of engines share."""
import runpy
import sys
from pathlib import Path

import pytest

from keras_saliency.export.engines import ENGINES

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(params=ENGINES)
def engine(request):
    """The name of an engine that is installed."""
    for package in ENGINES[request.param].packages:
        pytest.importorskip(package)
    return request.param


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script in this process: (exit code, standard output and error)."""
    def script(name, *arguments):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err
    return script
